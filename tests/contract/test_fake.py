"""The fake cluster keeps the same contract, so what is proven on it holds on the others."""

import pytest
from tests.contract.ends import Ends

from runbatch.core.stage import Stage
from runbatch.testing import FakeCluster
from runbatch.testing.contract import ClusterContract


class FakeRig(Ends):
    def __init__(self) -> None:
        super().__init__()
        self._cluster = FakeCluster()

    def cluster(self) -> FakeCluster:
        return self._cluster

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
