"""A snapshot as JSON: schema 1. Keys are added, never renamed, while the schema stays 1.

The shapes are what the reference page and its JSON Schemas are made of: a docstring under a key
says what it means, and `Annotated[str, Stage]` that the text is one of that enumeration's words.
"""

from datetime import UTC, datetime
from typing import Annotated, TypedDict, overload

from runbatch.core.attempt import Attempt, Cause, Verdict
from runbatch.core.job import State
from runbatch.core.snapshot import JobSnapshot, Snapshot
from runbatch.core.stage import Stage

SCHEMA = 1
Time = Annotated[str, datetime]


class AttemptJson(TypedDict):
    """One try of a job."""

    number: int
    """1 is the first submission, 2 and on are retries and reruns."""
    uid: str | None
    """What the cluster calls this workload, apart from all others of its name."""
    submitted_at: Time | None
    """When the cluster said yes, or else when it was asked."""
    ended_at: Time | None
    """When it ended, as far as known; or when it was given up as gone."""
    phase: str | None
    """What the cluster said last, in its own word."""
    stage: Annotated[str, Stage]
    """Where it is, whatever the cluster calls that."""
    node: str | None
    """Where it ran."""
    exit_code: int | None
    """The container's exit code, where it is known."""
    cause: Annotated[str, Cause] | None
    """What ended it, as far as the cluster says so; `null` where no evidence was gathered."""
    evidence: str | None
    """The one piece of evidence that decided the verdict, such as `exit code 2`."""
    verdict: Annotated[str, Verdict] | None
    """What was concluded of its end; `null` while it has none."""
    refusal: str | None
    """Why the cluster refused it for good."""
    log: str | None
    """The file of its saved log."""


class JobJson(TypedDict):
    """One job, as its newest attempt leaves it."""

    key: str
    """What names the job in its batch, such as `37`."""
    name: str
    """Its workload's name: the prefix, a dash and the key."""
    state: Annotated[str, State]
    """Where it stands."""
    phase: str | None
    """The phase of its newest attempt."""
    verdict: Annotated[str, Verdict] | None
    """The verdict on its newest attempt."""
    next_retry_at: Time | None
    """When its retry is due; `null` if none is to come."""
    attempts: list[AttemptJson]
    """All its attempts, the first one first."""


class SnapshotJson(TypedDict):
    """The batch at one moment."""

    schema: int
    """1. Keys are added; none is renamed or given another meaning while it stays 1."""
    batch: str
    """The batch's prefix."""
    cluster: str
    """The kind of cluster, such as `local`."""
    cap: int
    """The most jobs in flight."""
    in_flight: int
    """How many slots are held, also by jobs that have ended and are being deleted."""
    counts: dict[Annotated[str, State], int]
    """How many jobs stand where; every state is there, if only with 0."""
    jobs: list[JobJson]
    """The batch's jobs in their order; behind them any other of its prefix that holds a slot."""


def snapshot_json(snapshot: Snapshot) -> SnapshotJson:
    """Return the snapshot as plain values, ready for `json.dumps`."""
    return {
        "schema": SCHEMA,
        "batch": snapshot.batch.prefix,
        "cluster": snapshot.batch.cluster.kind,
        "cap": snapshot.batch.cap,
        "in_flight": snapshot.in_flight,
        "counts": {state.value: count for state, count in snapshot.counts.items()},
        "jobs": [_job(job) for job in snapshot.jobs],
    }


def _job(job: JobSnapshot) -> JobJson:
    last = job.last
    return {
        "key": job.key,
        "name": job.name,
        "state": job.state.value,
        "phase": last.phase if last is not None else None,
        "verdict": _verdict(last),
        "next_retry_at": time_json(job.next_retry_at),
        "attempts": [_attempt(attempt) for attempt in job.attempts],
    }


def _attempt(attempt: Attempt) -> AttemptJson:
    outcome = attempt.standing_outcome
    return {
        "number": attempt.number,
        "uid": attempt.uid,
        "submitted_at": time_json(attempt.submitted_at or attempt.called_at),
        "ended_at": time_json(attempt.ended_at),
        "phase": attempt.phase,
        "stage": attempt.stage.value,
        "node": attempt.node,
        "exit_code": attempt.evidence.known_code if outcome and attempt.evidence else None,
        "cause": attempt.evidence.cause.value if outcome and attempt.evidence else None,
        "evidence": outcome.source if outcome else None,
        "verdict": _verdict(attempt),
        "refusal": attempt.refusal,
        "log": attempt.log,
    }


def _verdict(attempt: Attempt | None) -> str | None:
    outcome = attempt.standing_outcome if attempt is not None else None
    return outcome.verdict.value if outcome is not None else None


@overload
def time_json(at: datetime) -> str: ...
@overload
def time_json(at: datetime | None) -> str | None: ...
def time_json(at: datetime | None) -> str | None:
    """Return the time as JSON has it: ISO 8601, in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
