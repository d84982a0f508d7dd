"""`runbatch status` for people: the counts, who holds the slots, and what failed."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from runbatch.core.attempt import Attempt
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.ledger.runs import Run
from runbatch.views.summary import summary
from runbatch.views.text import duration, printable

_STYLES = {State.SUCCEEDED: "green", State.FAILED: "red", State.IN_FLIGHT: "cyan"}


def show_status(console: Console, snapshot: Snapshot, runs: Sequence[Run]) -> None:
    """Print the status; without colour where there is no terminal."""
    console.print(Group(_counts(snapshot), *_slots(snapshot), *_runs(runs, snapshot.at)))
    console.print(Text(summary(snapshot)), soft_wrap=True)


def _counts(snapshot: Snapshot) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for state, count in snapshot.counts.items():
        style = _STYLES.get(state, "") if count else "dim"
        cap = f"of at most {snapshot.batch.cap}" if state is State.IN_FLIGHT else ""
        table.add_row(state.value.replace("_", " "), Text(str(count), style=style), cap)
    return table


def _slots(snapshot: Snapshot) -> list[RenderableType]:
    """Return one line: what the slots are held by."""
    held = [job for job in snapshot.jobs if job.holds_slot]
    if not held:
        return []
    kinds = Counter(_holder(job) for job in held)
    parts = (f"{count} {kind}" for kind, count in kinds.most_common())
    return [Text(f"slots held by: {', '.join(parts)}")]


def _holder(job: JobSnapshot) -> str:
    last = job.last
    if last is None or last.waiting_for_name:
        return "reserved for a next attempt"
    if last.listed and last.phase is not None:
        return last.phase.value
    return "in doubt" if _is_doubtful(last) else "submitted, not yet listed"


def _is_doubtful(attempt: Attempt) -> bool:
    return attempt.unanswered or attempt.missed > 0


def _runs(runs: Sequence[Run], now: datetime) -> list[RenderableType]:
    return [
        Text(
            f"at work: {printable(run.command)} on {printable(run.host)} (pid {run.pid}), "
            f"last looked {duration((now - run.ticked_at).total_seconds())} ago"
        )
        for run in runs
    ] or [Text("at work: nobody; runbatch submit starts or continues the batch", style="dim")]
