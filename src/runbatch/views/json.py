"""A snapshot as JSON: schema 1. Keys are added, never renamed, while the schema stays 1."""

from datetime import UTC, datetime
from typing import Any

from runbatch.core.attempt import Attempt
from runbatch.core.snapshot import JobSnapshot, Snapshot

SCHEMA = 1


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
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


def _job(job: JobSnapshot) -> dict[str, Any]:
    last = job.last
    return {
        "key": job.key,
        "name": job.name,
        "state": job.state.value,
        "phase": _phase(last),
        "verdict": _verdict(last),
        "next_retry_at": time_json(job.next_retry_at),
        "attempts": [_attempt(attempt) for attempt in job.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "uid": attempt.uid,
        "submitted_at": time_json(attempt.submitted_at or attempt.called_at),
        "ended_at": time_json(attempt.ended_at),
        "phase": _phase(attempt),
        "node": attempt.node,
        "exit_code": attempt.evidence.known_code if attempt.evidence else None,
        "evidence": attempt.outcome.source if attempt.outcome else None,
        "verdict": _verdict(attempt),
        "refusal": attempt.refusal,
        "log": attempt.log,
    }


def _phase(attempt: Attempt | None) -> str | None:
    return attempt.phase.value if attempt is not None and attempt.phase is not None else None


def _verdict(attempt: Attempt | None) -> str | None:
    if attempt is None or attempt.outcome is None:
        return None
    return attempt.outcome.verdict.value


def time_json(at: datetime | None) -> str | None:
    """Return the time as JSON has it: ISO 8601, in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
