"""The batch's past, told from its journal: slots over time, and what each attempt was.

Values only. The report draws them, and nothing in them needs the cluster or the ledger.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from runbatch.core.attempt import Attempt
from runbatch.core.job import View
from runbatch.core.journal import Entry, Step, changed_by_listing, replay, view_after
from runbatch.core.reconcile import Change
from runbatch.core.stage import Stage


@dataclass(frozen=True, slots=True)
class Level:
    """From `at` on so many jobs were in flight, under this cap: the next level ends it."""

    at: datetime
    in_flight: int
    cap: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """One attempt in one stage, from `start` to `end`; with `end` None it still is.

    `word` is what people are shown of the stage: the cluster's own word, where it has one.
    """

    key: str
    number: int
    stage: Stage
    word: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """All of a batch's past, oldest first; `view` is how the last entry leaves its jobs."""

    levels: tuple[Level, ...]
    stretches: tuple[Stretch, ...]
    view: View


def history_of(entries: Iterable[Entry]) -> History:
    """Return the past that the entries tell, in time that grows with their number only."""
    steps = tuple(replay(entries))
    return History(
        levels=tuple(levels_of(steps)),
        stretches=_stretches(steps),
        view=view_after(steps),
    )


def with_seen(
    entries: Sequence[Entry], seen: Iterable[Attempt], now: datetime
) -> tuple[Entry, ...]:
    """Return the entries and, behind them, what a look has just shown and nobody wrote down yet.

    An end is put down at its own time, and not only now. Where nothing was ever recorded, these
    would not be the beginning of it.
    """
    if not entries:
        return ()
    known = {each.id: each for each in view_after(replay(entries)).attempts}
    last = entries[-1]
    changes = (Change(known.get(each.id), each) for each in seen if each != known.get(each.id))
    found = filter(None, map(changed_by_listing, changes))
    timed = sorted(
        ((min(max(last.at, it.attempt.ended_at or now), now), it) for it in found),
        key=lambda each: each[0],
    )
    new = (Entry(seq, at, None, it) for seq, (at, it) in enumerate(timed, last.seq + 1))
    return (*entries, *new)


def levels_of(steps: Iterable[Step]) -> Iterator[Level]:
    """Yield a level for each step that changed how many slots are held, or the cap."""
    last: tuple[int, int] | None = None
    for step in steps:
        if (now := (step.in_flight, step.cap)) != last:
            last = now
            yield Level(step.entry.at, *now)


def _stretches(steps: Iterable[Step]) -> tuple[Stretch, ...]:
    """Return the stretches in the order in which they began."""
    found: list[Stretch] = []
    current: dict[tuple[str, int], int] = {}
    for step in steps:
        if step.move is None:
            continue
        changed, at = step.move.changed, step.entry.at
        attempt = changed.attempt
        is_there = attempt.holds_slot and not changed.removes
        last = current.get(attempt.id)
        if last is not None and not (is_there and found[last].word == attempt.word):
            found[last] = replace(found[last], end=at)
            del current[attempt.id]
        if is_there and attempt.id not in current:
            current[attempt.id] = len(found)
            found.append(Stretch(*attempt.id, attempt.stage, attempt.word, at, end=None))
    return tuple(found)
