"""A cluster is five calls. An adapter is one folder beside this file that provides them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from runbatch.core.attempt import Evidence, Listing, Patience
from runbatch.core.workload import Workload


def just_begun() -> float:
    """Return the age of a call that nothing holds up."""
    return 0


class Cluster(Protocol):
    """What runbatch asks of a cluster, and what it relies on.

    A name is taken from the moment `submit` takes effect until a deletion is complete; no two live
    workloads share one. A uid names one workload for ever. Every call ends within a time limit.
    Each raises a ClusterError whose kind tells what is known of the outcome.
    """

    @property
    def patience(self) -> Patience:
        """How long this cluster may leave a workload unlisted before it is believed to be gone."""

    @property
    def calls_at_once(self) -> int:
        """How many jobs' evidence and logs it may be asked for side by side."""

    def inherited(self) -> Mapping[str, str]:
        """Return the variables of our process that workloads get; none where they run elsewhere."""

    def list(self, prefix: str) -> Listing:
        """Return every workload whose name begins with `prefix` and a dash, whatever its phase.

        The listing is complete or an error: Unreachable when it was cut short or makes no sense. A
        single workload that cannot be read may be another batch's: it goes to `unreadable`.
        """

    def submit(self, workload: Workload, age_s: Callable[[], float] = just_begun) -> str | None:
        """Start the workload; return its uid if the cluster tells it.

        After a return it exists. After Rejected or NameTaken it was not started. After any other
        ClusterError nobody knows, and only a listing can tell; after Denied it most likely was not.

        `age_s` tells how many seconds ago the call was begun, by taking a slot for it. Once those
        are `patience.grace_s` others may have given up the call, and the slot be another job's: a
        process may have been stopped in between. So it is asked as late as can be, and a call that
        could take effect after the grace is not made: that is Busy.
        """

    def evidence(self, name: str, uid: str) -> Evidence:
        """Return what the cluster knows of how this ended workload ended; nothing is an answer.

        An error may bear what is known all the same (`ClusterError.known`).
        """

    def logs(self, name: str, uid: str) -> Iterator[bytes]:
        """Yield what this workload has printed so far, nothing if it surely printed nothing.

        Where only the end of it can be had, `core.tail.note` stands before that.
        Raises NoLog where the cluster says that there is no log, which may be so only now.
        """

    def delete(self, name: str, uid: str) -> bool:
        """Ask for this very workload to go, running or not; no error when it is gone already.

        Return True only if it is known to be gone by now. Else the name may stay taken for a while,
        and a listing tells when it is free. A workload of the same name and another uid is left
        alone.
        """
