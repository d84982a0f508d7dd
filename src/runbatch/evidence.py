"""Gathering what is known of how attempts failed, and the verdict on each."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.errors import ClusterError
from runbatch.core.failure import RetryPolicy, judge
from runbatch.core.guard import logged_code
from runbatch.core.job import View
from runbatch.core.names import workload_name

# A log's end tells how it ended.
MOST_TAIL_BYTES = 10_000_000
_MOST_MARKED_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of one attempt; `error` is set if the cluster did not answer for all of it."""

    attempt: Attempt
    evidence: Evidence = field(default_factory=Evidence)
    log: bytes = b""
    error: ClusterError | None = None

    def judged(self, policy: RetryPolicy) -> Attempt:
        """Return the attempt with its evidence and its verdict."""
        text = self.log[-_MOST_MARKED_BYTES:].decode("utf-8", "replace")
        evidence = replace(
            self.evidence,
            logged_code=logged_code(text),
            marker=policy.marker_in(text),
            node=self.evidence.node or self.attempt.node,
        )
        return replace(self.attempt, evidence=evidence, outcome=judge(evidence, policy))


def gather(
    attempts: Iterable[Attempt], prefix: str, cluster: Cluster
) -> Generator[Findings, None, None]:
    """Yield what the cluster knows of each attempt, asked for side by side; never raise.

    Closed early, it asks for no more, and waits for the calls that were begun.
    """

    def find(attempt: Attempt) -> Findings:
        name, uid = workload_name(prefix, attempt.key), attempt.uid or ""
        evidence = Evidence()
        try:
            evidence = cluster.evidence(name, uid)
            return Findings(attempt, evidence, _tail(cluster.logs(name, uid)))
        except ClusterError as error:
            return Findings(attempt, evidence, error=error)

    if cluster.calls_at_once == 1:
        yield from map(find, attempts)
        return
    pool = ThreadPoolExecutor(cluster.calls_at_once)
    may_wait = True
    try:
        yield from pool.map(find, attempts)
    except SystemExit:  # told to end at once: the calls only read
        may_wait = False
        raise
    finally:
        pool.shutdown(may_wait, cancel_futures=True)


def judged_on_sight(view: View, prefix: str, cluster: Cluster, policy: RetryPolicy) -> View:
    """Return the view with every ended attempt judged, remembering nothing."""
    attempts = {each.id: each for job in view.jobs.values() for each in job.attempts}
    unjudged = [each for each in attempts.values() if each.is_unjudged]
    for found in gather(unjudged, prefix, cluster):
        if found.error is None:
            attempts[found.attempt.id] = found.judged(policy)
    return replace(view, jobs=View.of(attempts.values()).jobs)


def _tail(chunks: Iterable[bytes]) -> bytes:
    tail = bytearray()
    for chunk in chunks:
        tail += chunk
        if len(tail) > 2 * MOST_TAIL_BYTES:
            del tail[:-MOST_TAIL_BYTES]
    return bytes(tail[-MOST_TAIL_BYTES:])
