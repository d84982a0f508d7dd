"""One call: what was typed, and the faults that hit it."""

from collections.abc import Callable
from dataclasses import dataclass

from .cluster import Cluster
from .errors import NOT_FOUND, CallError, project_not_found
from .others import ELSEWHERE
from .parse import Parsed
from .switches import DEFAULT_VERBS, Fault, Trouble
from .workload import Workload

_LOCAL_VERBS = ("version", "config")
_ABOUT_THE_CLIENT = frozenset(
    {
        Trouble.HANG_BEFORE,
        Trouble.HANG_AFTER,
        Trouble.KILL_CLIENT_BEFORE,
        Trouble.KILL_CLIENT_AFTER,
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call prints and ends with, and in the truth's words what it did.

    `pause_s` is how long it sleeps after its effect; `kills_client` asks the program to kill the
    process that called it, instead of answering.
    """

    exit_code: int | None = 0
    stdout: str = ""
    stderr: str = ""
    effect: str = ""
    pause_s: float = 0.0
    kills_client: bool = False


@dataclass(slots=True)
class Call:
    """One call on a cluster. `number` counts all calls from 1."""

    cluster: Cluster
    parsed: Parsed
    number: int
    argv: list[str]
    owner: str
    gone_since: Callable[[float], list[Workload]]
    kept_back: bool = False  # the call shall look done and do nothing (Trouble.NO_EFFECT)

    @property
    def verb(self) -> str:
        """Return the verb of the call."""
        return self.parsed.command.verb

    @property
    def name(self) -> str:
        """Return the first workload name typed, empty without one."""
        return self.parsed.names[0] if self.parsed.names else self.parsed.text("name")

    def project(self) -> str:
        """Return the project meant, or raise CallError if there is none of that name."""
        settings = self.cluster.settings
        project = self.parsed.text("project", settings.default_project or "")
        if not project:
            raise CallError("project is not set")  # unconfirmed text
        if project not in (settings.project, ELSEWHERE):
            raise CallError(project_not_found(project))
        return project

    def fault(self, trouble: Trouble) -> Fault | None:
        """Return the first fault of this kind that hits this call: one draw for each call."""
        cluster = self.cluster
        for index, fault in enumerate(cluster.switches.faults):
            if fault.trouble is not trouble or not fault.covers(cluster.now_s, self.name):
                continue
            if not self._is_meant(fault):
                continue
            if cluster.chance.happens(fault.rate, "call", index, trouble.value, self.number):
                cluster.count(trouble)
                return fault
        return None

    def _is_meant(self, fault: Fault) -> bool:
        """Tell whether a fault is about this verb, and about this one among its calls."""
        verbs = fault.verbs or DEFAULT_VERBS.get(fault.trouble, ())
        is_local = self.verb in _LOCAL_VERBS and fault.trouble not in _ABOUT_THE_CLIENT
        if (verbs and self.verb not in verbs) or (not verbs and is_local):
            return False
        if not fault.nth:
            return True
        calls = self.cluster.tally.calls
        return sum(calls.get(verb, 0) for verb in verbs or calls) in fault.nth

    def is_visible(self, workload: Workload) -> bool:
        """Tell whether the interface shows a workload yet (Run:ai facts, 13)."""
        cluster, uid = self.cluster, workload.uid
        for index, fault in enumerate(cluster.switches.faults):
            if fault.trouble is not Trouble.LIST_LAG or workload.request.owner != "batch":
                continue
            is_new = cluster.now_s < workload.created_s + fault.seconds
            hits = fault.covers(workload.created_s, workload.name)
            if is_new and hits and cluster.chance.happens(fault.rate, "lag", index, uid):
                cluster.count(Trouble.LIST_LAG)
                return False
        return True

    def workload(self, missing: str = NOT_FOUND) -> Workload:
        """Return the workload that was named, by name or by uid, or raise CallError."""
        uid = self.parsed.text("uuid")
        kind = self.parsed.command.kind or self.parsed.text("type")
        if uid:
            found = self.cluster.workloads.get(uid)
        elif self.name:
            found = self.cluster.named(self.project(), self.name, kind)
        else:
            raise CallError("workload name is required")  # unconfirmed text
        if found is None or not self.is_visible(found):
            raise CallError(missing)
        return found
