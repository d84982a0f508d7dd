"""What has happened, told by the attempts' own times: the last events, and where mounts failed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.names import attempt_name
from runbatch.core.snapshot import JobSnapshot, Snapshot


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, and a sentence for people."""

    at: datetime
    text: str


def last_moments(snapshot: Snapshot, most: int) -> tuple[Moment, ...]:
    """Return the last things that happened to the batch's jobs, at most so many, newest last."""
    moments = (each for job in snapshot.jobs for each in _moments(job))
    return tuple(sorted(moments, key=lambda each: each.at)[-most:])


def _moments(job: JobSnapshot) -> Iterator[Moment]:
    for attempt in job.attempts:
        who = attempt_name(job.name, attempt.number)
        begun_at = attempt.submitted_at or attempt.called_at
        if begun_at is not None or attempt.refusal is not None:
            yield Moment(begun_at or attempt.reserved_at, f"{who} {_beginning(attempt)}")
        if attempt.ended_at is not None:
            yield Moment(attempt.ended_at, f"{who} {_end(attempt)}")
        if attempt.delete_asked_at is not None:
            yield Moment(attempt.delete_asked_at, f"{who} deleted; its log is saved")


def _beginning(attempt: Attempt) -> str:
    if attempt.refusal is not None:
        return f"refused: {attempt.refusal}"
    if attempt.denial is not None:
        return f"denied, not listed yet: {attempt.denial}"
    if attempt.unanswered:
        return "submitted, not answered yet"
    return "submitted" if attempt.calls else "found, not submitted again"


def _end(attempt: Attempt) -> str:
    if attempt.outcome is None:
        return "ended, not judged yet"
    return "succeeded" if attempt.is_verdict(Verdict.SUCCEEDED) else str(attempt.outcome)


@dataclass(frozen=True, slots=True)
class NodeCount:
    """A node, how many of the batch's jobs failed there for want of a mount, and how many ran.

    `jobs` is None on a cluster that tells the nodes of failed jobs only.
    """

    node: str
    failed: int
    jobs: int | None


def node_of(attempt: Attempt) -> str | None:
    """Return the node the attempt ran on, the evidence's word before the listing's."""
    return (attempt.evidence and attempt.evidence.node) or attempt.node


def mount_failures(snapshot: Snapshot) -> tuple[NodeCount, ...]:
    """Return the nodes where mounts failed, the worst first; a job counts once on each node."""
    ran: dict[str, set[str]] = {}
    failed: dict[str, set[str]] = {}
    for job in snapshot.jobs:
        for attempt in job.attempts:
            node = node_of(attempt)
            if attempt.node is not None:
                ran.setdefault(attempt.node, set()).add(job.key)
            if node is not None and attempt.ended_as(Verdict.MOUNT_FAILURE):
                failed.setdefault(node, set()).add(job.key)
    counts = (
        NodeCount(node, len(keys), len(keys | ran.get(node, set())) if ran else None)
        for node, keys in failed.items()
    )
    return tuple(sorted(counts, key=lambda each: (-each.failed, each.node)))
