"""The machine's clock, as the loop sees it."""

from datetime import UTC, datetime, timedelta

from runbatch.clock import SystemClock

START = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def test_setting_the_clock_changes_nothing_while_a_command_runs() -> None:
    wall, elapsed_s = START, 1000.0
    clock = SystemClock(wall=lambda: wall, elapsed_s=lambda: elapsed_s)
    wall += timedelta(hours=1)
    elapsed_s += 30
    assert clock.now() == START + timedelta(seconds=30)


def test_it_begins_with_the_time_of_day() -> None:
    before = datetime.now(UTC)
    assert timedelta(0) <= SystemClock().now() - before < timedelta(minutes=1)
