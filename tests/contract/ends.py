"""How the workloads of a fake cluster end, for the rigs of the contract."""

from pathlib import Path

from runbatch.core.workload import Workload
from runbatch.testing.contract import make_workload


class Ends:
    """The half of a rig that is alike for each fake: `_ends` is how each name ends."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[int, bytes, bool]] = {}

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        self._ends.setdefault(name, (exit_code, output.encode(), endless))
        return make_workload(name, ("true",), Path())
