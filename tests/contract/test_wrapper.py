"""The wrapper of a local workload records the end, whatever stands in its way."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.contract.local import LocalRig, is_running, note

from runbatch.clusters.records import wrapper
from runbatch.clusters.records.folder import WorkloadFolder
from runbatch.core.stage import Stage
from runbatch.testing.contract import evidence_of

IS_ROOT = os.geteuid() == 0
# Without these root is like anybody else: a folder's mode counts, and whose a process is.
POWERS = ("dac_override", "dac_read_search", "kill")
POWERLESS = ("setpriv", f"--bounding-set={','.join(f'-{power}' for power in POWERS)}")


@pytest.fixture
def rig(tmp_path: Path) -> LocalRig:
    return LocalRig(tmp_path)


@contextmanager
def wrapped(rig: LocalRig, program: str) -> Iterator[psutil.Popen]:
    """Run the wrapper around a Python program, as a user who may not do everything."""
    folder = WorkloadFolder(rig.workloads / "contract-1")
    lock = folder.create({"name": "contract-1", "uid": "u", "attempt": 1, "mounts": {}})
    python = [*(POWERLESS if IS_ROOT else ()), sys.executable, "-I", "-S", wrapper.__file__]
    process = psutil.Popen(
        [*python, str(folder.path), str(lock), *rig.python("contract-1", program).run.command],
        cwd=rig.folder,
        pass_fds=[lock],
        start_new_session=True,
    )
    os.close(lock)
    yield process
    for each in (*process.children(recursive=True), process):
        each.kill()
    process.wait()


def has_tried(process: psutil.Popen) -> bool:
    """Whether the command is over, and the wrapper waits before it tries again, or has gone."""
    if not is_running(process.pid):
        return True
    return not process.children() and process.status() == psutil.STATUS_SLEEPING


def unreadable(folder: Path) -> Callable[[], None]:
    folder.chmod(0)
    return lambda: folder.chmod(0o700)


def in_the_way(folder: Path) -> Callable[[], None]:
    (folder / "exit.json.new").mkdir()
    return (folder / "exit.json.new").rmdir


@pytest.mark.parametrize("obstacle", [unreadable, in_the_way])
def test_an_end_that_cannot_be_written_is_not_lost(
    rig: LocalRig, obstacle: Callable[[Path], Callable[[], None]]
) -> None:
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('go'), True)]"
    with wrapped(rig, f"{note('pid')}; {wait}; sys.exit(5)") as process:
        rig.text("pid")
        clear_away = obstacle(rig.workloads / "contract-1")
        (rig.folder / "go").touch()
        rig.wait(lambda: has_tried(process))
        clear_away()
        assert rig.phase("contract-1") is Stage.RUNNING
        rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    assert evidence_of(rig.cluster(), "contract-1", "u").exit_code == 5


def test_a_wrapper_whose_workload_was_removed_by_hand_ends(rig: LocalRig) -> None:
    with wrapped(rig, f"{note('pid')}; time.sleep(600)") as process:
        job = int(rig.text("pid"))
        (rig.workloads / "contract-1").rename(rig.folder / "elsewhere")
        os.kill(job, signal.SIGKILL)
        rig.wait(lambda: not is_running(process.pid))


@pytest.mark.skipif(not IS_ROOT, reason="only root can make a process of another user")
def test_the_end_of_a_command_that_became_another_user_is_recorded(rig: LocalRig) -> None:
    # As `sudo` does: its process cannot be signalled by us, not even when it is over.
    with wrapped(rig, "os.setuid(65534); sys.exit(5)") as process:
        rig.wait(lambda: not is_running(process.pid))
    assert rig.phase("contract-1") is Stage.FAILED
    assert evidence_of(rig.cluster(), "contract-1", "u").exit_code == 5


@pytest.mark.skipif(not IS_ROOT, reason="only root can make a process of another user")
def test_asking_in_vain_to_end_does_not_end_the_wrapper(rig: LocalRig) -> None:
    rig.folder.chmod(0o755)
    change = "file = open('changed', 'w'); os.setuid(65534); print('so', file=file, flush=True)"
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('go'), True)]"
    with wrapped(rig, f"{change}; {wait}") as process:
        rig.text("changed")
        process.terminate()
        rig.wait(lambda: not signal_is_pending(process.pid, signal.SIGTERM))
        (rig.folder / "go").touch()
        rig.wait(lambda: not is_running(process.pid))
    assert rig.phase("contract-1") is Stage.SUCCEEDED


def test_whoever_ignores_the_ends_of_children_still_has_them_recorded(rig: LocalRig) -> None:
    # A program that started us may ignore SIGCHLD, as `trap '' CHLD` does in bash: it is inherited,
    # and the system then forgets how a child ended.
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        rig.cluster().submit(rig.workload("contract-1", exit_code=5))
    finally:
        signal.signal(signal.SIGCHLD, before)
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    uid = rig.uid("contract-1")
    assert evidence_of(rig.cluster(), "contract-1", uid).exit_code == 5


def signal_is_pending(pid: int, number: int) -> bool:
    """Whether the process has yet to hear of a signal."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(("SigPnd", "ShdPnd")) and int(line.split()[1], 16) >> (number - 1) & 1:
            return True
    return False
