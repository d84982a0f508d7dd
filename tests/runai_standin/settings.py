"""What a simulated cluster is made of, and what its jobs are going to do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Span = tuple[float, float]

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Delays:
    """How long each phase lasts, in seconds, as spans from which a seeded number is drawn.

    No measurements are published; the order of magnitude is what sites report. A restart waits
    `backoff_s`, doubled each time, as Kubernetes does.
    """

    creating: Span = (1.0, 3.0)
    pending: Span = (1.0, 5.0)
    initializing: Span = (5.0, 30.0)
    initializing_full: Span = (30.0, 90.0)
    running: Span = (300.0, 1800.0)
    mount_failure: Span = (2.0, 8.0)
    deleting: Span = (3.0, 20.0)
    stopping: Span = (2.0, 10.0)
    preempted: Span = (10.0, 60.0)
    backoff_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Others:
    """Other people's workloads on the same cluster.

    `running` of them run at any time in the batch's project, and `elsewhere` in another project:
    when one ends the next takes its place at once. Besides, `per_hour` arrive in the batch's
    project at random, and queue like everyone. Each has `mounts` host paths. Ended ones stay
    listed for `kept_s`.
    """

    running: int = 0
    elsewhere: int = 0
    per_hour: float = 0.0
    duration_s: Span = (600.0, 7200.0)
    kept_s: float = 3600.0
    mounts: int = 1
    failing: float = 0.1
    names: tuple[str, ...] = ("mchen-notebook-{n}", "jdoe-train-{n}", "nlp-sweep-{n}")


@dataclass(frozen=True, slots=True)
class Settings:
    """One cluster. A time of day counts in seconds since its making, `epoch_s` in Unix time.

    `time_factor` is how many seconds of the cluster pass in one real second; 0 means that time
    stands still until a test moves it. `call_s` is how long a call takes on that clock.
    `nodes` nodes have `slots` places and a table of `mount_table` mounts each (`mount_tables`
    overrides it for named nodes): a workload takes one place, and one entry for each host path.
    `outcomes` gives the exit codes of the starts of one name, in order, the last one for all that
    follow; other names draw from `outcome_rates` (code to share, 0 for the rest). Starts that
    lack their mounts or are evicted use up no outcome. `durations_s`, `logs` and `pinned` (name
    to node) override the seeded run time, the log text and the placement of one name.
    """

    seed: int = 1
    generation: str = "2.25"
    project: str = "talmo-lab"
    default_project: str | None = "talmo-lab"
    epoch_s: float | None = None
    time_factor: float = 0.0
    call_s: float = 0.0
    nodes: int = 8
    slots: int = 16
    mount_table: int = 64
    mount_tables: Mapping[str, int] = field(default_factory=dict)
    packed: bool = False
    auto_deletion_s: float = 30 * DAY_S
    name_limit: int = 63
    delays: Delays = Delays()
    others: Others = Others()
    outcomes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    outcome_rates: Mapping[int, float] = field(default_factory=dict)
    durations_s: Mapping[str, float] = field(default_factory=dict)
    logs: Mapping[str, str] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)

    @property
    def node_names(self) -> tuple[str, ...]:
        """Return the names of the nodes, numbered from 1."""
        return tuple(f"gpu-node{number}" for number in range(1, self.nodes + 1))

    @property
    def modern(self) -> bool:
        """Tell whether the flags of 2.22 and later apply (Run:ai facts, 4)."""
        major, minor = (int(part) for part in self.generation.split(".")[:2])
        return (major, minor) >= (2, 22)


def settings_to_plain(settings: Settings) -> dict[str, Any]:
    """Return the settings as values that JSON can hold."""
    return asdict(settings)


def settings_from_plain(plain: Mapping[str, Any]) -> Settings:
    """Return the settings that `settings_to_plain` was given."""
    values = dict(plain)
    delays = {name: _span(value) for name, value in values["delays"].items()}
    others = {name: _span(value) for name, value in values["others"].items()}
    rates = {int(code): rate for code, rate in values["outcome_rates"].items()}
    values |= {"delays": Delays(**delays), "others": Others(**others), "outcome_rates": rates}
    return Settings(**values)


def _span(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
