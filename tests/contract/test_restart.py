"""What a restart of the machine leaves on disk, and what the listing makes of it."""

import json
import os
from pathlib import Path

import pytest
from tests.contract.local import LocalRig

from runbatch.core.stage import Stage

HERE = os.uname().nodename


@pytest.mark.parametrize(
    ("boot", "was_restarted"),
    [
        ({"machine": HERE, "id": "another"}, True),
        ({"machine": "another", "id": "another"}, False),
        ({"machine": HERE}, False),
        (None, False),
    ],
    ids=["another start", "another machine", "its start is not told", "older than this record"],
)
def test_only_another_start_of_this_machine_is_a_restart(
    tmp_path: Path, boot: dict[str, str] | None, *, was_restarted: bool
) -> None:
    rig = LocalRig(tmp_path)
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    path = rig.workloads / "contract-1"
    told = json.loads((path / "workload.json").read_text())
    (path / "workload.json").write_text(json.dumps({**told, "boot": boot}))
    # An end that was recorded stands, whatever came after it.
    listing = rig.cluster().list("contract")
    assert (len(listing.observations), listing.restarted) == (1, frozenset())
    (path / "exit.json").unlink()
    listing = rig.cluster().list("contract")
    assert listing.observations == ()
    assert listing.restarted == (frozenset({told["uid"]}) if was_restarted else frozenset())


def test_what_died_under_this_start_was_ended_by_no_restart(tmp_path: Path) -> None:
    rig = LocalRig(tmp_path)
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    (rig.workloads / "contract-1" / "exit.json").unlink()
    assert rig.cluster().list("contract").restarted == frozenset()


def test_a_workload_is_on_the_disk_by_its_name_before_its_submit_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, synced, fsync = LocalRig(tmp_path), list[str](), os.fsync

    def noting(file: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", noting)
    rig.cluster().submit(rig.workload("contract-1"))
    assert synced[-1] == str(rig.workloads)
    assert any("/new/" in path and not path.endswith(".new") for path in synced)
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
