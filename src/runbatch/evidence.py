"""Gathering what is known of how an attempt failed, and the verdict on it."""

from collections.abc import Iterable
from dataclasses import replace

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt
from runbatch.core.failure import RetryPolicy, judge
from runbatch.core.job import View

MOST_TAIL_BYTES = 1_000_000


def judged(
    attempt: Attempt, name: str, cluster: Cluster, log_tail: bytes, policy: RetryPolicy
) -> Attempt:
    """Return the failed attempt with its evidence and its verdict; raise ClusterError."""
    evidence = cluster.evidence(name, attempt.uid or "")
    marker = policy.marker_in(log_tail[-MOST_TAIL_BYTES:].decode("utf-8", "replace"))
    evidence = replace(evidence, marker=marker, node=evidence.node or attempt.node)
    return replace(attempt, evidence=evidence, outcome=judge(evidence, policy))


def judged_on_sight(view: View, prefix: str, cluster: Cluster, policy: RetryPolicy) -> View:
    """Return the view with every ended attempt judged, remembering nothing."""
    attempts = (each for job in view.jobs.values() for each in job.attempts)
    every = [_on_sight(each, f"{prefix}-{each.key}", cluster, policy) for each in attempts]
    return View.of(every, rows_seen_at=view.rows_seen_at)


def _on_sight(attempt: Attempt, name: str, cluster: Cluster, policy: RetryPolicy) -> Attempt:
    if attempt.ended_at is None or attempt.outcome is not None:
        return attempt
    tail = _tail(cluster.logs(name, attempt.uid or ""))
    return judged(attempt, name, cluster, tail, policy)


def _tail(chunks: Iterable[bytes]) -> bytes:
    tail = b""
    for chunk in chunks:
        tail = (tail + chunk)[-MOST_TAIL_BYTES:]
    return tail
