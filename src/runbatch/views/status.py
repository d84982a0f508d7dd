"""How the batch stands, at one glance: counts, slots, what everything waits for, what happened.

Nothing is left to the terminal to wrap: a line too long for it is shortened, and in a pipe whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from runbatch.core.job import State
from runbatch.core.past import Moment, NodeCount, last_moments, mount_failures
from runbatch.core.snapshot import Snapshot
from runbatch.core.waits import Waits
from runbatch.ledger.invocations import Invocation
from runbatch.views.lines import GAP, Lines, beside, cut, joined, labelled, titled
from runbatch.views.preview import label_of
from runbatch.views.summary import failed_by_verdict, failure_lines
from runbatch.views.text import (
    Again,
    Row,
    clock_time,
    duration,
    fitting_rows,
    plain,
    plural,
    printable,
    rows_of,
)
from runbatch.views.waits import waits_lines

_MOST_MOMENTS = 5
_MOST_NODES = 20
_WIDEST_BAR = 120
# Nobody knows what shows it in the end, such as `less` in a terminal.
_BAR_IN_A_PIPE = 80
_SIDE_BY_SIDE = 110
_BAR = {
    State.SUCCEEDED: ("█", "green"),
    State.FAILED: ("▓", "red"),
    State.IN_FLIGHT: ("▒", "cyan"),
    State.WAITING: ("░", "dim"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """What one look at a batch found."""

    snapshot: Snapshot
    waits: Waits
    at_work: tuple[Invocation, ...]
    counts: Mapping[State, int]
    moments: tuple[Moment, ...]
    nodes: tuple[NodeCount, ...]
    failed: Mapping[str, Sequence[Row]]


def status_of(snapshot: Snapshot, waits: Waits, at_work: Sequence[Invocation]) -> Status:
    """Return the status, with all that takes time worked out: it may be drawn many times."""
    return Status(
        snapshot,
        waits,
        tuple(at_work),
        snapshot.counts,
        last_moments(snapshot, _MOST_MOMENTS),
        mount_failures(snapshot),
        {
            verdict: rows_of([job.key for job in jobs])
            for verdict, jobs in failed_by_verdict(snapshot).items()
        },
    )


def show_status(console: Console, status: Status, again: Again = plain) -> None:
    """Print the status, and every failure with its evidence."""
    now = status.snapshot.at
    width = console.width if console.is_terminal else None
    below = [_nodes(status, _MOST_NODES), _moments(status, now, _MOST_MOMENTS)]
    for line in joined([*_head(status, now, width), *below]):
        console.print(cut(line, width), soft_wrap=True)
    for text in failure_lines(status.snapshot, again):
        console.print(Text(text), soft_wrap=True)


class Picture:
    """What a person watches: `status` is replaced after each look, and drawn again and again.

    Each drawing asks for the time, and fits the terminal as it then is. `interval_s` is how long
    after a look the next one comes.
    """

    def __init__(self, status: Status, now: Callable[[], datetime], interval_s: float) -> None:
        self.status = status
        self._now = now
        self._interval_s = interval_s

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as many events, nodes and failures as the height allows; events give way first."""
        status, now, width = self.status, self._now(), options.max_width
        height = options.height or console.height
        head, foot = _head(status, now, width), [self._foot(status, now, width)]
        rows = (status.moments, status.nodes, status.failed)
        most = [min(len(each), height) for each in rows]
        lines = joined([*head, *_below(status, now, width, most), foot])
        while len(lines) > height and any(most):
            most[most.index(max(most))] -= 1
            lines = joined([*head, *_below(status, now, width, most), foot])
        # How to leave is told on the lowest terminal too.
        for line in [*lines[:-1][: height - 1], *foot]:
            yield cut(line, width)

    def _foot(self, status: Status, now: datetime, width: int) -> Text:
        """Return when the last look was and how to end it; on a narrow terminal less of it."""
        ago = duration((now - status.snapshot.at).total_seconds())
        end = "q or Ctrl-C ends"
        look = f"last look {ago} ago"
        said = (f"{look}, one every {self._interval_s:g} s; {end}", f"{look}; {end}", end)
        return Text(next((each for each in said if len(each) <= width), end), "dim")


def _head(status: Status, now: datetime, width: int | None) -> list[Lines]:
    """Return the blocks that are always whole: the counts, and the answer to "why?"."""
    batch = status.snapshot.batch
    where = f" at {now:%H:%M:%S} UTC on {label_of(batch)}"
    said = waits_lines(status.waits, status.at_work, batch.cap, now)
    return [
        [Text.assemble((batch.prefix, "bold"), (where, "dim"))],
        [_bar(status.counts, min(width or _BAR_IN_A_PIPE, _WIDEST_BAR)), _counts(status.counts)],
        [line for label, text in said for line in labelled(label, text, width)],
    ]


def _bar(counts: Mapping[State, int], width: int) -> Text:
    """Return the jobs as one bar; each state has its share, to the nearest column."""
    ends = accumulate((counts[state] for state in _BAR), initial=0)
    columns = [round(width * end / sum(counts.values())) for end in ends]
    parts = zip(_BAR.values(), pairwise(columns), strict=True)
    return Text.assemble(*((mark * (end - begin), style) for (mark, style), (begin, end) in parts))


def _counts(counts: Mapping[State, int]) -> Text:
    """Return the counts in the order and the colours of the bar."""
    line = Text()
    for state, (_, style) in _BAR.items():
        count = counts[state]
        line.append(f"{count} {state.value.replace('_', ' ')}", style if count else "dim")
        line.append("   ")
    return line.append(plural(sum(counts.values()), "job"))


def _below(status: Status, now: datetime, width: int, most: Sequence[int]) -> list[Lines]:
    """Return the blocks that give way: at most so many rows of events, of nodes, of failures."""
    moment_rows, node_rows, failed_rows = most
    side = width * 2 // 3 if width >= _SIDE_BY_SIDE and status.nodes else width
    failed, nodes = _failed(status, side - GAP, failed_rows), _nodes(status, node_rows)
    blocks = [failed, nodes] if side == width else [beside(failed, nodes, side)]
    return [*blocks, _moments(status, now, moment_rows)]


def _failed(status: Status, width: int, most: int) -> Lines:
    rows = []
    widest = max(map(len, status.failed), default=0)
    for verdict, failed in status.failed.items():
        jobs = sum(each.keys for each in failed)
        row = Text.assemble((f"{jobs:>5}", "red"), f"  {verdict:<{widest}}  ")
        rows.append(row.append(fitting_rows(failed, width - row.cell_len), "dim"))
    return titled("failed jobs", rows, most)


def _nodes(status: Status, most: int) -> Lines:
    rows = []
    for each in status.nodes:
        word = "job" if each.failed == 1 else "jobs"
        what = word if each.jobs is None else f"of {plural(each.jobs, 'job')}"
        where = f"  {what} on {printable(each.node)}"
        rows.append(Text.assemble((f"{each.failed:>5}", "red"), where))
    return titled("mount failures by node", rows, most)


def _moments(status: Status, now: datetime, most: int) -> Lines:
    rows = [
        Text.assemble((clock_time(each.at, now), "dim"), f"  {printable(each.text)}")
        for each in status.moments
    ]
    return titled("last events", rows[len(rows) - most :], most)
