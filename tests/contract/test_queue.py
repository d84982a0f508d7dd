"""A batch queue keeps the same contract, though its names are not unique."""

from pathlib import Path

import pytest

from runbatch.core.stage import Stage
from runbatch.core.workload import Workload
from runbatch.testing import QueueCluster
from runbatch.testing.contract import ClusterContract, make_workload


class QueueRig:
    def __init__(self) -> None:
        self._cluster = QueueCluster()
        self._ends: dict[str, tuple[int, bytes, bool]] = {}

    def cluster(self) -> QueueCluster:
        return self._cluster

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        self._ends.setdefault(name, (exit_code, output.encode(), endless))
        return make_workload(name, ("true",), Path())

    def let_time_pass(self) -> None:
        for entry in self._cluster.alive:
            exit_code, output, endless = self._ends[entry.name]
            entry.log = output
            if entry.stage is Stage.QUEUED:
                entry.stage = Stage.RUNNING
            elif not endless:
                self._cluster.end(entry, exit_code, output)


@pytest.fixture
def rig() -> QueueRig:
    return QueueRig()


class TestContract(ClusterContract):
    pass
