"""A batch queue in memory: ids are numbers, and names are not unique, as on Slurm."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from runbatch.clusters.base import NO_HURRY, Deadline
from runbatch.core.attempt import Evidence, Listing, Observation, Origin, Patience
from runbatch.core.errors import ClusterError
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload, origin_of

PATIENCE = Patience(grace_s=60, doubt_s=0, names_unique=False)
_OPENED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Entry:
    """One workload of the queue, alive or ended; tests may change its stage."""

    name: str
    uid: str
    number: int
    origin: Origin
    created_at: datetime
    stage: Stage
    exit_code: int | None = None
    log: bytes = b""


@dataclass
class QueueCluster:
    """Workloads that change only when a test says so; ended ones stay listed.

    `fault` is raised by the next submit instead of an answer, which takes effect all the same: at
    once, or with `late` after that many listings more. With `late` None it never does. A
    workload begins in `first_stage`.
    """

    patience: Patience = PATIENCE
    calls_at_once: int = 1
    entries: list[Entry] = field(default_factory=list)
    fault: ClusterError | None = None
    late: int | None = 0
    first_stage: Stage = Stage.QUEUED
    most_alive: int = 0
    _waiting: list[tuple[int, Workload]] = field(default_factory=list)
    _listings: int = 0
    _made: int = 0

    def inherited(self) -> Mapping[str, str]:
        """Return no variable."""
        return {}

    @property
    def alive(self) -> list[Entry]:
        """Return what has not ended, the oldest first."""
        return [each for each in self.entries if not each.stage.ended]

    def list(self, prefix: str) -> Listing:
        """Return what there is, once the submits that are due have taken effect."""
        self._listings += 1
        for due, workload in self._waiting:
            if due <= self._listings:
                self._add(workload)
        self._waiting = [each for each in self._waiting if each[0] > self._listings]
        shown = (each for each in self.entries if each.name.startswith(f"{prefix}-"))
        return Listing(tuple(map(_observation, shown)))

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> str:
        """Put the workload into the queue, whatever else has its name."""
        deadline.check(workload.name, self.patience.grace_s)
        fault, self.fault = self.fault, None
        if fault is None:
            return self._add(workload).uid
        if self.late == 0:
            self._add(workload)
        elif self.late is not None:
            self._waiting.append((self._listings + self.late, workload))
        raise fault

    def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
        """Return the exit codes."""
        found = {ref: self._find(ref) for ref in refs}
        return {ref: Evidence(exit_code=it.exit_code if it else None) for ref, it in found.items()}

    def log(self, ref: Ref) -> Iterator[bytes]:
        """Yield the log."""
        if found := self._find(ref):
            yield found.log

    def remove(self, ref: Ref) -> bool:
        """Take it out of the queue."""
        self.entries = [
            each for each in self.entries if (each.name, each.uid) != (ref.name, ref.uid)
        ]
        return True

    def end(self, entry: Entry, exit_code: int = 0, log: bytes = b"") -> None:
        """End a workload with this exit code."""
        entry.stage = Stage.SUCCEEDED if exit_code == 0 else Stage.FAILED
        entry.exit_code, entry.log = exit_code, log

    def _add(self, workload: Workload) -> Entry:
        self._made += 1
        created_at = _OPENED_AT + timedelta(seconds=self._made)
        origin = origin_of(workload.env)
        made = Entry(
            workload.name, str(self._made), workload.number, origin, created_at, self.first_stage
        )
        self.entries.append(made)
        self.most_alive = max(self.most_alive, len(self.alive))
        return made

    def _find(self, ref: Ref) -> Entry | None:
        return next(
            (each for each in self.entries if (each.name, each.uid) == (ref.name, ref.uid)), None
        )


def _observation(entry: Entry) -> Observation:
    return Observation(
        name=entry.name,
        uid=entry.uid,
        stage=entry.stage,
        number=entry.number,
        created_at=entry.created_at,
        origin=entry.origin,
    )
