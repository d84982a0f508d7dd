"""What can go wrong, and what nobody knows for sure, as plain data.

A `Fault` is one trouble with a rate and a time window. `Switches` holds the faults together with
the unconfirmed points of docs/explanation/runai-facts.md, each of which a tool has to live with
either way.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Trouble(StrEnum):
    """One way in which a call, an answer or the cluster can go wrong.

    The value says what happens; in brackets the fields of `Fault` that matter beside the rate.
    """

    # A call is refused before it has an effect (texts: Run:ai facts, 6).
    NOT_LOGGED_IN = "not logged in"
    LOGIN_EXPIRED = "the login has expired"
    DNS_FAILURE = "the control plane cannot be reached"
    BUSY = "503, please try again"
    NO_PERMISSION = "no permission"
    NO_SUCH_PROJECT = "the project is not found"
    POLICY_REFUSAL = "a submit breaks a policy"
    NAME_CONFLICT = "a submit is told that its name is taken, though it is not"
    REFUSED = "any other refusal [text]"

    # The answer does not tell what the call did (Run:ai facts, 13 and 15).
    LOST_ANSWER = "the call takes effect, its answer is an error [text]"
    CONFLICT_WITH_ITSELF = "a submit takes effect, a hidden second try reports the name as taken"
    FALSE_REFUSAL = "a submit takes effect, its answer is a refusal [text]"
    IDLE_DELETE = "a deletion is answered yes and does nothing"
    NO_EFFECT = "the call ends with 0 and does nothing"

    # What is printed is not what is (Run:ai facts, 4, 14, 9 and 11).
    EMPTY_LIST = "a list is empty, exit 0"
    CUT_LIST = "a list ends in the middle of its text"
    STALE_LIST = "a list shows the cluster as it was [seconds] ago"
    LIST_LAG = "a new workload cannot be seen for [seconds]"
    ODD_PHASE = "a list shows some workloads with the phase [text]; the rate is for each row"
    OTHER_ID = "a list shows some workloads under another id; the rate is for each row"
    NO_ID = "a list shows some workloads without an id; the rate is for each row"
    TWO_IDS = "a list shows some workloads twice, first under another id; the rate is for each row"
    NO_LOGS = "logs of an ended workload are gone"

    # The call takes long, or its client dies (real seconds; for crash tests).
    HANG_BEFORE = "the call sleeps [seconds], then takes effect"
    HANG_AFTER = "the call takes effect, then sleeps [seconds]"
    KILL_CLIENT_BEFORE = "the calling process is killed, the call has no effect"
    KILL_CLIENT_AFTER = "the call takes effect, then the calling process is killed"

    # The cluster itself (Run:ai facts, 9, 13, 18, 19 and 20).
    SLOW_DELETE = "a deletion takes [seconds] longer"
    STUCK_DELETE = "a deletion never ends"
    STUCK_PENDING = "a workload is never scheduled"
    STUCK_INITIALIZING = "a container is never created"
    FULL_NODE = "the mount table of a node [names] is full"
    MOUNT_RACE = "a start finds its mounts missing"
    PREEMPTION = "a preemptible workload is evicted in mid-run and queued again"
    EVICTION = "a workload is evicted in mid-run, and has failed"
    STOPPED = "a time limit of the administrator stops a running workload"
    DEGRADED = "a running workload is Degraded for [seconds]"


SUBMIT_ONLY = ("submit",)
LIST_ONLY = ("list",)

DEFAULT_VERBS: Mapping[Trouble, tuple[str, ...]] = {
    Trouble.POLICY_REFUSAL: SUBMIT_ONLY,
    Trouble.NAME_CONFLICT: SUBMIT_ONLY,
    Trouble.LOST_ANSWER: SUBMIT_ONLY,
    Trouble.CONFLICT_WITH_ITSELF: SUBMIT_ONLY,
    Trouble.FALSE_REFUSAL: SUBMIT_ONLY,
    Trouble.IDLE_DELETE: ("delete",),
    Trouble.NO_EFFECT: SUBMIT_ONLY,
    Trouble.EMPTY_LIST: LIST_ONLY,
    Trouble.CUT_LIST: LIST_ONLY,
    Trouble.STALE_LIST: LIST_ONLY,
    Trouble.ODD_PHASE: LIST_ONLY,
    Trouble.OTHER_ID: LIST_ONLY,
    Trouble.NO_ID: LIST_ONLY,
    Trouble.TWO_IDS: LIST_ONLY,
    Trouble.NO_LOGS: ("logs",),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One trouble, how often, and where.

    The window is in seconds of the cluster's time, `until_s` excluded. `verbs` narrows a fault to
    some calls (`submit`, `list`, `describe`, `logs`, `delete`, `suspend`, `resume`, `whoami`,
    `projects`, `version`, `config`); empty means those of `DEFAULT_VERBS`, else all. `nth` narrows
    it to calls by their number since the cluster was made, counted from 1 over the calls named
    by `verbs`, or over all calls without `verbs`. `names` narrows it to workloads (for
    `FULL_NODE`: nodes) of these names; a name that ends in `*` stands for a beginning.
    Faults of the cluster itself know neither verbs nor numbers: they are drawn once for each
    workload, start or deletion, at the moment when it begins.
    """

    trouble: Trouble
    rate: float = 1.0
    from_s: float = 0.0
    until_s: float | None = None
    verbs: tuple[str, ...] = ()
    nth: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    seconds: float = 0.0
    text: str = ""

    def covers(self, now_s: float, name: str = "") -> bool:
        """Tell whether the window is open and the name is meant."""
        if now_s < self.from_s or (self.until_s is not None and now_s >= self.until_s):
            return False
        return not self.names or any(_means(pattern, name) for pattern in self.names)


