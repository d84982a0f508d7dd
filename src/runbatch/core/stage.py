"""Where a workload is: the core's own words, whatever a cluster calls it.

Each adapter says which stage one of its cluster's words stands for. Slots, history, colours and
words all go by `Attempt.stage`; the cluster's own word is shown to people, and never decided on.
"""

from enum import Enum


class Stage(Enum):
    """The first eight are what a listing shows; the last three are what only the ledger knows.

    `HELD`: somebody suspended it, and it may go on at any moment. `LEAVING`: it is being deleted.
    `UNKNOWN`: the cluster says a word that nobody knows. `RESERVED`: a slot is held for it, no
    more. `SUBMITTED`: it was called, and no listing has shown it yet. `IN_DOUBT`: listings showed
    it, the last one did not, and its end was not seen.
    """

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    HELD = "held"
    LEAVING = "leaving"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RESERVED = "reserved"
    SUBMITTED = "submitted"
    IN_DOUBT = "in doubt"

    @property
    def ended(self) -> bool:
        """Whether this is an end. Only two are: what is held may go on, and no word is no end."""
        return self in (Stage.SUCCEEDED, Stage.FAILED)

    @property
    def is_before_running(self) -> bool:
        """Whether its command is not known to have begun."""
        return self in (Stage.QUEUED, Stage.STARTING)
