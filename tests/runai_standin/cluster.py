"""The simulated cluster: its workloads, its clock, and the agenda of what is due.

The simulation is event-driven: `advance` lets everything happen that is due, in the order of
time, so that one long step and many short ones end in the same state. What happens at each step
stands in `lifecycle`, what people ask for in `orders`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heapify, heappop, heappush

from .chance import Chance
from .settings import Settings
from .switches import Fault, Switches, Trouble
from .workload import Phase, Step, Workload


class Deed(StrEnum):
    """What a person or the platform may do to a workload, outside of any call."""

    DELETE = "delete"
    ERASE = "erase"  # gone at once, without a Deleting phase
    SUSPEND = "suspend"
    RESUME = "resume"
    PREEMPT = "preempt"
    RESTART = "restart"  # runs again although it had ended
    FINISH = "finish"  # ends now, with `code`
    SHOW = "show"  # shows `word` as its phase for `seconds`


@dataclass(frozen=True, slots=True)
class Plot:
    """A deed done to the workload of a name at a given second of the cluster's time."""

    at_s: float
    deed: Deed
    name: str
    word: str = ""
    seconds: float = 0.0
    code: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """One phase change: a line of the truth."""

    at_s: float
    uid: str
    name: str
    project: str
    owner: str
    phase: Phase


@dataclass(slots=True)
class Tally:
    """What is counted over the whole life of a cluster, and what is due besides workloads."""

    now_s: float = 0.0
    workloads: int = 0
    others: int = 0
    arrivals: int = 0
    next_arrival_s: float | None = None
    created: dict[str, int] = field(default_factory=dict)
    outcomes_used: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    struck: dict[str, int] = field(default_factory=dict)  # how often which trouble hit
    plots: list[Plot] = field(default_factory=list)


class Cluster:
    """All that is the case at one moment.

    `dirty` holds the workloads that changed and `changes` the new lines of the truth since the
    cluster was loaded: what has to be saved.
    """

    def __init__(self, settings: Settings, switches: Switches, tally: Tally) -> None:
        self.settings = settings
        self.switches = switches
        self.tally = tally
        self.chance = Chance(settings.seed)
        self.workloads: dict[str, Workload] = {}
        self.dirty: dict[str, Workload] = {}
        self.changes: list[Change] = []
        self._agenda: list[tuple[float, int, str]] = []

    @property
    def now_s(self) -> float:
        """Return the seconds since the cluster was made."""
        return self.tally.now_s

    # -- the agenda ---------------------------------------------------------------------------

    def adopt(self, workloads: list[Workload]) -> None:
        """Take over saved workloads, and put on the agenda what is due for them."""
        self.workloads = {workload.uid: workload for workload in workloads}
        self._agenda = [(w.due_s, w.ordinal, w.uid) for w in workloads if w.due_s is not None]
        self._agenda += [(plot.at_s, -1, "") for plot in self.tally.plots]
        if self.tally.next_arrival_s is not None:
            self._agenda.append((self.tally.next_arrival_s, -2, ""))
        heapify(self._agenda)

    def due(self, workload: Workload, step: Step, delay_s: float = 0.0) -> None:
        """Make a step the one and only next one of a workload, some seconds from now."""
        workload.due = step
        workload.due_s = None if step is Step.NOTHING else round(self.now_s + delay_s, 3)
        if workload.due_s is not None:
            heappush(self._agenda, (workload.due_s, workload.ordinal, workload.uid))
        self.dirty[workload.uid] = workload

    def remind(self, at_s: float, ordinal: int) -> None:
        """Put something that is not a workload's step on the agenda: -1 a plot, -2 an arrival."""
        heappush(self._agenda, (at_s, ordinal, ""))

    def advance(
        self,
        until_s: float,
        step: Callable[["Cluster", Workload], None],
        besides: Callable[["Cluster"], None],
    ) -> None:
        """Let everything happen that is due until a moment, and make it now.

        Time never runs backwards: a moment that has passed changes nothing.
        """
        while self._agenda and self._agenda[0][0] <= until_s:
            at_s, _, uid = heappop(self._agenda)
            self.tally.now_s = max(self.now_s, at_s)
            workload = self.workloads.get(uid)
            if workload is not None and workload.due_s == at_s:
                step(self, workload)
            elif not uid:
                besides(self)
        self.tally.now_s = max(self.now_s, until_s)

    # -- changing a workload ------------------------------------------------------------------

    def enter(self, workload: Workload, phase: Phase) -> None:
        """Put a workload into a phase and write that into the truth."""
        workload.phase, workload.phase_since_s = phase, self.now_s
        workload.history.append((self.now_s, phase.value))
        self.dirty[workload.uid] = workload
        asked = workload.request
        self.changes.append(
            Change(self.now_s, workload.uid, asked.name, asked.project, asked.owner, phase)
        )

    def note(self, workload: Workload, reason: str, message: str, warning: bool = False) -> None:
        """Add an event to a workload (Run:ai facts, 10)."""
        word = "Warning" if warning else "Normal"
        workload.events.append((self.now_s, word, reason, message))

    def remove(self, workload: Workload) -> None:
        """Take a workload away: its name is free from now on."""
        self.enter(workload, Phase.GONE)
        workload.gone_s, workload.node, workload.waiting_since_s = self.now_s, None, None
        self.due(workload, Step.NOTHING)
        del self.workloads[workload.uid]

    # -- asking ------------------------------------------------------------------------------

    def named(self, project: str, name: str, kind: str = "") -> Workload | None:
        """Return the live workload of a name, of one kind if that is given."""
        for workload in self.workloads.values():
            asked = workload.request
            if asked.name == name and asked.project == project and kind in ("", asked.kind):
                return workload
        return None

    def strikes(self, trouble: Trouble, workload: Workload, *purpose: object) -> Fault | None:
        """Return the fault that hits a workload now, if any: one draw for each purpose.

        Only the batch's workloads are hit, so that other people's stay the background they are.
        """
        if workload.request.owner != "batch":
            return None
        return self.struck(trouble, workload.name, workload.uid, *purpose)

    def struck(self, trouble: Trouble, name: str, *purpose: object) -> Fault | None:
        """Return the first fault of this kind that covers now and the name, and whose draw hits."""
        for index, fault in enumerate(self.switches.faults):
            if fault.trouble is not trouble or not fault.covers(self.now_s, name):
                continue
            if self.chance.happens(fault.rate, "fault", index, trouble.value, *purpose):
                self.count(trouble)
                return fault
        return None

    def count(self, trouble: Trouble) -> None:
        """Count a trouble that hit."""
        self.tally.struck[trouble.value] = self.tally.struck.get(trouble.value, 0) + 1
