"""Why nothing happens: what holds the slots, and what the jobs that do not run wait for."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from runbatch.core.attempt import Attempt, Observation
from runbatch.core.job import Job, State, View
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.core.stage import Stage

# Whatever was submitted is listed by then, or something is amiss.
LISTED_WITHIN = timedelta(minutes=1)
RETRY = "retry"
# These start what was never started. Older ledgers say "Python" for any call of the API.
STARTING = frozenset({"submit", "Python submit()", "Python"})
# Schema 1 of `status --json` has these words, in this order; so has the screen.
HOLDS = {
    Stage.RUNNING: "running",
    Stage.QUEUED: "pending",
    Stage.STARTING: "starting",
    Stage.SUBMITTED: "starting",
    Stage.HELD: "stopped",
    Stage.LEAVING: "deleting",
    Stage.UNKNOWN: "unknown",
    Stage.RESERVED: "reserved",
    Stage.IN_DOUBT: "in doubt",
}
NOTHING_LISTED = "The cluster lists nothing at all, though jobs were just there."


@dataclass(frozen=True, slots=True)
class Slots:
    """How many slots are held, by what the workloads do.

    `doubt_since` is when the one that is longest in doubt last gave a sign.
    """

    held: Mapping[str, int]
    doubt_since: datetime | None = None

    @property
    def count(self) -> int:
        """Return how many are held."""
        return sum(self.held.values())

    def __str__(self) -> str:
        """Return `32 running, 14 pending, 1 in doubt since 09:31 UTC`."""
        held = ", ".join(f"{count} {word}" for word, count in self.held.items())
        return f"{held} since {self.doubt_since:%H:%M} UTC" if self.doubt_since else held


def slots_of(jobs: Iterable[Job | JobSnapshot], now: datetime) -> Slots:
    """Return what the slots are held by."""
    found = (attempt for job in jobs for attempt in job.holding)
    holders = [(_stage_now(each, now), each.last_sign_at) for each in found]
    counted = Counter(HOLDS[stage] for stage, _ in holders)
    return Slots(
        {word: counted[word] for word in HOLDS.values() if counted[word]},
        min((at for stage, at in holders if stage is Stage.IN_DOUBT), default=None),
    )


def _stage_now(holder: Attempt, now: datetime) -> Stage:
    """Return the holder's stage; what no listing has shown for too long is in doubt too."""
    is_late = now - holder.last_sign_at > LISTED_WITHIN
    return Stage.IN_DOUBT if holder.stage is Stage.SUBMITTED and is_late else holder.stage


class Wait(Enum):
    """What a job that does not run waits for."""

    COMMAND = "somebody to run the command"
    DELAY = "its delay"
    CLUSTER = "the cluster to answer"
    SLOT = "a free slot"
    TURN = "its turn"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the cluster answers: what is wrong if not, and when it was last heard.

    `no_submit` is why nothing can be submitted though it answers.
    """

    heard_at: datetime | None
    problem: str | None = None
    no_submit: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs that wait for the same: how many, for what, and when the first is due, if it has a time.

    Nobody's turn comes before it is due.
    """

    jobs: int
    wait: Wait
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """Where the slots went, and what everything else waits for.

    `reasons` are the cluster's own words for why workloads do not run yet, the commonest first.
    `to_start` are the jobs that were never started, `to_retry` those whose retry is to come.
    """

    slots: Slots
    reasons: tuple[str, ...]
    answer: Answer
    to_start: Queue | None
    to_retry: Queue | None


def waits_of(
    snapshot: Snapshot,
    answer: Answer,
    commands: Collection[str],
    listed: Iterable[Observation] = (),
) -> Waits:
    """Return what the batch waits for; `commands` are at work on it, `listed` was just listed."""
    slots = slots_of(snapshot.jobs, snapshot.at)
    is_full = slots.count >= snapshot.batch.cap

    def queue(jobs: int, *, is_served: bool, due_at: datetime | None = None) -> Queue | None:
        if not jobs:
            return None
        if not is_served:
            return Queue(jobs, Wait.COMMAND, due_at)
        if due_at is not None and due_at > snapshot.at:
            return Queue(jobs, Wait.DELAY, due_at)
        if answer.problem is not None:
            return Queue(jobs, Wait.CLUSTER, due_at)
        return Queue(jobs, Wait.SLOT if is_full else Wait.TURN, due_at)

    due = [job.next_retry_at for job in snapshot.jobs if job.next_retry_at is not None]
    starts = not STARTING.isdisjoint(commands)
    return Waits(
        slots=slots,
        reasons=_reasons(snapshot, listed),
        answer=answer,
        to_start=queue(snapshot.counts[State.WAITING], is_served=starts),
        to_retry=queue(len(due), is_served=RETRY in commands, due_at=min(due, default=None)),
    )


def _reasons(snapshot: Snapshot, listed: Iterable[Observation]) -> tuple[str, ...]:
    ours = {job.name for job in snapshot.jobs if job.holding}
    said = Counter(each.reason for each in listed if each.reason and each.name in ours)
    return tuple(reason for reason, _ in said.most_common())


def heard_at(view: View) -> datetime | None:
    """Return when a listing last showed anything, as far as it is remembered."""
    shown = (each.seen_at for job in view.jobs.values() for each in job.attempts)
    times = (view.proved_at, *shown)
    return max((at for at in times if at is not None), default=None)
