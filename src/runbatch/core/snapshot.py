"""What every view draws: the batch at one moment, as values."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch
from runbatch.core.failure import next_retry_at
from runbatch.core.job import Job, State, View


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """One job as people see it; `next_retry_at` is set while a retry is still to come.

    `holding` are those of its attempts that hold a slot each.
    """

    key: str
    name: str
    state: State
    last: Attempt | None
    next_retry_at: datetime | None
    holding: tuple[Attempt, ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The batch at the time `at`. The counts add up to the number of `jobs`.

    Those are the batch's own, and behind them any other job of its prefix that holds a slot.
    """

    batch: Batch
    at: datetime
    jobs: tuple[JobSnapshot, ...]

    @property
    def counts(self) -> dict[State, int]:
        """Return how many jobs stand where; every state is there, if only with 0."""
        counted = Counter(job.state for job in self.jobs)
        return {state: counted[state] for state in State}

    @property
    def in_flight(self) -> int:
        """Return how many slots are held, also by what has ended and is being deleted."""
        return sum(len(job.holding) for job in self.jobs)

    @property
    def failed(self) -> tuple[JobSnapshot, ...]:
        """Return the jobs that ended badly, or could not be submitted."""
        return tuple(job for job in self.jobs if job.state is State.FAILED)


def snapshot_of(batch: Batch, view: View, now: datetime) -> Snapshot:
    """Return what is known of the batch."""
    own = set(batch.keys)
    others = sorted(view.in_flight - own)
    return Snapshot(
        batch, now, tuple(_job_snapshot(batch, view.job(key)) for key in (*batch.keys, *others))
    )


def _job_snapshot(batch: Batch, job: Job) -> JobSnapshot:
    due_at = None
    if job.last is not None and not (job.last.was_removed_by_others or job.holds_slot):
        due_at = next_retry_at(job.last, batch.retry)
    name = batch.workload_name(job.key)
    return JobSnapshot(
        key=job.key,
        name=name,
        state=job.state,
        last=job.last,
        next_retry_at=due_at,
        holding=job.holding,
        attempts=job.attempts,
    )
