"""What is read of a local workload is its own, and what cannot be read is the cluster's trouble."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from tests.contract.local import LIMIT_S, LocalRig

from runbatch.clusters.local.cluster import LocalCluster
from runbatch.core.errors import NameTaken, Unreachable
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.testing.contract import evidence_of

Seen = TypeVar("Seen")


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LocalRig]:
    rig = LocalRig(tmp_path)
    yield rig
    for observation in rig.cluster().list("contract").observations:
        rig.cluster().remove(Ref(observation.name, observation.uid))


class Swap:
    """Puts a workload (uid `new`) in the place of another (uid `old`) while that one is looked at.

    Whoever reads the old one's description has to wait for it, at a pipe; by the time it comes, the
    folder is another.
    """

    def __init__(self, rig: LocalRig) -> None:
        self._rig = rig
        self._path = rig.workloads / "contract-1"
        self._old = self._make(self._path, "old", code=2)
        self._make(rig.folder / "new", "new", code=0)
        (self._path / "workload.json").unlink()
        os.mkfifo(self._path / "workload.json")

    def during(self, look: Callable[[], Seen]) -> Seen:
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(look)
            with (self._path / "workload.json").open("w") as pipe:
                self._path.rename(self._rig.folder / "old")
                (self._rig.folder / "new").rename(self._path)
                pipe.write(self._old)
            return seen.result(LIMIT_S)

    def _make(self, path: Path, uid: str, *, code: int) -> str:
        path.mkdir(parents=True)
        (path / "alive.lock").touch()
        (path / "log").write_text(f"the log of {uid}")
        end = {"exit_code": code, "signal": None, "ended_at": "2026-01-05T09:30:00+00:00"}
        (path / "exit.json").write_text(json.dumps(end))
        described = json.dumps({"name": "contract-1", "uid": uid, "attempt": 1, "mounts": {}})
        (path / "workload.json").write_text(described)
        return described


def test_a_listing_never_gives_a_workload_the_end_of_its_successor(rig: LocalRig) -> None:
    (seen,) = Swap(rig).during(lambda: rig.cluster().list("contract").observations)
    assert (seen.uid, seen.stage) == ("new", Stage.SUCCEEDED)


def test_the_evidence_of_a_workload_is_never_that_of_its_successor(rig: LocalRig) -> None:
    evidence = Swap(rig).during(lambda: evidence_of(rig.cluster(), "contract-1", "old"))
    assert evidence.exit_code is None


def test_the_log_of_a_workload_is_never_that_of_its_successor(rig: LocalRig) -> None:
    log = Swap(rig).during(lambda: b"".join(rig.cluster().log(Ref("contract-1", "old"))))
    assert log == b""


LOOKS: dict[str, Callable[[LocalCluster, str], object]] = {
    "evidence": lambda cluster, uid: evidence_of(cluster, "contract-1", uid),
    "logs": lambda cluster, uid: list(cluster.log(Ref("contract-1", uid))),
}


@pytest.mark.parametrize(
    ("call", "in_the_way"),
    [("evidence", "workloads/contract-1/exit.json"), ("logs", "workloads/contract-1/log")],
)
def test_a_file_that_cannot_be_read_is_the_clusters_trouble(
    rig: LocalRig, call: str, in_the_way: str
) -> None:
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    uid = rig.uid("contract-1")
    path = rig.workloads.parent / in_the_way
    path.unlink()
    path.mkdir()
    with pytest.raises(Unreachable, match=path.name):
        LOOKS[call](rig.cluster(), uid)
    path.rmdir()


def test_a_folder_that_cannot_be_removed_is_the_clusters_trouble(rig: LocalRig) -> None:
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    uid = rig.uid("contract-1")
    (rig.workloads.parent / "gone").touch()
    with pytest.raises(Unreachable, match=r"contract-1 cannot be read or changed: .*gone"):
        rig.cluster().remove(Ref("contract-1", uid))
    (rig.workloads.parent / "gone").unlink()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("workload.json", "{"),
        ("workload.json", "[]"),
        ("workload.json", '{"name": "contract-1", "uid": 5, "attempt": 1}'),
        ("workload.json", '{"name": "contract-1", "attempt": 1}'),
        ("exit.json", "{}"),
        ("exit.json", '{"exit_code": "0", "signal": null, "ended_at": "2026-01-05T09:30:00"}'),
        ("exit.json", '{"exit_code": 0, "signal": null, "ended_at": "soon"}'),
    ],
)
def test_what_is_damaged_is_never_a_traceback(rig: LocalRig, file: str, text: str) -> None:
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    uid = rig.uid("contract-1")
    whole = (rig.workloads / "contract-1" / file).read_text()
    (rig.workloads / "contract-1" / file).write_text(text)
    assert list(rig.cluster().list("contract").unreadable) == ["contract-1"]
    with pytest.raises(Unreachable):
        evidence_of(rig.cluster(), "contract-1", uid)
    with pytest.raises((Unreachable, NameTaken)):
        rig.cluster().submit(rig.workload("contract-1"))
    (rig.workloads / "contract-1" / file).write_text(whole)
    assert rig.phase("contract-1") is Stage.SUCCEEDED
