"""Running the loop from the command line: live progress, signals, and the exit code."""

from collections.abc import Callable

import click

from runbatch.cli.options import Where
from runbatch.cli.output import STOPPED_HINT
from runbatch.cli.signals import DIED_BY_SIGNAL, StopFlag, stopping_on_signals
from runbatch.cli.terminal import progress_console
from runbatch.clock import SystemClock
from runbatch.core.batch import Batch
from runbatch.core.events import Event
from runbatch.core.snapshot import Snapshot
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Runner
from runbatch.views.live import Live
from runbatch.views.totals import next_command

JOBS_ENDED_BADLY = 3


def carry_out(
    where: Where, batch: Batch, wish: Wish, command: str, hear: Callable[[Event], None]
) -> tuple[Snapshot, StopFlag]:
    """Run the loop until the wish is done or a signal stops it; return how the batch then stands.

    `hear` is told of each event, besides the person who watches.
    """
    place = where.place(batch)
    ledger = place.open_ledger()
    try:
        with (
            stopping_on_signals() as stop,
            progress_console() as console,
            Live(console) as live,
        ):

            def heard(event: Event) -> None:
                live.event(event)
                hear(event)

            runner = Runner(
                batch,
                place.cluster(),
                ledger,
                wish,
                SystemClock(stop.is_set),
                where.pace(batch),
                ears=Ears(heard, live.snapshot),
                stopped=stop.is_set,
            )
            return runner.run(command), stop
    finally:
        ledger.close()


def exit_code(snapshot: Snapshot, stop: StopFlag) -> int:
    """Return the exit code of a command that starts jobs, having told of a stop."""
    ended_badly = JOBS_ENDED_BADLY if snapshot.failed else 0
    return stop_code(stop) or ended_badly


def stop_code(stop: StopFlag) -> int:
    """Return the exit code of a stop, having told of it; 0 if there was none."""
    if stop.number is None:
        return 0
    click.echo(f"[STOP] {STOPPED_HINT}", err=True)
    return DIED_BY_SIGNAL + stop.number


def next_line(where: Where, snapshot: Snapshot) -> str | None:
    """Return which command to type next, if there is anything left to do."""
    command = next_command(snapshot)
    return f"Next: {where.again(command)}" if command else None
