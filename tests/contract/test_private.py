"""The state is one user's alone, and what lies in it is what we put there."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.contract.local import LocalRig

from runbatch.clusters.local.cluster import LocalCluster
from runbatch.core.errors import ClusterError, Rejected, Unreachable
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.ledger.archive import save
from runbatch.ledger.store import Ledger

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def rig(tmp_path: Path) -> LocalRig:
    return LocalRig(tmp_path)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path, *, of_files: bool = False) -> set[int]:
    """Return the modes of this folder and of all below it."""
    found = [folder, *folder.rglob("*")]
    return {stat.S_IMODE(each.stat().st_mode) for each in found if each.is_file() is of_files}


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o277])
def test_every_folder_of_a_local_cluster_is_ours_alone_whatever_the_umask(
    rig: LocalRig, mask: int
) -> None:
    cluster = LocalCluster(rig.folder / "root" / "clusters" / "local")
    with umask(mask):
        uid = cluster.submit(rig.workload("contract-1"))
    rig.wait(lambda: cluster.list("contract").observations[0].stage is Stage.SUCCEEDED)
    assert modes(rig.folder / "root") == {0o700}
    assert modes(rig.folder / "root", of_files=True) <= {0o600, 0o400}
    with umask(mask):
        cluster.remove(Ref("contract-1", uid))
    assert modes(rig.folder / "root") == {0o700}


@pytest.mark.parametrize("mask", [0o000, 0o002])
def test_every_folder_of_a_ledger_is_ours_alone_whatever_the_umask(
    tmp_path: Path, mask: int
) -> None:
    with umask(mask):
        Ledger(tmp_path / "state" / "local" / "test").close()
        save(tmp_path / "state" / "local" / "test" / "logs", "1", 1, "log", b"")
    assert modes(tmp_path / "state") == {0o700}


def test_a_state_that_an_older_version_left_open_is_closed(rig: LocalRig) -> None:
    for name in ("", "new", "workloads", "gone"):
        (rig.folder / "root" / name).mkdir(exist_ok=True)
        (rig.folder / "root" / name).chmod(0o775)
    uid = rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    rig.cluster().remove(Ref("contract-1", uid))
    assert modes(rig.folder / "root") == {0o700}


@pytest.mark.parametrize("name", ["names.lock", "id.new", "new", "workloads"])
def test_a_planted_link_is_not_followed(rig: LocalRig, name: str) -> None:
    (rig.folder / "root").mkdir(mode=0o700)
    (rig.folder / "theirs").mkdir()
    victim = rig.folder / "theirs" if name in ("new", "workloads") else rig.folder / "file"
    (rig.folder / "root" / name).symlink_to(victim)
    with pytest.raises(Rejected, match=f"contract-1 cannot be started: .*{name}"):
        rig.cluster().submit(rig.workload("contract-1"))
    assert list((rig.folder / "theirs").iterdir()) == []
    assert not (rig.folder / "file").exists()
    assert rig.phase("contract-1") is None


@pytest.mark.parametrize("name", ["workload.json", "exit.json", "log", "alive.lock"])
def test_nothing_is_read_through_a_link(rig: LocalRig, name: str) -> None:
    uid = rig.cluster().submit(rig.workload("contract-1", output="secret"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    path = rig.workloads / "contract-1" / name
    path.rename(rig.folder / "elsewhere")
    path.symlink_to(rig.folder / "elsewhere")
    if name == "log":
        with pytest.raises(Unreachable, match="contract-1 cannot be read"):
            list(rig.cluster().log(Ref("contract-1", uid)))
    else:
        assert list(rig.cluster().list("contract").unreadable) == ["contract-1"]


def test_a_link_in_the_place_of_a_workload_is_none(rig: LocalRig) -> None:
    uid = rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    (rig.workloads / "contract-1").rename(rig.folder / "elsewhere")
    (rig.workloads / "contract-1").symlink_to(rig.folder / "elsewhere")
    assert "it is a link" in rig.cluster().list("contract").unreadable["contract-1"]
    with pytest.raises(Unreachable, match="it is a link"):
        rig.cluster().remove(Ref("contract-1", uid))
    assert (rig.folder / "elsewhere" / "log").exists()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a folder away, and be another user")
def test_a_folder_of_another_user_is_refused(
    rig: LocalRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rig.folder / "root").mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(Rejected, match="another user's"):
        rig.cluster().submit(rig.workload("contract-1"))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_one_clear_error(
    rig: LocalRig, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_lock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    (rig.workloads.parent).mkdir()
    (rig.workloads.parent / "names.lock").touch()
    monkeypatch.setattr(fcntl, "flock", no_lock)
    calls = (
        lambda: rig.cluster().submit(rig.workload("contract-1")),
        lambda: rig.cluster().list("contract"),
    )
    for call in calls:
        with pytest.raises(ClusterError, match=r"without file locks.*choose another with --state"):
            call()
    assert not list(rig.folder.rglob("alive.lock"))
