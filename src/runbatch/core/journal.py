"""The journal: what happened to a batch, entry by entry, and its replay.

Level-based: an entry holds the attempt as a change left it, whole. So a replay only puts down what
it reads, and its end is what the ledger remembers. Nothing here knows how entries are written.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import assert_never

from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.batch import are_integers
from runbatch.core.events import Event, Kind
from runbatch.core.failure import RetryPolicy
from runbatch.core.job import Job, View
from runbatch.core.reconcile import Change

# What people are told, but for what an attempt's own entries tell.
TOLD = (Kind.WAIT, Kind.PENDING, Kind.TROUBLE, Kind.OK, Kind.SKIP)


class Did(Enum):
    """What happened to an attempt.

    `DENIED`: the cluster said no, but may have done it; it is `REFUSED` once listings lack it.
    `ADOPTED`: somebody else started it. `SEEN`: a listing changed it in a way that has no word of
    its own. `FORGOTTEN`: no submit made it, it is gone, and one before it stands. `REMEMBERED`: the
    ledger knew it before there was a journal.
    """

    RESERVED = "reserved"
    CALLED = "called"
    SUBMITTED = "submitted"
    DENIED = "denied"
    REFUSED = "refused"
    ADOPTED = "adopted"
    SEEN = "seen"
    MISSED = "missed"
    ENDED = "ended"
    VANISHED = "vanished"
    RUNNING_AGAIN = "running again"
    JUDGED = "judged"
    LOG_SAVED = "log saved"
    DELETE_ASKED = "delete asked"
    RELEASED = "released"
    FORGOTTEN = "forgotten"
    REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An invocation began, and what it went by.

    `keys` are the batch's jobs; None where they are those last recorded. `beside` are the
    invocations that were at work then. `batch_id` is the ledger's mark, which its workloads bear.
    `names_unique`: no two workloads share a name on this kind of cluster.
    """

    command: str
    host: str
    pid: int
    prefix: str
    cluster: str
    cap: int
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    beside: tuple[int, ...] = ()
    keys: tuple[str, ...] | None = None
    batch_id: str | None = None
    names_unique: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """An invocation came to its end; one that was killed never says so."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An attempt as it was left; `why` it was started, if it is a new one, or why it was touched.

    Once `RELEASED` or `FORGOTTEN` it is no attempt any more: it is as it was before.
    """

    did: Did
    attempt: Attempt
    why: Why | None = None

    @property
    def removes(self) -> bool:
        """Whether there is no such attempt from here on."""
        return self.did in (Did.RELEASED, Did.FORGOTTEN)


Happening = Started | Ended | Changed | Event
# Whose doing something was; None where it was no invocation's.
InvocationId = int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: numbered from 1 on without a gap; `run` is whose doing it was."""

    seq: int
    at: datetime
    run: InvocationId
    what: Happening


def changed_by_listing(change: Change, agreed: Collection[str] = ()) -> Changed | None:
    """Return what a listing's change is in the journal; a mere sign of life is nothing.

    `agreed` are the uids of workloads that a person said yes to.
    """
    before, after = change.before, change.after
    if before is None or change.adopts:
        return Changed(Did.ADOPTED, after, Why.AGREED if after.uid in agreed else None)
    if replace(before, seen_at=after.seen_at) == after:
        return None
    return Changed(_did(before, after), after)


def _did(before: Attempt, after: Attempt) -> Did:
    if after.ended_at is None and before.ended_at is not None:
        return Did.RUNNING_AGAIN
    if after.ended_at and (after.ended_at, after.outcome) != (before.ended_at, before.outcome):
        return Did.VANISHED if after.is_verdict(Verdict.VANISHED) else Did.ENDED
    if after.refusal is not None and before.refusal is None:
        return Did.REFUSED
    return Did.MISSED if after.missed > before.missed else Did.SEEN


@dataclass(frozen=True, slots=True)
class Move:
    """A change of an attempt, and its job right before and after it."""

    changed: Changed
    before: Job
    after: Job

    @property
    def takes_slot(self) -> bool:
        """Whether its job holds a slot more since this change."""
        return len(self.after.holding) > len(self.before.holding)

    @property
    def is_ours(self) -> bool:
        """Whether it is a step of ours towards a submit."""
        return self.changed.did in (Did.RESERVED, Did.CALLED)

    @property
    def was_there_though_refused(self) -> bool:
        """Whether a listing shows what was recorded as refused, and not called again since."""
        after = self.changed.attempt
        known = (each for each in self.before.attempts if each.number == after.number)
        return after.listed and any(each.refusal is not None for each in known)

    @property
    def starts(self) -> bool:
        """Whether it begins a new attempt, or one again that the cluster had refused."""
        if not self.is_ours:
            return False
        number = self.changed.attempt.number
        return all(each.number != number or each.refusal for each in self.before.attempts)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an invocation goes by; nobody's allow nothing."""

    prefix: str = ""
    keys: frozenset[str] = frozenset()
    integer_keys: bool = False
    cap: int = 0
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An entry and how it left things.

    `terms` are those of its invocation. `cap` is the one in force: the largest of those at work.
    """

    entry: Entry
    terms: Terms
    cap: int
    in_flight: int
    move: Move | None = None


def replay(entries: Iterable[Entry]) -> Iterator[Step]:
    """Yield each entry with how it left things: in time that grows with their number only."""
    replayed = _Replay()
    for entry in entries:
        yield replayed.step(entry)


def view_after(steps: Iterable[Step]) -> View:
    """Return the jobs as the last step leaves them."""
    moves = (step.move for step in steps if step.move is not None)
    jobs = {move.after.key: move.after for move in moves}
    return View({key: job for key, job in jobs.items() if job.attempts})


class _Replay:
    """How things stand after the entries so far."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._held = 0
        self._names_unique = True
        self._last = Terms()
        self._terms: dict[InvocationId, Terms] = {}
        self._at_work: set[InvocationId] = set()

    def step(self, entry: Entry) -> Step:
        move = None
        match entry.what:
            case Started() as started:
                self._begin(entry.run, started)
            case Ended():
                self._at_work.discard(entry.run)
            case Changed() as changed:
                move = self._move(changed)
            case Event():
                pass
            case _:
                assert_never(entry.what)
        terms = self._terms.get(entry.run, self._last)
        return Step(entry, terms, self._cap(), self._held, move)

    def _begin(self, invocation: InvocationId, started: Started) -> None:
        keys = self._last.keys if started.keys is None else frozenset(started.keys)
        integers = are_integers(keys)
        retry, batch_id = started.retry, started.batch_id
        self._last = Terms(started.prefix, keys, integers, started.cap, retry, batch_id)
        self._terms[invocation] = self._last
        self._names_unique = started.names_unique
        self._at_work = {invocation, *started.beside} & self._terms.keys()

    def _cap(self) -> int:
        """Return the cap in force; while nobody is at work, that of the last who was."""
        return max((self._terms[each].cap for each in self._at_work), default=self._last.cap)

    def _move(self, changed: Changed) -> Move:
        attempt = changed.attempt
        before = self._jobs.get(attempt.key, Job(attempt.key, (), self._names_unique))
        attempts = [each for each in before.attempts if each.number != attempt.number]
        if not changed.removes:
            attempts.append(attempt)
        ordered = tuple(sorted(attempts, key=lambda each: each.number))
        after = Job(attempt.key, ordered, self._names_unique)
        self._jobs[attempt.key] = after
        self._held += len(after.holding) - len(before.holding)
        return Move(changed, before, after)
