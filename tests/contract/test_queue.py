"""A batch queue keeps the same contract, though its names are not unique."""

import pytest
from tests.contract.ends import Ends

from runbatch.core.stage import Stage
from runbatch.testing import QueueCluster
from runbatch.testing.contract import ClusterContract


class QueueRig(Ends):
    def __init__(self) -> None:
        super().__init__()
        self._cluster = QueueCluster()

    def cluster(self) -> QueueCluster:
        return self._cluster

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
