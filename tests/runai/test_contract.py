"""The adapter keeps the cluster contract over the stand-in, called as a real program."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.runai.rig import QUICK, path_with

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.core.workload import Workload
from runbatch.testing.contract import ClusterContract, make_workload
from runbatch.testing.runai import Settings, StandIn

ENDLESS_S = 1e6


class RunaiRig:
    def __init__(self, folder: Path, kind: str, generation: str) -> None:
        delays = replace(QUICK, running=(20, 30))
        settings = Settings(delays=delays, generation=generation)
        self.standin = StandIn.create(folder / "cluster", settings)
        self.bin = folder / "bin"
        self.standin.install(self.bin)
        self._folder = folder
        self._kind = kind

    def cluster(self) -> RunaiCluster:
        return RunaiCluster("talmo-lab", self._kind, kubectl_tries=1)

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
        ("workspace", "2.18"),
        ("workspace", "2.25"),
        ("training", "2.18"),
        ("training", "3.0"),
    ],
    ids="-".join,
)
def rig(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunaiRig:
    kind, generation = request.param
    rig = RunaiRig(tmp_path, kind, generation)
    monkeypatch.setenv("PATH", path_with(rig.bin))
    return rig


class TestContract(ClusterContract):
    pass
