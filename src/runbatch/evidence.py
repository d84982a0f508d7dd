"""Gathering what is known of how attempts failed, and the verdict on each."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.batch import Batch
from runbatch.core.errors import ClusterError, NoLog
from runbatch.core.failure import judge
from runbatch.core.guard import logged_code
from runbatch.core.job import View
from runbatch.core.marker import Markers
from runbatch.core.names import workload_name

# A log's end tells how it ended.
MOST_TAIL_BYTES = 10_000_000
_MOST_MARKED_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of one attempt; `error` is set if the cluster did not answer for all of it.

    `log` is None if it could not be had.
    """

    attempt: Attempt
    evidence: Evidence = field(default_factory=Evidence)
    log: bytes | None = b""
    error: ClusterError | None = None

    @property
    def text(self) -> str:
        """Return the end of the log."""
        return (self.log or b"")[-_MOST_MARKED_BYTES:].decode("utf-8", "replace")

    @property
    def is_enough(self) -> bool:
        """Whether the end is known well enough: whatever else may come decides nothing."""
        return self.evidence.is_enough or logged_code(self.text) is not None

    def judged(self, batch: Batch) -> Attempt:
        """Return the attempt with its evidence and its verdict; a stronger one stays."""
        text = self.text
        evidence = replace(
            self.evidence,
            logged_code=logged_code(text),
            node=self.evidence.node or self.attempt.node,
            mounts_held=self.evidence.mounts_held if batch.run.mounts else True,
        )
        # The guard logs the exit code behind its marker: without it the marker is another's.
        if evidence.known_code is not None or not batch.run.guard:
            evidence = replace(evidence, marker=Markers.of(batch).found_in(text))
        before = self.attempt.evidence
        if self.attempt.outcome and before and before.strength >= evidence.strength:
            return self.attempt
        return replace(self.attempt, evidence=evidence, outcome=judge(evidence, batch.retry))


def gather(
    attempts: Iterable[Attempt], prefix: str, cluster: Cluster
) -> Generator[Findings, None, None]:
    """Yield what the cluster knows of each attempt, asked for side by side; never raise.

    Closed early, it asks for no more, and waits for the calls that were begun.
    """

    def find(attempt: Attempt) -> Findings:
        name, uid = workload_name(prefix, attempt.key), attempt.uid or ""
        if not attempt.listed:  # what has its name now may be another's
            gone = NoLog(f"{name} is not listed, and its log is gone with it.")
            return Findings(attempt, log=None, error=gone)
        evidence, log, problem = Evidence(), None, None
        # Each by itself: what one does not tell hides nothing of the other.
        try:
            evidence = cluster.evidence(name, uid)
        except ClusterError as error:
            evidence, problem = error.known or evidence, error
        try:
            log = _tail(cluster.logs(name, uid))
        except ClusterError as error:
            problem = error
        return Findings(attempt, evidence, log, problem)

    attempts = tuple(attempts)
    if cluster.calls_at_once == 1 or len(attempts) == 1:
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


def judged_on_sight(view: View, batch: Batch, cluster: Cluster) -> View:
    """Return the view with every ended attempt judged, remembering nothing."""
    attempts = {each.id: each for job in view.jobs.values() for each in job.attempts}
    open_ones = [each for each in attempts.values() if each.is_unjudged or each.is_doubtful]
    for found in gather(open_ones, batch.prefix, cluster):
        if found.error is None or found.is_enough:
            attempts[found.attempt.id] = found.judged(batch)
    return replace(view, jobs=View.of(attempts.values(), names_unique=view.names_unique).jobs)


def _tail(chunks: Iterable[bytes]) -> bytes:
    tail = bytearray()
    for chunk in chunks:
        tail += chunk
        del tail[:-MOST_TAIL_BYTES]  # costs nothing: a bytearray only moves its beginning on
    return bytes(tail)