def _means(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))


class JsonShape(StrEnum):
    """What `--json` prints around the rows of a list (Run:ai facts, 7, unconfirmed)."""

    OBJECT = "workloads"
    BARE = "bare"
    ITEMS = "items"
    DATA = "data"


class Chatter(StrEnum):
    """Where notices of a newer version are printed (Run:ai facts, 16, unconfirmed)."""

    NONE = "none"
    STDOUT = "stdout"
    STDERR = "stderr"


class WorkspaceEnd(StrEnum):
    """What a workspace does when its container ends with 0 (Run:ai facts, 19, unconfirmed)."""

    COMPLETES = "completes"
    NEVER = "never ends"
    RESTARTS = "restarts in place"


@dataclass(frozen=True, slots=True)
class Switches:
    """The faults of a cluster and the answers to what is unconfirmed.

    `json_shape` None means: a bare list for the old generation, an object for the newer ones.
    `training_alias` False makes `runai training VERB` unknown (Run:ai facts, 1).
    `paging_flags` True lets newer generations still take `--limit`, `--offset` (Run:ai facts, 4).
    `shared_names` False lets a workspace and a training have one name (Run:ai facts, 12).
    `backoff_honoured` False retries six times whatever `--backoff-limit` says (Run:ai facts, 18).
    `node_pools_needed` True never schedules a workload without `--node-pools` (Run:ai facts, 20).
    `list_environment` False leaves `environmentVariables` out of the rows (2.3: optional).
    `newest_first` True turns the rows of a list round: their order is not documented.
    """

    faults: tuple[Fault, ...] = ()
    json_shape: JsonShape | None = None
    chatter: Chatter = Chatter.NONE
    workspace_end: WorkspaceEnd = WorkspaceEnd.COMPLETES
    training_alias: bool = True
    paging_flags: bool = False
    shared_names: bool = True
    backoff_honoured: bool = True
    node_pools_needed: bool = False
    list_environment: bool = True
    newest_first: bool = False


def switches_to_plain(switches: Switches) -> dict[str, Any]:
    """Return the switches as values that JSON can hold."""
    return asdict(switches)


def switches_from_plain(plain: Mapping[str, Any]) -> Switches:
    """Return the switches that `switches_to_plain` was given."""
    values = dict(plain)
    shape = values["json_shape"]
    return Switches(
        faults=tuple(_fault_from_plain(fault) for fault in values.pop("faults")),
        json_shape=JsonShape(shape) if shape else None,
        chatter=Chatter(values["chatter"]),
        workspace_end=WorkspaceEnd(values["workspace_end"]),
        **{k: v for k, v in values.items() if isinstance(v, bool)},
    )


def _fault_from_plain(plain: Mapping[str, Any]) -> Fault:
    values = dict(plain)
    for name in ("verbs", "nth", "names"):
        values[name] = tuple(values[name])
    return Fault(**{**values, "trouble": Trouble(values["trouble"])})
