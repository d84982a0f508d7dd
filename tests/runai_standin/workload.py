"""A simulated workload: what was asked for, and what has become of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Any


class Phase(StrEnum):
    """The phases of the REST interface (Run:ai facts, 9), and one for what is not there."""

    CREATING = "Creating"
    PENDING = "Pending"
    INITIALIZING = "Initializing"
    RUNNING = "Running"
    RESUMING = "Resuming"
    DEGRADED = "Degraded"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    DELETING = "Deleting"
    COMPLETED = "Completed"
    FAILED = "Failed"
    GONE = "gone"


ENDED = frozenset({Phase.COMPLETED, Phase.FAILED})


class Step(StrEnum):
    """What is due next for a workload."""

    NOTHING = "nothing"
    PEND = "pend"
    QUEUE = "queue"
    START = "start"
    EXIT = "exit"
    EVICT = "evict"
    LOSE = "lose"
    LIMIT = "limit"
    DEGRADE = "degrade"
    RECOVER = "recover"
    STOPPED = "stopped"
    EXPIRE = "expire"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class HostPath:
    """One `--host-path` (Run:ai facts, 2)."""

    path: str
    mount: str
    propagation: str = "None"
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a submit asked for."""

    name: str
    project: str
    kind: str  # "workspace" or "training"
    owner: str  # "batch" for what came through a call, "other" for other people's
    image: str = ""
    command: str = ""
    arguments: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    host_paths: tuple[HostPath, ...] = ()
    cpu: str = ""
    memory: str = ""
    backoff_limit: int = 6
    restart_policy: str = ""
    auto_deletion_s: float = 0.0
    preemptible: bool = False
    priority: str = ""
    node_pools: tuple[str, ...] = ()
    excluded_nodes: tuple[str, ...] = ()
    submit_command: str = ""
    standing: bool = False  # one of the other people's that are replaced when they end


@dataclass(slots=True)
class Pod:
    """One pod of a workload. The exit code is known here only: no answer ever shows it."""

    name: str
    node: str
    created_s: float
    mounted: bool
    started_s: float | None = None
    ended_s: float | None = None
    exit_code: int | None = None
    phase: str = "Pending"  # Kubernetes words: Pending, Running, Succeeded, Error, Evicted
    restarts: int = 0


@dataclass(slots=True)
class Workload:
    """One workload, from its submission until it is gone."""

    uid: str
    ordinal: int
    generation: int  # how many of this name came before
    request: Request
    created_s: float
    phase: Phase
    phase_since_s: float
    due: Step = Step.NOTHING
    due_s: float | None = None
    waiting_since_s: float | None = None
    node: str | None = None
    run_ends_s: float | None = None
    exit_code: int | None = None  # what the current start is going to end with
    mounts_missing: bool = False
    degraded_s: float = 0.0  # how long it is going to be Degraded in this run
    starts: int = 0
    retries: int = 0
    completed_s: float | None = None
    gone_s: float | None = None
    odd_word: str = ""
    odd_until_s: float = 0.0
    pods: list[Pod] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)
    events: list[tuple[float, str, str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return its name."""
        return self.request.name

    def phase_at(self, moment_s: float) -> Phase | None:
        """Return the phase it was in at a moment, None before it was created."""
        known = [word for since_s, word in self.history if since_s <= moment_s]
        return Phase(known[-1]) if known else None


_FIELDS = attrgetter(*Workload.__slots__)
_POD_FIELDS = attrgetter(*Pod.__slots__)


def copied(workload: Workload) -> Workload:
    """Return the same workload, which can be changed by itself."""
    twin = Workload(*_FIELDS(workload))
    twin.pods = [Pod(*_POD_FIELDS(pod)) for pod in workload.pods]
    twin.history, twin.events = [*workload.history], [*workload.events]
    return twin


def to_plain(workload: Workload) -> dict[str, Any]:
    """Return a workload as values that JSON can hold."""
    plain = {name: getattr(workload, name) for name in Workload.__slots__}
    plain["request"] = [getattr(workload.request, name) for name in Request.__slots__]
    paths = workload.request.host_paths
    plain["request"][Request.__slots__.index("host_paths")] = [
        [getattr(path, name) for name in HostPath.__slots__] for path in paths
    ]
    plain["pods"] = [[getattr(pod, name) for name in Pod.__slots__] for pod in workload.pods]
    return plain


def from_plain(plain: dict[str, Any]) -> Workload:
    """Return the workload that `to_plain` was given."""
    asked = dict(zip(Request.__slots__, plain["request"], strict=True))
    asked["host_paths"] = tuple(HostPath(*path) for path in asked["host_paths"])
    for name in ("environment", "labels"):
        asked[name] = tuple((key, value) for key, value in asked[name])
    for name in ("node_pools", "excluded_nodes"):
        asked[name] = tuple(asked[name])
    plain["request"] = Request(**asked)
    plain["phase"], plain["due"] = Phase(plain["phase"]), Step(plain["due"])
    plain["pods"] = [Pod(*pod) for pod in plain["pods"]]
    plain["history"] = [tuple(entry) for entry in plain["history"]]
    plain["events"] = [tuple(entry) for entry in plain["events"]]
    return Workload(**plain)
