"""The local cluster keeps the contract, with real processes; and a few promises of its own."""

import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from tests.contract.local import LIMIT_S, LocalRig, is_running, note

from runbatch.clusters.base import Deadline
from runbatch.clusters.local.cluster import LocalCluster
from runbatch.clusters.local.preflight import lacking
from runbatch.core.attempt import Attempt, Cause
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.errors import Busy, ClusterError, NameTaken, Rejected
from runbatch.core.reference import Ref
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload
from runbatch.deletions import ask_to_go
from runbatch.testing.contract import ClusterContract, evidence_of, make_workload


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[LocalRig]:
    rig = LocalRig(tmp_path)
    yield rig
    for observation in rig.cluster().list("contract").observations:
        rig.cluster().remove(Ref(observation.name, observation.uid))


class TestContract(ClusterContract):
    pass


def test_deletion_asks_politely_first(rig: LocalRig) -> None:
    polite = "signal.signal(signal.SIGTERM, lambda *_: (open('bye', 'w').write('bye'), sys.exit()))"
    rig.cluster().submit(rig.python("contract-1", f"{polite}; {note('pid')}; time.sleep(600)"))
    rig.text("pid")
    rig.cluster().remove(Ref("contract-1", rig.uid("contract-1")))
    assert rig.text("bye") == "bye"
    assert rig.phase("contract-1") is None


def test_deletion_kills_what_does_not_listen_and_all_its_children(rig: LocalRig) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = f"{deaf}; os.fork() or (os.setsid(), {note('child')}, time.sleep(600))"
    rig.cluster().submit(rig.python("contract-1", f"{child}; {note('parent')}; time.sleep(600)"))
    pids = [int(rig.text(name)) for name in ("parent", "child")]
    rig.cluster().remove(Ref("contract-1", rig.uid("contract-1")))
    rig.wait(lambda: not any(is_running(pid) for pid in pids))
    assert list(rig.workloads.iterdir()) == []


