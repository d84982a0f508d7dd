"""Gathering what is known of how attempts failed, and the verdict on each."""

import json
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from runbatch.clusters.base import Cluster
from runbatch.clusters.shell.guard import logged_code
from runbatch.clusters.together import each_of
from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.batch import Batch
from runbatch.core.errors import ClusterError, NoLog
from runbatch.core.failure import judge
from runbatch.core.job import View
from runbatch.core.marker import Markers
from runbatch.core.names import ref_of
from runbatch.core.reference import Ref
from runbatch.ledger.archive import Incoming

# A log's end tells how its job ended; a log may be larger than memory.
END_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of one attempt; `error` is set if the cluster did not answer for all of it.

    `log` is the end of its log, None if that could not be had; `file` is where all of it was put.
    """

    attempt: Attempt
    evidence: Evidence = field(default_factory=Evidence)
    log: bytes | None = b""
    error: ClusterError | None = None
    file: Path | None = None

    @property
    def text(self) -> str:
        """Return the end of the log as text."""
        return (self.log or b"")[-END_BYTES:].decode("utf-8", "replace")

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
    attempts: Iterable[Attempt], prefix: str, cluster: Cluster, incoming: Incoming | None = None
) -> Generator[Findings, None, None]:
    """Yield what the cluster knows of each attempt, asked for side by side; never raise for that.

    Whole logs are written to `incoming`; without it they are not kept. That may raise LedgerError.
    Closed early, it asks for no more, and waits for the calls that were begun.
    """
    attempts = tuple(attempts)
    refs = {each.id: ref_of(each, prefix) for each in attempts}
    # What has the name of one that is not listed may be another's: it is asked nothing.
    ends = _ends_of([refs[each.id] for each in attempts if each.listed], cluster)

    def log_of(attempt: Attempt) -> bytes:
        if not attempt.listed:
            name = refs[attempt.id].name
            raise NoLog(f"{name} is not listed, and its log is gone with it.")
        chunks = cluster.log(refs[attempt.id])
        return _end_of(incoming.through(attempt, chunks) if incoming else chunks)

    # Each by itself: what the one does not tell hides nothing of the other.
    with closing(each_of(log_of, attempts, cluster.calls_at_once)) as logs:
        for attempt, log in logs:
            yield _found(attempt, ends.get(refs[attempt.id], Evidence()), log, incoming)


def _ends_of(refs: Collection[Ref], cluster: Cluster) -> Mapping[Ref, Evidence | ClusterError]:
    """Return how each ended; a call that failed as a whole is the error of each."""
    try:
        return cluster.ends(refs)
    except ClusterError as error:
        return dict.fromkeys(refs, error)


def _found(
    attempt: Attempt,
    end: Evidence | ClusterError,
    log: bytes | ClusterError,
    incoming: Incoming | None,
) -> Findings:
    evidence = (end.known or Evidence()) if isinstance(end, ClusterError) else end
    if isinstance(log, ClusterError):
        return Findings(attempt, evidence, None, log)
    file = incoming.file_of(attempt) if incoming else None
    problem = end if isinstance(end, ClusterError) else None
    return Findings(attempt, evidence, log, problem, file)


def description_of(attempt: Attempt) -> str:
    """Return what is known of how the attempt ended, as JSON."""
    evidence = asdict(attempt.evidence) if attempt.evidence else {}
    known = {"uid": attempt.uid, "phase": attempt.phase}
    return json.dumps({"key": attempt.key, "number": attempt.number, **known, **evidence}, indent=2)


def judged_on_sight(view: View, batch: Batch, cluster: Cluster) -> View:
    """Return the view with every ended attempt judged, remembering nothing."""
    attempts = {each.id: each for job in view.jobs.values() for each in job.attempts}
    open_ones = [each for each in attempts.values() if each.is_unjudged or each.is_doubtful]
    for found in gather(open_ones, batch.prefix, cluster):
        if found.error is None or found.is_enough:
            attempts[found.attempt.id] = found.judged(batch)
    return replace(view, jobs=View.of(attempts.values(), names_unique=view.names_unique).jobs)


def _end_of(chunks: Iterable[bytes]) -> bytes:
    end = bytearray()
    for chunk in chunks:
        end += chunk
        del end[:-END_BYTES]  # costs nothing: a bytearray only moves its beginning on
    return bytes(end)
