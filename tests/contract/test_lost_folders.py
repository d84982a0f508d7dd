"""A local job that runs is known by its processes, whatever becomes of its folder."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.contract.local import LocalRig, is_running, note

from runbatch.clusters.local.cluster import LocalCluster
from runbatch.core.attempt import Observation
from runbatch.core.errors import ClusterError, NameTaken
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload
from runbatch.testing.contract import evidence_of


class LostRig(LocalRig):
    """Remembers the processes it started by their own notes: their folders may be gone."""

    def start(self, name: str = "contract-1", then: str = "time.sleep(600)") -> int:
        """Start a job that notes its process id, and return that."""
        self.cluster().submit(self.noting(name, then))
        return int(self.text(f"{name}.pid"))

    def noting(self, name: str, then: str = "time.sleep(600)") -> Workload:
        return replace(self.python(name, f"{note(f'{name}.pid')}; {then}"), number=3)

    def listed(self, root: str = "root") -> tuple[Observation, ...]:
        return LocalCluster(self.folder / root).list("contract").observations

    def end_all(self) -> None:
        """Kill what is left, by its own notes, and wait for the wrappers."""
        for path in self.folder.glob("*.pid"):
            if is_running(int(path.read_text())):
                os.kill(int(path.read_text()), signal.SIGKILL)
        self.wait(self.have_left)

    def have_left(self) -> bool:
        """Whether no wrapper of ours is left: a listing reaps those that have ended."""
        self.listed()
        children = psutil.Process().children()
        return not any(str(self.folder) in " ".join(words_of(each)) for each in children)


def words_of(process: psutil.Process) -> list[str]:
    """Return what the process was started with; one that has ended has no words any more."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LostRig]:
    rig = LostRig(tmp_path)
    yield rig
    rig.end_all()


@pytest.mark.parametrize("lost", ["root/workloads/contract-1", "root/workloads", "root"])
def test_a_job_that_runs_without_its_folder_is_listed_and_keeps_its_name(
    rig: LostRig, lost: str
) -> None:
    pid = rig.start()
    (before,) = rig.listed()
    shutil.rmtree(rig.folder / lost)
    listing = rig.cluster().list("contract")
    assert listing.observations == (before,)
    assert (before.stage, before.number, listing.proves_absence) == (Stage.RUNNING, 3, True)
    with pytest.raises(NameTaken, match="contract-1 still runs"):
        rig.cluster().submit(rig.workload("contract-1"))
    assert is_running(pid)


def test_a_job_without_its_folder_is_gone_once_it_has_ended(rig: LostRig) -> None:
    pid = rig.start()
    shutil.rmtree(rig.workloads / "contract-1")
    os.kill(pid, signal.SIGKILL)
    rig.wait(lambda: rig.listed() == ())
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)


def test_only_the_description_may_be_gone_too(rig: LostRig) -> None:
    rig.start()
    (before,) = rig.listed()
    (rig.workloads / "contract-1" / "workload.json").unlink()
    listing = rig.cluster().list("contract")
    assert (listing.observations, dict(listing.unreadable)) == ((before,), {})


@pytest.mark.parametrize("lost", ["root/workloads/contract-1", "root"])
def test_deletion_ends_a_job_without_its_folder(rig: LostRig, lost: str) -> None:
    pid = rig.start()
    (before,) = rig.listed()
    shutil.rmtree(rig.folder / lost)
    assert rig.cluster().remove(Ref("contract-1", before.uid))
    rig.wait(lambda: not is_running(pid))
    assert rig.listed() == ()


def test_deletion_ends_a_job_without_its_description(rig: LostRig) -> None:
    pid = rig.start()
    (before,) = rig.listed()
    (rig.workloads / "contract-1" / "workload.json").unlink()
    assert rig.cluster().remove(Ref("contract-1", before.uid))
    rig.wait(lambda: not is_running(pid))


def test_deletion_never_says_gone_while_a_process_lives(
    rig: LostRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = rig.start()
    (before,) = rig.listed()
    shutil.rmtree(rig.workloads / "contract-1")
    # As with a process that waits in the kernel for a disk: it hears of no signal.
    monkeypatch.setattr(os, "killpg", lambda *_: None)
    with pytest.raises(ClusterError, match=f"does not end, even when killed.*{pid}"):
        LocalCluster(rig.folder / "root", grace_s=0).remove(Ref("contract-1", before.uid))


def test_a_state_folder_that_was_moved_takes_its_jobs_and_their_ends_along(rig: LostRig) -> None:
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('go'), True)]; sys.exit(5)"
    rig.start(then=wait)
    (before,) = rig.listed()
    (rig.folder / "root").rename(rig.folder / "moved")
    assert rig.listed("moved") == (before,)
    assert rig.listed("root") == (before,), "a new folder in the place of the old one"
    (rig.folder / "go").touch()
    rig.wait(lambda: rig.listed("moved")[0].stage is Stage.FAILED)
    assert evidence_of(LocalCluster(rig.folder / "moved"), "contract-1", before.uid).exit_code == 5
    assert rig.listed("root") == ()


def test_a_moved_state_folder_knows_its_jobs_without_their_folders(rig: LostRig) -> None:
    rig.start()
    (before,) = rig.listed()
    (rig.folder / "root").rename(rig.folder / "moved")
    shutil.rmtree(rig.folder / "moved" / "workloads")
    assert rig.listed("moved") == (before,)


def test_jobs_of_another_state_folder_are_nothing_to_this_one(rig: LostRig) -> None:
    rig.start()
    assert rig.listed("another") == ()
    LocalCluster(rig.folder / "another").submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.listed("another")[0].stage is Stage.SUCCEEDED)


def test_the_end_of_a_job_is_never_written_into_a_successor_s_folder(rig: LostRig) -> None:
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('go'), True)]"
    pid = rig.start(then=wait)
    wrapper = psutil.Process(pid).ppid()
    shutil.rmtree(rig.workloads / "contract-1")
    (rig.workloads / "contract-1").mkdir()
    (rig.folder / "go").touch()
    rig.wait(lambda: not is_running(wrapper))
    assert list((rig.workloads / "contract-1").iterdir()) == []
