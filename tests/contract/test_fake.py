"""The fake cluster keeps the same contract, so what is proven on it holds on the others."""

from pathlib import Path

import pytest

from runbatch.core.stage import Stage
from runbatch.core.workload import Workload
from runbatch.testing import FakeCluster
from runbatch.testing.contract import ClusterContract, make_workload


class FakeRig:
    def __init__(self) -> None:
        self._cluster = FakeCluster()
        self._ends: dict[str, tuple[int, bytes, bool]] = {}

    def cluster(self) -> FakeCluster:
        return self._cluster

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        self._ends.setdefault(name, (exit_code, output.encode(), endless))
        return make_workload(name, ("true",), Path())

    def let_time_pass(self) -> None:
        for workload in self._cluster.live.values():
            exit_code, output, endless = self._ends[workload.name]
            workload.log = output
            if workload.stage is Stage.QUEUED:
                workload.stage = Stage.RUNNING
            elif not endless and not workload.stage.ended:
                self._cluster.end(workload.name, exit_code, output)


@pytest.fixture
def rig() -> FakeRig:
    return FakeRig()


class TestContract(ClusterContract):
    pass
