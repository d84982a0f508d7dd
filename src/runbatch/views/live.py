"""What a person watches while a command works: a live bar on a terminal, plain lines elsewhere."""

from contextlib import AbstractContextManager, suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from runbatch.core.events import Event, Kind
from runbatch.core.job import State
from runbatch.core.snapshot import Snapshot
from runbatch.views.text import duration, printable

_STYLES = {
    Kind.FAIL: "red",
    Kind.GONE: "yellow",
    Kind.REFUSED: "red",
    Kind.TROUBLE: "yellow",
    Kind.WAIT: "dim",
}
# On a terminal the bar tells these; a line for each would push everything else away.
_TOLD_BY_BAR = (Kind.SUBMIT, Kind.DONE)
_ENDED = (State.SUCCEEDED, State.FAILED)


class Live(AbstractContextManager["Live"]):
    """Shows events and progress on stderr; leaves the terminal as it was."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: tuple[datetime, int] | None = None
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}  {task.fields[detail]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._bar = self._progress.add_task("", total=None, detail="")

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; the last picture stays."""
        self._progress.stop()

    def event(self, event: Event) -> None:
        """Show one event as a line, unless the bar tells it."""
        if self._console.is_terminal and event.kind in _TOLD_BY_BAR:
            return
        line = Text(f"[{event.kind.value}] {printable(event.text)}")
        line.stylize(_STYLES.get(event.kind, ""), 0, len(event.kind.value) + 2)
        # That nobody reads any more is no reason to stop working.
        with suppress(OSError, SystemExit):
            self._console.print(line, soft_wrap=True)

    def snapshot(self, snapshot: Snapshot) -> None:
        """Redraw the bar."""
        ended = sum(snapshot.counts[state] for state in _ENDED)
        self._progress.update(
            self._bar,
            description=snapshot.batch.prefix,
            completed=ended,
            total=len(snapshot.jobs),
            detail=f"{self._detail(snapshot)}{self._forecast(snapshot, ended)}",
        )

    def _detail(self, snapshot: Snapshot) -> str:
        failed = snapshot.counts[State.FAILED]
        bad = f"  {failed} failed" if failed else ""
        return f"{snapshot.in_flight} in flight (max {snapshot.batch.cap}){bad}"

    def _forecast(self, snapshot: Snapshot, ended: int) -> str:
        """Return the rate since we began to look, and the time left at that rate."""
        # A job that is started again has not ended any more: count from there.
        if self._began is None or ended < self._began[1]:
            self._began = (snapshot.at, ended)
        at, before = self._began
        passed_s = (snapshot.at - at).total_seconds()
        left = len(snapshot.jobs) - ended
        if not left or ended == before or passed_s <= 0:
            return ""
        per_s = (ended - before) / passed_s
        left_s = left / per_s
        return f"  {per_s * 60:.0f}/min  {duration(left_s)} left"
