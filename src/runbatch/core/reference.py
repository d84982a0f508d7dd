"""What names one workload in a call: its name, and the cluster's own id of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ref:
    """One workload. `uid` is "" where the cluster has told no id of it."""

    name: str
    uid: str = ""
