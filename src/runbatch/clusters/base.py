"""A cluster is five calls. An adapter is one folder beside this file that provides them."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from runbatch.core.attempt import Evidence, Listing, Patience
from runbatch.core.errors import Busy, ClusterError
from runbatch.core.reference import Ref
from runbatch.core.workload import Workload


def just_begun() -> float:
    """Return the age of a call that nothing holds up."""
    return 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when a call may be made. `age_s` tells how long ago a slot was taken for it.

    After the grace others may have given up the call, and the slot be another job's: a process may
    have been stopped in between. So an adapter checks as late as it can.
    """

    age_s: Callable[[], float] = just_begun

    def left_s(self, limit_s: float) -> float:
        """Return how much of the limit is left, less than 0 once it is over."""
        return limit_s - self.age_s()

    def check(self, name: str, limit_s: float) -> None:
        """Raise Busy if the call to submit this workload is that old."""
        if self.left_s(limit_s) <= 0:
            what = f"the call to submit {name} was held up for {limit_s:g} s"
            raise Busy(f"{what} and given up.")


NO_HURRY = Deadline()


class Cluster(Protocol):
    """What runbatch asks of a cluster, and what it relies on.

    A uid names one workload for ever. Where names are unique (`patience.names_unique`), a name is
    taken from the moment `submit` takes effect until the workload is gone; no two live ones share
    it. Every call ends within a time limit. Each raises a ClusterError whose kind tells what is
    known of the outcome.
    """

    @property
    def patience(self) -> Patience:
        """How long this cluster may leave a workload unlisted before it is believed to be gone."""

    @property
    def calls_at_once(self) -> int:
        """How many logs and removals it may be asked for side by side."""

    def inherited(self) -> Mapping[str, str]:
        """Return the variables of our process that workloads get; none where they run elsewhere."""

    def list(self, prefix: str) -> Listing:
        """Return every workload whose name begins with `prefix` and a dash, whatever its stage.

        The listing is complete or an error: Unreachable when it was cut short or makes no sense. A
        single workload that cannot be read may be another batch's: it goes to `unreadable`.
        """

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> str | None:
        """Start the workload; return its uid if the cluster tells it.

        After a return it exists. After Rejected or NameTaken it was not started. After any other
        ClusterError nobody knows, and only a listing can tell; after Denied it most likely was not.
        A call that could take effect after `patience.grace_s` is not made: that is Busy.
        """

    def ends(self, refs: Collection[Ref]) -> Mapping[Ref, Evidence | ClusterError]:
        """Return for each of these ended workloads what the cluster knows of how it ended.

        Nothing is an answer too. An error may bear what is known all the same
        (`ClusterError.known`); that of one workload hides nothing of the others. What is raised
        stands for all of them.
        """

    def log(self, ref: Ref) -> Iterator[bytes]:
        """Yield what this workload has printed so far, nothing if it surely printed nothing.

        Raises NoLog where the cluster says that there is no log, which may be so only now.
        """

    def remove(self, ref: Ref) -> bool:
        """Ask for this very workload to go, running or not; no error when it is gone already.

        Return True only if it is known to be gone by now. Else it may be there for a while, and a
        listing tells when it is not. A workload of the same name and another uid is left alone.
        """
