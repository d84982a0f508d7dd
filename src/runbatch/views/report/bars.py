"""Each attempt's states as bars over time; what the page draws and the lost hours are summed of."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from runbatch.core.attempt import Attempt
from runbatch.core.history import History, Stretch
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.core.stage import Stage
from runbatch.views.report.shades import Shade, of_end, of_stage


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt's time in one state; the last one of an ended attempt bears its end's shade."""

    shade: Shade
    number: int
    stage: Stage | None
    state: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return (self.end - self.start).total_seconds()


def bars_of(snapshot: Snapshot, history: History) -> dict[str, tuple[Bar, ...]]:
    """Return the bars of every job of the snapshot, by its key, the earliest first."""
    stretches: dict[tuple[str, int], list[Stretch]] = defaultdict(list)
    for stretch in history.stretches:
        stretches[stretch.key, stretch.number].append(stretch)
    return {job.key: tuple(_of_job(job, stretches, snapshot.at)) for job in snapshot.jobs}


def _of_job(
    job: JobSnapshot, stretches: Mapping[tuple[str, int], list[Stretch]], now: datetime
) -> Iterator[Bar]:
    tries = [_of_attempt(each, stretches.get(each.id, []), now) for each in job.attempts]
    for attempt, (before, after) in zip(job.attempts, pairwise([*tries, []]), strict=True):
        yield from before
        if before and after and before[-1].end < after[0].start:
            yield Bar(Shade.RETRY_WAIT, attempt.number, None, "", before[-1].end, after[0].start)


def _of_attempt(attempt: Attempt, stretches: list[Stretch], now: datetime) -> list[Bar]:
    """Return the attempt's bars until its end was seen; its deletion is the next one's time."""
    until = attempt.ended_at or now
    bars = [
        Bar(of_stage(each.stage), each.number, each.stage, each.word, each.start, each.end or now)
        for each in stretches
        if each.start <= until
    ]
    if bars and (end := of_end(attempt)):
        bars[-1] = replace(bars[-1], shade=end)
    return bars
