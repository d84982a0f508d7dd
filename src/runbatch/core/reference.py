"""What names one workload in a call: its name, and the cluster's own id of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ref:
    """One workload. `uid` is "" where the cluster has told no id of it.

    `number` and `call` tell which submit made it: the job's attempt, and which call of that. They
    are 0 where no submit of ours did.
    """

    name: str
    uid: str = ""
    number: int = 0
    call: int = 0

    @property
    def tag(self) -> str:
        """Return what a cluster can keep beside a workload, so that its listings name the call."""
        return f"{self.name}/{self.number}.{self.call}"