def test_what_a_job_leaves_behind_ends_with_it(rig: LocalRig) -> None:
    child = f"os.fork() or ({note('child')}, time.sleep(600))"
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('child'), True)]"
    rig.cluster().submit(rig.python("contract-1", f"{child}; {wait}"))
    pid = int(rig.text("child"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    rig.wait(lambda: not is_running(pid))


def test_a_job_whose_wrapper_was_killed_still_runs(rig: LocalRig) -> None:
    rig.cluster().submit(
        rig.python("contract-1", f"{note('pid')}; open('ppid', 'w').write(str(os.getppid()));"
                   "time.sleep(600)")
    )  # fmt: skip
    pid, wrapper = int(rig.text("pid")), int(rig.text("ppid"))
    os.kill(wrapper, signal.SIGKILL)
    rig.wait(lambda: not is_running(wrapper))
    assert rig.phase("contract-1") is Stage.RUNNING
    with pytest.raises(NameTaken):
        rig.cluster().submit(rig.workload("contract-1"))
    os.kill(pid, signal.SIGKILL)
    rig.wait(lambda: rig.phase("contract-1") is None)


def test_a_job_of_which_only_the_lock_is_left_is_not_taken_for_gone(rig: LocalRig) -> None:
    # Its wrapper was killed, its environment is another, and its description was purged.
    script = f"open('ppid', 'w').write(str(os.getppid())); {note('pid')}"
    rig.cluster().submit(
        rig.python("contract-1", f"{script}; os.execve('/bin/sleep', ['sleep', '600'], {{}})")
    )
    pid, path = int(rig.text("pid")), rig.workloads / "contract-1"
    rig.wait(lambda: psutil.Process(pid).name() == "sleep")
    os.kill(int(rig.text("ppid")), signal.SIGKILL)
    uid, description = rig.uid("contract-1"), (path / "workload.json").read_text()
    (path / "workload.json").unlink()
    rig.wait(lambda: rig.phase("contract-1") is None)  # until the wrapper is gone
    listing = rig.cluster().list("contract")
    assert "the job still runs" in listing.unreadable["contract-1"]
    with pytest.raises(NameTaken):
        rig.cluster().submit(rig.workload("contract-1"))
    with pytest.raises(ClusterError, match=f"does not end.*processes.* {pid}"):
        rig.cluster().remove(Ref("contract-1", uid))
    assert is_running(pid)
    (path / "workload.json").write_text(description)
    os.kill(pid, signal.SIGKILL)
    rig.wait(lambda: rig.phase("contract-1") is None)


@pytest.mark.parametrize("left", ["exit.json", "log"])
def test_what_is_left_of_a_folder_does_not_keep_its_name_for_ever(rig: LocalRig, left: str) -> None:
    path = rig.workloads / "contract-1"
    path.mkdir(parents=True)
    (path / left).write_text('{"exit_code": 0, "signal": null, "ended_at": "2026-01-01T00:00:00Z"}')
    assert rig.cluster().list("contract").observations == ()
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)


def test_after_a_reboot_what_ran_is_gone_and_what_ended_is_known(rig: LocalRig) -> None:
    # What a reboot leaves: the files, and nobody who holds the lock.
    rig.cluster().submit(rig.workload("contract-1", exit_code=5))
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    dead = rig.workloads / "contract-2"
    dead.mkdir()
    (dead / "workload.json").write_text(
        json.dumps({"name": "contract-2", "uid": "u", "attempt": 1, "mounts": {}})
    )
    (dead / "alive.lock").touch()

    assert rig.phase("contract-1") is Stage.FAILED
    assert evidence_of(rig.cluster(), "contract-1", rig.uid("contract-1")).exit_code == 5
    assert rig.phase("contract-2") is None
    rig.cluster().submit(rig.workload("contract-2"))
    rig.wait(lambda: rig.phase("contract-2") is Stage.SUCCEEDED)


@pytest.mark.parametrize("content", [b"", bytes(80)], ids=["empty", "zeros"])
@pytest.mark.parametrize("file", ["exit.json", "workload.json"])
def test_what_a_power_loss_left_empty_keeps_no_name(
    rig: LocalRig, file: str, content: bytes
) -> None:
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    (rig.workloads / "contract-1" / file).write_bytes(content)
    listing = rig.cluster().list("contract")
    assert (listing.observations, listing.unreadable) == ((), {})
    rig.cluster().submit(rig.workload("contract-1"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)


def test_a_process_that_got_the_number_of_a_dead_job_is_not_mistaken_for_it(rig: LocalRig) -> None:
    # The job dies with its wrapper, and its number and its name go to a stranger: what lives is
    # told by the lock alone, and whom to signal by the uid in a process's own environment.
    rig.cluster().submit(rig.python("contract-1", f"{note('pid')}; time.sleep(600)"))
    job = psutil.Process(int(rig.text("pid")))
    uid = rig.uid("contract-1")
    words = [*job.cmdline()[:-1], "import time; time.sleep(600)"]
    for process in (job.parent(), job):
        assert process is not None
        process.kill()
    rig.wait(lambda: not is_running(job.pid))
    with subprocess.Popen(words, env={**os.environ, "RUNBATCH_KEY": "1"}) as stranger:
        assert rig.phase("contract-1") is None
        rig.cluster().remove(Ref("contract-1", uid))
        assert stranger.poll() is None
        stranger.kill()


def test_death_by_a_signal_is_told_from_an_exit_code(rig: LocalRig) -> None:
    rig.cluster().submit(rig.python("contract-1", "os.kill(os.getpid(), 9)"))
    rig.cluster().submit(rig.python("contract-2", "sys.exit(137)"))
    rig.cluster().submit(rig.python("contract-3", "sys.exit(143)"))
    names = [f"contract-{key}" for key in (1, 2, 3)]
    rig.wait(lambda: all(rig.phase(name) is Stage.FAILED for name in names))
    first, second, third = (evidence_of(rig.cluster(), name, rig.uid(name)) for name in names)
    assert (first.exit_code, first.reason) == (137, "killed by SIGKILL")
    assert (second.exit_code, second.reason) == (137, "killed by SIGKILL, says its exit code")
    assert (first.cause, first.signal) == (second.cause, second.signal) == (Cause.SIGNAL, "SIGKILL")
    assert (third.cause, third.signal, third.reason) == (Cause.EXIT, None, None)


def test_local_knows_whether_a_mount_was_missing(rig: LocalRig, tmp_path: Path) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.mkdir()
    for key, mounts in enumerate([(), (Mount(str(there), "/a"),), (Mount(str(gone), "/b"),)], 1):
        workload = rig.python(f"contract-{key}", "sys.exit(2)")
        rig.cluster().submit(with_mounts(workload, mounts))
    names = [f"contract-{key}" for key in (1, 2, 3)]
    rig.wait(lambda: all(rig.phase(name) is Stage.FAILED for name in names))
    found = [evidence_of(rig.cluster(), name, rig.uid(name)) for name in names]
    assert [(each.exit_code, each.mounts_held) for each in found] == [
        (2, True), (2, True), (2, False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "name"), [(36, "signal 36"), (63, "signal 63"), (64, "SIGRTMAX")]
)
def test_the_end_by_a_real_time_signal_is_recorded_as_well(
    rig: LocalRig, number: int, name: str
) -> None:
    # Python knows only the first and the last of these by name.
    rig.cluster().submit(rig.python("contract-1", f"os.kill(os.getpid(), {number})"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    evidence = evidence_of(rig.cluster(), "contract-1", rig.uid("contract-1"))
    assert (evidence.exit_code, evidence.reason) == (128 + number, f"killed by {name}")


def test_a_mount_without_its_folder_is_the_infrastructure_s_fault(rig: LocalRig) -> None:
    workload = rig.workload("contract-1")
    mounts = (Mount("nowhere", "/data"), Mount(str(rig.folder), "/outputs"))
    rig.cluster().submit(with_mounts(workload, mounts))
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    uid = rig.uid("contract-1")
    assert evidence_of(rig.cluster(), "contract-1", uid).exit_code == 2
    log = b"".join(rig.cluster().log(Ref("contract-1", uid))).decode()
    assert log.splitlines() == [
        "[ERROR] INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point",
        "[ERROR] Infrastructure failure detected (exit code 2) - retryable",
    ]


def test_a_job_is_told_where_its_mounts_are(rig: LocalRig) -> None:
    program = "print(os.environ['RUNBATCH_MOUNT_MY_DATA'])"
    workload = with_mounts(rig.python("contract-1", program), (Mount(".", "/my/data"),))
    rig.cluster().submit(workload)
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    log = b"".join(rig.cluster().log(Ref("contract-1", rig.uid("contract-1"))))
    assert log.decode().strip() == str(rig.folder)


def test_a_job_runs_in_the_folder_that_it_asks_for(rig: LocalRig) -> None:
    (rig.folder / "work").mkdir()
    workload = rig.python("contract-1", "print(os.getcwd())")
    rig.cluster().submit(replace(workload, run=replace(workload.run, working_dir="work")))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    log = b"".join(rig.cluster().log(Ref("contract-1", rig.uid("contract-1"))))
    assert log.decode().strip() == str(rig.folder / "work")


def test_what_a_job_s_folder_lacks_is_seen_before_it_is_started(tmp_path: Path) -> None:
    run = Run(command=("./job",), working_dir="work")
    batch = Batch(prefix="gwas", keys=("1",), run=run, folder=tmp_path)
    assert list(lacking(batch)) == [
        "working_dir: work is no folder here",
        f"command: there is no program {tmp_path}/work/job here",
    ]
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "job").touch(mode=0o755)
    assert list(lacking(batch)) == []


def test_a_folder_that_is_not_there_is_refused_for_good(rig: LocalRig) -> None:
    workload = make_workload("contract-1", ("true",), rig.folder / "nowhere")
    with pytest.raises(Rejected, match=f"No such file or directory: '{rig.folder}/nowhere'"):
        rig.cluster().submit(workload)
    assert rig.phase("contract-1") is None


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [("no-such-program", 127, "no such program"), ("/", 126, "Permission denied")],
)
def test_a_command_that_cannot_run_ends_as_in_a_container(
    rig: LocalRig, program: str, code: int, said: str
) -> None:
    rig.cluster().submit(make_workload("contract-1", (program,), rig.folder))
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    uid = rig.uid("contract-1")
    assert evidence_of(rig.cluster(), "contract-1", uid).exit_code == code
    assert said in b"".join(rig.cluster().log(Ref("contract-1", uid))).decode()


def with_mounts(workload: Workload, mounts: tuple[Mount, ...]) -> Workload:
    return replace(workload, run=replace(workload.run, mounts=mounts))


def test_a_job_without_its_environment_can_be_deleted_too(rig: LocalRig) -> None:
    script = f"{note('pid')}; os.execve('/bin/sleep', ['sleep', '600'], {{}})"
    rig.cluster().submit(rig.python("contract-1", script))
    pid = int(rig.text("pid"))
    rig.cluster().remove(Ref("contract-1", rig.uid("contract-1")))
    rig.wait(lambda: not is_running(pid))
    assert rig.phase("contract-1") is None


def test_jobs_that_do_not_listen_are_asked_together_and_end_together(rig: LocalRig) -> None:
    """Each ends only once all of them were asked: the first is not killed before that."""
    names = [f"contract-{key}" for key in "123"]
    for name in names:
        asked = f"open('asked-{name}', 'w').close()"
        all_are = f"all(os.path.exists('asked-' + name) for name in {names})"
        listen = f"signal.signal(signal.SIGTERM, lambda *_: {asked})"
        wait = f"[time.sleep(0.01) for _ in iter(lambda: {all_are}, True)]"
        end = f"open('ended-{name}', 'w').close()"
        rig.cluster().submit(
            rig.python(name, f"{listen}; open('ready-{name}', 'w').close(); {wait}; {end}")
        )
    for name in names:
        rig.wait((rig.folder / f"ready-{name}").exists)
    running = [
        Attempt(key=name[-1], number=1, reserved_at=datetime.now(UTC), uid=rig.uid(name))
        for name in names
    ]
    patient = LocalCluster(rig.folder / "root", grace_s=LIMIT_S)
    answers = dict(ask_to_go([running], "contract", patient))
    assert list(answers.values()) == [True, True, True]
    assert all((rig.folder / f"ended-{name}").exists() for name in names)


def test_what_left_the_group_of_a_job_ends_with_it_too(rig: LocalRig) -> None:
    start = "subprocess.Popen([sys.executable, '-c', child], start_new_session=True)"
    child = f"import os, time; {note('child')}; time.sleep(600)"
    wait = "[time.sleep(0.01) for _ in iter(lambda: os.path.exists('child'), True)]"
    rig.cluster().submit(
        rig.python("contract-1", f"import subprocess; child = {child!r}; {start}; {wait}")
    )
    pid = int(rig.text("child"))
    rig.wait(lambda: rig.phase("contract-1") is Stage.SUCCEEDED)
    rig.wait(lambda: not is_running(pid))


@contextmanager
def names_held(rig: LocalRig) -> Iterator[None]:
    rig.workloads.parent.mkdir(exist_ok=True)
    with (rig.workloads.parent / "names.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_somebody_who_holds_the_names_is_not_waited_for_for_ever(rig: LocalRig) -> None:
    cluster = LocalCluster(rig.folder / "root", names_limit_s=0)
    rig.cluster().submit(rig.workload("contract-1", exit_code=5))
    rig.wait(lambda: rig.phase("contract-1") is Stage.FAILED)
    uid = rig.uid("contract-1")
    with names_held(rig):
        for call in (
            lambda: cluster.submit(rig.workload("contract-2")),
            lambda: cluster.remove(Ref("contract-1", uid)),
            # A name that is just being taken must not be missed.
            lambda: cluster.list("contract"),
        ):
            with pytest.raises(Busy, match=r"names\.lock for 0 s\."):
                call()
    assert len(cluster.list("contract").observations) == 1


def test_a_call_does_not_wait_for_the_names_beyond_the_grace(rig: LocalRig) -> None:
    grace_s = rig.cluster().patience.grace_s
    with names_held(rig), pytest.raises(Busy, match=r"names\.lock"):
        rig.cluster().submit(rig.workload("contract-1"), Deadline(lambda: grace_s - 0.01))


def test_a_call_that_is_stopped_while_it_waits_for_the_names_starts_nothing(rig: LocalRig) -> None:
    # Young when it comes to wait, too old when it goes on: a process may be stopped in between.
    ages = iter([0, rig.cluster().patience.grace_s])
    with pytest.raises(Busy, match="to submit contract-1 was held up for 2 s and given up"):
        rig.cluster().submit(rig.workload("contract-1"), Deadline(lambda: next(ages)))
    assert rig.phase("contract-1") is None
    assert list((rig.workloads.parent / "new").iterdir()) == []
