"""Hours lost, by cause; no attempt's time is counted twice."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runbatch.core.attempt import Attempt
from runbatch.core.snapshot import Snapshot
from runbatch.views.report.bars import Bar
from runbatch.views.report.shades import Shade, of_end, of_stage

_MEANING = {
    Shade.STARTING: "slots held before their jobs ran, by attempts that did not end badly",
    Shade.IN_DOUBT: "slots held while nobody knew whether a submit had gone through",
    Shade.LEAVING: "slots held by stopped workloads, or until an old workload had left its name",
    Shade.RETRY_WAIT: "jobs between a failed attempt and the next one; no slot was held",
}
_ENDED_SO = "slots held by attempts that ended so, from their submit to their end"


@dataclass(frozen=True, slots=True)
class Loss:
    """So much was lost to one cause, in so many attempts; `meaning` says what is summed."""

    shade: Shade
    seconds: float
    attempts: int
    meaning: str


def losses_of(snapshot: Snapshot, bars: Mapping[str, Sequence[Bar]]) -> tuple[Loss, ...]:
    """Return what was lost, the most first."""
    found: dict[Shade, dict[tuple[str, int], float]] = defaultdict(lambda: defaultdict(float))
    for job in snapshot.jobs:
        attempts = {attempt.number: attempt for attempt in job.attempts}
        for bar in bars[job.key]:
            cause = _cause(bar, attempts[bar.number])
            if cause is not None:
                found[cause][job.key, bar.number] += bar.seconds
    losses = (
        Loss(cause, sum(by_attempt.values()), len(by_attempt), _MEANING.get(cause, _ENDED_SO))
        for cause, by_attempt in found.items()
    )
    return tuple(sorted(losses, key=lambda each: -each.seconds))


def held_s(bars: Iterable[Bar]) -> float:
    """Return for how many seconds slots were held, all together."""
    return sum(bar.seconds for bar in bars if bar.shade is not Shade.RETRY_WAIT)


def _cause(bar: Bar, attempt: Attempt) -> Shade | None:
    """Return what the bar's time was lost to, None if it was not."""
    if bar.shade is Shade.RETRY_WAIT:
        return Shade.RETRY_WAIT
    if (end := of_end(attempt)) not in (None, Shade.SUCCEEDED):
        return end
    shade = of_stage(bar.stage) if bar.stage is not None else bar.shade
    return shade if shade in _MEANING else None
