"""A cluster in memory: it does what it is told, fails when it is told, and keeps the truth."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from runbatch.clusters.base import NO_HURRY, Deadline
from runbatch.clusters.together import each_of
from runbatch.core.attempt import (
    UNKNOWN_ORIGIN,
    Evidence,
    Listing,
    Observation,
    Origin,
    Patience,
)
from runbatch.core.errors import ClusterError, NameTaken
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload, origin_of

PATIENCE = Patience(grace_s=60, doubt_s=600)


@dataclass
class FakeWorkload:
    """One workload of the fake cluster; tests may change what it is and how it ends."""

    name: str
    uid: str
    number: int
    stage: Stage = Stage.QUEUED
    exit_code: int | None = None
    log: bytes = b""
    origin: Origin = UNKNOWN_ORIGIN


@dataclass
class Fault:
    """An error that the next call of `verb` raises, before or after that call took effect."""

    verb: str
    error: ClusterError
    after_effect: bool = False


@dataclass
class FakeCluster:
    """Workloads that change only when a test says so.

    `calls` is every call with its name argument; `most_active` the largest number of workloads that
    had not ended at once. `instant_delete` False leaves a deleted one in the stage `LEAVING`.
    `unreadable` is what a listing says of workloads that cannot be read, `logged_in` who is
    logged in, and so the owner of what is submitted.
    """

    patience: Patience = PATIENCE
    calls_at_once: int = 1
    live: dict[str, FakeWorkload] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    instant_delete: bool = True
    unreadable: dict[str, str] = field(default_factory=dict)
    logged_in: str = ""
    most_active: int = 0
    _made: int = 0

    def inherited(self) -> Mapping[str, str]:
        """Return no variable."""
        return {}

    def list(self, prefix: str) -> Listing:
        """Return what there is, or raise the fault that is due."""
        with_fault = self._fault("list", prefix)
        observations = tuple(
            Observation(
                name=each.name,
                uid=each.uid,
                stage=each.stage,
                number=each.number,
                origin=each.origin,
            )
            for each in self.live.values()
            if each.name.startswith(f"{prefix}-")
        )
        _raise(with_fault)
        return Listing(
            observations, dict(self.unreadable), self.logged_in, proves_absence=bool(self.live)
        )

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> str:
        """Make the workload, queued."""
        fault = self._fault("submit", workload.name)
        deadline.check(workload.name, self.patience.grace_s)
        if workload.name in self.live:
            raise NameTaken(f"{workload.name} exists already")
        self._made += 1
        origin = origin_of(workload.env, self.logged_in)
        uid = f"uid-{self._made}"
        made = FakeWorkload(workload.name, uid, workload.number, origin=origin)
        self.live[workload.name] = made
        active = sum(not each.stage.ended for each in self.live.values())
        self.most_active = max(self.most_active, active)
        _raise(fault)
        return made.uid

    def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
        """Return the exit codes that the test gave them; `calls` has each by itself."""
        return dict(each_of(self._end_of, refs, 1))

    def _end_of(self, ref: Ref) -> Evidence:
        _raise(self._fault("ends", ref.name))
        found = self._find(ref)
        return Evidence(exit_code=found.exit_code if found else None)

    def log(self, ref: Ref) -> Iterator[bytes]:
        """Yield the log that the test gave it."""
        _raise(self._fault("log", ref.name))
        if found := self._find(ref):
            yield found.log

    def remove(self, ref: Ref) -> bool:
        """Remove the workload, or begin to."""
        fault = self._fault("remove", ref.name)
        if found := self._find(ref):
            found.stage = Stage.LEAVING
            if self.instant_delete:
                del self.live[ref.name]
        _raise(fault)
        return found is None or self.instant_delete

    def end(self, name: str, exit_code: int = 0, log: bytes = b"") -> None:
        """End a workload with this exit code."""
        workload = self.live[name]
        workload.stage = Stage.SUCCEEDED if exit_code == 0 else Stage.FAILED
        workload.exit_code = exit_code
        workload.log = log

    def count(self, verb: str) -> int:
        """Return how often a verb was called."""
        return sum(called == verb for called, _ in self.calls)

    def _find(self, ref: Ref) -> FakeWorkload | None:
        found = self.live.get(ref.name)
        return found if found is not None and found.uid == ref.uid else None

    def _fault(self, verb: str, name: str) -> Fault | None:
        """Note the call; raise its fault now, or return the one to raise after the effect."""
        self.calls.append((verb, name))
        fault = next((each for each in self.faults if each.verb == verb), None)
        if fault is not None:
            self.faults.remove(fault)
            if not fault.after_effect:
                raise fault.error
        return fault


def _raise(fault: Fault | None) -> None:
    if fault is not None:
        raise fault.error
