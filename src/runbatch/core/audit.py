"""Whether each promise was kept, told by a replay of the journal; and whether that is whole."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import pairwise

from runbatch.core.attempt import Attempt
from runbatch.core.history import Level, levels_of
from runbatch.core.job import State, View
from runbatch.core.journal import Did, Entry, Move, Started, Step, replay, view_after
from runbatch.core.promises import RULES, Promise, Rule
from runbatch.core.whose import is_marked


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to be said of a line of the events, or of a job."""

    text: str
    seq: int | None = None
    at: datetime | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A promise and what broke it: it was kept if nothing did."""

    promise: Promise
    breaches: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """What a replay found.

    `peak` is when most slots were held. `above` is how more came to be held than the cap allows
    although none was taken: somebody else started a job, one came back, the cap was lowered.
    """

    entries: int
    since: datetime
    until: datetime
    peak: Level
    above: tuple[Remark, ...]
    checked: tuple[Checked, ...]
    counts: dict[State, int]

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        return not any(each.breaches for each in self.checked)


def audit_of(
    entries: Sequence[Entry], remembered: View | None = None, altered: Iterable[int] = ()
) -> Audit:
    """Return what the entries, one at least, tell of each promise.

    `remembered` is the ledger, where it is there: else the promise about it is left out. `altered`
    are the lines that do not stand in it like that.
    """
    steps = tuple(replay(entries))
    view, keys = view_after(steps), steps[-1].terms.keys
    found = {promise: tuple(_breaches(steps, rule)) for promise, rule in RULES.items()}
    found[Promise.LOST] += tuple(_lost(view))
    found[Promise.WHOLE] = tuple(_gaps(entries))
    if remembered is not None:
        found[Promise.LEDGER] = (*_altered(entries, altered), *_differences(view, remembered))
    counted = Counter(view.job(key).state for key in keys | view.jobs.keys())
    return Audit(
        entries=len(entries),
        since=entries[0].at,
        until=entries[-1].at,
        peak=max(levels_of(steps), key=lambda level: level.in_flight),
        above=tuple(_above(steps)),
        checked=tuple(Checked(promise, breaches) for promise, breaches in found.items()),
        counts={state: counted[state] for state in State},
    )


def _breaches(steps: Iterable[Step], rule: Rule) -> Iterator[Remark]:
    for step in steps:
        if step.move is not None and (problem := rule(step, step.move)):
            yield _remark(step.entry, problem, step.move.after.key)


def _remark(entry: Entry, text: str, key: str | None = None) -> Remark:
    return Remark(text, entry.seq, entry.at, key)


def _lost(view: View) -> Iterator[Remark]:
    """Yield each job that is neither waiting, nor in flight, nor at an end."""
    for key, job in view.jobs.items():
        last = job.last
        if last and not job.holds_slot and last.ended_at is None and last.refusal is None:
            yield Remark("neither in flight nor ended", key=key)


def _gaps(entries: Sequence[Entry]) -> Iterator[Remark]:
    first = entries[0]
    if first.seq != 1 or not isinstance(first.what, Started):
        yield _remark(first, "the first line is not the beginning")
    for before, entry in pairwise(entries):
        if entry.seq != before.seq + 1:
            yield _remark(entry, f"the line before it is {before.seq}")


def _altered(entries: Iterable[Entry], altered: Iterable[int]) -> Iterator[Remark]:
    seqs = frozenset(altered)
    for entry in entries:
        if entry.seq in seqs:
            yield _remark(entry, "the ledger's own journal says otherwise")


def _differences(view: View, remembered: View) -> Iterator[Remark]:
    """Yield each attempt that the ledger remembers in another way than the events leave it.

    Of when it was seen last the events tell only by and by.
    """
    told = {each.id: each for each in view.attempts}
    kept = {each.id: each for each in remembered.attempts}
    for key, number in sorted(told.keys() | kept.keys()):
        ours, ledgers = told.get((key, number)), kept.get((key, number))
        if ours is None or ledgers is None:
            where = "the ledger" if ours is None else "the events"
            yield Remark(f"attempt {number} is only in {where}", key=key)
        elif replace(ours, seen_at=ledgers.seen_at) != ledgers:
            yield Remark(f"attempt {number} differs in {_unlike(ours, ledgers)}", key=key)


def _unlike(one: Attempt, other: Attempt) -> str:
    names = (field.name for field in fields(Attempt))
    return ", ".join(name for name in names if getattr(one, name) != getattr(other, name))


def _above(steps: Collection[Step]) -> Iterator[Remark]:
    """Yield each step by which more are in flight than the cap, and which took no slot for us."""
    for before, step in pairwise(steps):
        if step.in_flight <= step.cap:
            continue
        if step.cap < before.cap:
            text = f"the cap fell to {step.cap} while {step.in_flight} were in flight"
            yield _remark(step.entry, text)
        elif (move := step.move) and move.takes_slot and not move.is_ours:
            text = f"{_why_held(move, step.terms.batch_id)}: {step.in_flight} in flight"
            yield _remark(step.entry, text, move.after.key)


def _why_held(move: Move, batch_id: str | None) -> str:
    """Return how a job came to hold a slot that nobody took for it."""
    if move.changed.attempt.ended_at is not None:
        return "it is being deleted"
    if move.changed.did is Did.ADOPTED and is_marked(move.changed.attempt.origin, batch_id):
        return "a submit of it that was given up took effect after all"
    return _CAME.get(move.changed.did, "it runs again")


_CAME = {
    Did.ADOPTED: "somebody else had started it",
    Did.REMEMBERED: "it was in flight before there were events",
}
