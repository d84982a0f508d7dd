"""Ctrl-C and SIGTERM: a stop between two actions, and the same command again goes on."""

import signal

import pytest
from tests.e2e.shell import Journal, Shell, toml, wait_for_line


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_stops_between_two_actions_and_the_jobs_go_on(
    shell: Shell, journal: Journal, number: signal.Signals, code: int
) -> None:
    shell.write(toml(journal.command(seconds=1), last=4, cap=2))
    process = shell.start("submit", "--yes", "--wait", "--poll-interval", "0.1")
    wait_for_line(process, "[SUBMIT] test-2")

    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert "run the same command again" in err
    assert "2 in flight" in out
    assert shell.submit().code == 0
    assert sorted(journal.begun()) == ["1", "2", "3", "4"]
