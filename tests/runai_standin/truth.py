"""What really happened on a cluster: the record that tests compare a tool's belief with."""

from collections.abc import Callable
from functools import cached_property

from .cluster import Change
from .store import CallMade, Opened
from .workload import ENDED, Phase, Workload

Member = Callable[[str], bool]


class Truth:
    """The phase changes and calls of a cluster until a moment, in the order they happened.

    Where a `member` is taken, it tells by name which workloads are meant; None means all that
    were submitted through calls, other people's not included.
    """

    def __init__(
        self,
        changes: tuple[Change, ...],
        calls: tuple[CallMade, ...],
        workloads: tuple[Workload, ...],
    ) -> None:
        self.changes = changes
        self.calls = calls
        self.workloads = workloads

    @cached_property
    def batch_changes(self) -> tuple[Change, ...]:
        """Return the changes of what was submitted through calls."""
        return tuple(change for change in self.changes if change.owner == "batch")

    def _of(self, member: Member | None) -> tuple[Change, ...]:
        if member is None:
            return self.batch_changes
        return tuple(change for change in self.changes if member(change.name))

    def max_active(self, member: Member | None = None, ended_deleting: bool = True) -> int:
        """Return the largest number that were active at once: in any phase but Completed, Failed.

        Gone ones are not counted. With `ended_deleting` False neither are those that had ended
        before they were deleted: they hold a name, but run nothing.
        """
        active: set[str] = set()
        ended: set[str] = set()
        largest = 0
        for change in self._of(member):
            if change.phase in ENDED:
                ended.add(change.uid)
            harmless = change.uid in ended and not ended_deleting
            if change.phase in ENDED or change.phase is Phase.GONE or harmless:
                active.discard(change.uid)
            else:
                active.add(change.uid)
            largest = max(largest, len(active))
        return largest

    def history(self, name: str) -> list[tuple[float, str, Phase]]:
        """Return the changes of all workloads of a name as (second, uid, phase)."""
        return [(c.at_s, c.uid, c.phase) for c in self.changes if c.name == name]

    def phases(self, name: str) -> list[Phase]:
        """Return the phases that a name went through."""
        return [phase for _, _, phase in self.history(name)]

    def created(self, name: str) -> int:
        """Return how many workloads of a name there ever were."""
        return len({change.uid for change in self.changes if change.name == name})

    def names(self, member: Member | None = None) -> set[str]:
        """Return all names that there ever were."""
        return {change.name for change in self._of(member)}

    def live(self, member: Member | None = None) -> dict[str, Phase]:
        """Return the phase of each name that is there now."""
        last: dict[str, Change] = {change.uid: change for change in self._of(member)}
        return {c.name: c.phase for c in last.values() if c.phase is not Phase.GONE}

    def overlapping(self, member: Member | None = None) -> set[str]:
        """Return the names that two workloads had at once: empty when all is well."""
        holders: dict[str, set[str]] = {}
        doubled: set[str] = set()
        for change in self._of(member):
            uids = holders.setdefault(change.name, set())
            if change.phase is Phase.GONE:
                uids.discard(change.uid)
            else:
                uids.add(change.uid)
            if len(uids) > 1:
                doubled.add(change.name)
        return doubled

    def exit_codes(self, name: str) -> list[int | None]:
        """Return the exit code of each pod of a name in order, None for what was cut short."""
        return [pod.exit_code for w in self.workloads if w.name == name for pod in w.pods]

    def nodes(self, name: str) -> list[str]:
        """Return the node of each pod of a name, in order."""
        return [pod.node for w in self.workloads if w.name == name for pod in w.pods]

    def calls_of(self, verb: str) -> list[CallMade]:
        """Return the calls of one verb."""
        return [call for call in self.calls if call.verb == verb]


def read_truth(opened: Opened) -> Truth:
    """Return the truth of a cluster as it was saved last."""
    with opened() as store:
        workloads = sorted(store.workloads(), key=lambda w: w.ordinal)
        return Truth(store.changes(), store.calls(), tuple(workloads))
