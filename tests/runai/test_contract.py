"""The adapter keeps the cluster contract over the stand-in of each generation.

One of them is called as a real program, the others in this process: each call costs a start.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.incident import InProcess
from tests.runai.rig import QUICK, path_with
from tests.runai_standin import Settings, StandIn

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.runai.program import execute
from runbatch.core.workload import Workload
from runbatch.testing.contract import ClusterContract, make_workload

ENDLESS_S = 1e6


class RunaiRig:
    def __init__(self, folder: Path, kind: str, generation: str, *, in_process: bool) -> None:
        delays = replace(QUICK, running=(20, 30))
        settings = Settings(delays=delays, generation=generation)
        self.standin = StandIn.create(folder / "cluster", settings)
        self._execute = InProcess(self.standin) if in_process else execute
        self._folder = folder
        self._kind = kind

    def cluster(self) -> RunaiCluster:
        return RunaiCluster("talmo-lab", self._kind, execute=self._execute, kubectl_tries=1)

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        settings = self.standin.settings
        if name not in settings.outcomes:
            durations = {**settings.durations_s, name: ENDLESS_S} if endless else {}
            self.standin.change(
                replace(
                    settings,
                    outcomes={**settings.outcomes, name: (exit_code,)},
                    logs={**settings.logs, name: output},
                    durations_s=durations or settings.durations_s,
                )
            )
        return make_workload(name, ("true",), self._folder)

    def let_time_pass(self) -> None:
        self.standin.advance(5)


@pytest.fixture(
    params=[
        ("workspace", "2.25", False),
        ("workspace", "2.18", True),
        ("training", "2.18", True),
        ("training", "3.0", True),
    ],
    ids=["workspace-2.25, a program", "workspace-2.18", "training-2.18", "training-3.0"],
)
def rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunaiRig:
    kind, generation, in_process = request.param
    rig = RunaiRig(tmp_path, kind, generation, in_process=in_process)
    rig.standin.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", path_with(tmp_path / "bin"))
    return rig


class TestContract(ClusterContract):
    pass
