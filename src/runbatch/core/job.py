"""A job with its attempts, and the view of all jobs that decisions are made on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.stage import Stage


class State(Enum):
    """Where a job stands; the four counts that every view shows."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job's key and its attempts so far, the first one first.

    `names_unique`: the cluster never has two workloads of one name.
    """

    key: str
    attempts: tuple[Attempt, ...] = ()
    names_unique: bool = True

    @property
    def last(self) -> Attempt | None:
        """Return the newest attempt, if there is one."""
        return self.attempts[-1] if self.attempts else None

    @property
    def holder(self) -> Attempt | None:
        """Return the attempt whose workload is listed: it has the job's name. At most one can."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.listed), None)

    @property
    def holds_slot(self) -> bool:
        """Whether any of its attempts does."""
        return any(attempt.holds_slot for attempt in self.attempts)

    @property
    def holding(self) -> tuple[Attempt, ...]:
        """Return the attempts that hold a slot each: one for every workload that may live.

        A slot that was taken ahead, for a workload yet to be made, is that of the one before it.
        Where names are unique only listed ones can be several, and then the cluster is wrong.
        """
        holding = tuple(attempt for attempt in self.attempts if attempt.holds_slot)
        made = tuple(each for each in holding if not each.waiting_for_name)
        if self.names_unique:
            made = tuple(each for each in made if each.listed) or made[-1:]
        return made or holding[-1:]

    @property
    def doubled(self) -> tuple[Attempt, ...]:
        """Return its workloads, if the last listing showed more than one of them alive."""
        alive = (each for each in self.holding if each.listed and each.stage is not Stage.LEAVING)
        found = tuple(alive)
        return found if len(found) > 1 else ()

    def is_leaving(self, since: datetime) -> bool:
        """Whether its ended workload was asked to go since then: once it does, it holds a slot."""
        asked_at = self.holder.delete_asked_at if self.holder is not None else None
        return asked_at is not None and asked_at >= since and not self.holds_slot

    @property
    def is_unfinished(self) -> bool:
        """Whether it may still run. One that is being deleted holds a slot, yet has ended."""
        return any(each.holds_slot and each.ended_at is None for each in self.attempts)

    @property
    def state(self) -> State:
        """Return where the job stands, told by its newest attempt once it is finished."""
        if self.is_unfinished:
            return State.IN_FLIGHT
        if self.last is None:
            return State.WAITING
        succeeded = self.last.is_verdict(Verdict.SUCCEEDED)
        return State.SUCCEEDED if succeeded else State.FAILED


@dataclass(frozen=True, slots=True)
class View:
    """All jobs the ledger knows, and whether the last listing may be acted on.

    `trusted` is False while the cluster does not answer, or answers what cannot be believed:
    then nothing is decided. `proved_at` is when a listing last proved absences. `taken`
    says, by key, what workload that is not the batch's has the job's name.
    """

    jobs: Mapping[str, Job]
    trusted: bool = True
    proved_at: datetime | None = None
    taken: Mapping[str, str] = field(default_factory=dict)
    names_unique: bool = True

    @classmethod
    def of(
        cls,
        attempts: Iterable[Attempt],
        *,
        proved_at: datetime | None = None,
        names_unique: bool = True,
    ) -> "View":
        """Return the view of these attempts, in any order."""
        grouped: dict[str, list[Attempt]] = {}
        for attempt in sorted(attempts, key=lambda each: each.number):
            grouped.setdefault(attempt.key, []).append(attempt)
        jobs = {key: Job(key, tuple(tries), names_unique) for key, tries in grouped.items()}
        return cls(jobs, proved_at=proved_at, names_unique=names_unique)

    def job(self, key: str) -> Job:
        """Return the job of this key; one the ledger does not know has no attempts."""
        return self.jobs.get(key) or Job(key, names_unique=self.names_unique)

    @property
    def in_flight(self) -> frozenset[str]:
        """Return the keys of the jobs that hold a slot, or more than one."""
        return frozenset(key for key, job in self.jobs.items() if job.holds_slot)

    @property
    def slots(self) -> int:
        """Return how many slots are held. Counted anew each time: no counter that could leak."""
        return sum(len(job.holding) for job in self.jobs.values())

    def leaving(self, since: datetime | None) -> frozenset[str]:
        """Return the keys that will hold a slot as soon as a workload goes as it was asked to.

        `since`: those asked to go before are not waited for; None: leaving takes no slot.
        """
        if since is None:
            return frozenset()
        return frozenset(key for key, job in self.jobs.items() if job.is_leaving(since))

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Return every attempt of every job."""
        return tuple(attempt for job in self.jobs.values() for attempt in job.attempts)

    @property
    def called(self) -> frozenset[tuple[str, int]]:
        """Return the ids of the attempts whose submit call was begun: they may be missed."""
        return frozenset(each.id for each in self.attempts if each.called_at is not None)
