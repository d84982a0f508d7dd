"""The installed program: a process of its own for each call."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.runai_standin import Answer, Fault, Settings, StandIn, Switches, Trouble
from tests.runai_standin.__main__ import main

from .conftest import Make, phases_by_name, submit

SUBMIT = ("workspace", "submit", "-i", "x:1")


def ran(program: Path, *argv: str, timeout_s: float = 20) -> Answer:
    """Run the program and return what it answered."""
    done = subprocess.run(
        [program, *argv], capture_output=True, encoding="utf-8", timeout=timeout_s, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_the_program_answers_like_a_call_in_this_process(make: Make, tmp_path: Path) -> None:
    standin = make()
    program = standin.install(tmp_path / "a folder")
    assert program.name == "runai"
    assert ran(program, *SUBMIT, "gwas-1", "-e", "A=ä b").exit_code == 0
    assert phases_by_name(standin) == {"gwas-1": "Creating"}
    for words in ("workspace list", "workspace list --json", "workspace list --nonsense"):
        here, there = standin.call(*words.split()), ran(program, *words.split())
        assert (there.exit_code, there.stdout, there.stderr) == (
            here.exit_code,
            here.stdout,
            here.stderr,
        )
    assert len(standin.truth().calls) == 8


def test_the_program_needs_nothing_of_its_surroundings(make: Make, tmp_path: Path) -> None:
    program = make().install(tmp_path / "bin")
    (tmp_path / "json.py").write_text("raise SystemExit(7)")
    done = subprocess.run(
        [program, "version"], env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, check=False
    )
    assert done.returncode == 0


def test_several_processes_may_call_at_once(make: Make, tmp_path: Path) -> None:
    standin = make()
    program = standin.install(tmp_path / "bin")
    submits = [(*SUBMIT, f"gwas-{key % 10}") for key in range(20)]
    running = [
        subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for words in submits
    ]
    codes = [process.wait(timeout=60) for process in running]
    assert sorted(codes) == [0] * 10 + [1] * 10
    truth = standin.truth()
    assert len(truth.live()) == 10
    assert [call.number for call in truth.calls] == list(range(1, 21))


@pytest.mark.parametrize(
    ("trouble", "done"), [(Trouble.KILL_CLIENT_BEFORE, 0), (Trouble.KILL_CLIENT_AFTER, 1)]
)
def test_the_calling_process_is_killed(
    make: Make, tmp_path: Path, trouble: Trouble, done: int
) -> None:
    standin = make(switches=Switches(faults=(Fault(trouble, verbs=("submit",), nth=(2,)),)))
    program = standin.install(tmp_path / "bin")
    client = (
        "import subprocess, sys\n"
        "for name in ('gwas-1', 'gwas-2', 'gwas-3'):\n"
        "    subprocess.run([*sys.argv[1:], name], stdout=subprocess.DEVNULL)\n"
    )
    code = subprocess.run([sys.executable, "-c", client, program, *SUBMIT], check=False).returncode
    assert code == -signal.SIGKILL
    truth = standin.truth()
    assert [truth.created(f"gwas-{key}") for key in (1, 2, 3)] == [1, done, 0]
    assert [call.exit_code for call in truth.calls] == [0, None]


@pytest.mark.parametrize(("trouble", "done"), [(Trouble.HANG_BEFORE, 0), (Trouble.HANG_AFTER, 1)])
def test_a_hanging_call_can_be_given_up_and_holds_no_lock(
    make: Make, tmp_path: Path, trouble: Trouble, done: int
) -> None:
    standin = make(switches=Switches(faults=(Fault(trouble, names=("gwas-1",), seconds=60),)))
    program = standin.install(tmp_path / "bin")
    process = subprocess.Popen([program, *SUBMIT, "gwas-1"], stdout=subprocess.DEVNULL)
    while not standin.truth().calls:
        assert process.poll() is None
    process.kill()
    process.wait()
    assert submit(standin, "gwas-2").exit_code == 0
    truth = standin.truth()
    assert truth.created("gwas-1") == done
    assert truth.calls[0].exit_code == (0 if done else None)


def test_a_hanging_call_goes_on_when_it_is_waited_for(make: Make, tmp_path: Path) -> None:
    faults = (Fault(Trouble.HANG_BEFORE, seconds=0.05), Fault(Trouble.HANG_AFTER, seconds=0.05))
    standin = make(switches=Switches(faults=faults))
    assert ran(standin.install(tmp_path / "bin"), *SUBMIT, "gwas-1").exit_code == 0
    assert standin.truth().created("gwas-1") == 1


def test_a_killed_program_leaves_the_folder_whole(make: Make, tmp_path: Path) -> None:
    standin = make()
    program = standin.install(tmp_path / "bin")
    for delay in range(12):
        process = subprocess.Popen([program, *SUBMIT, f"gwas-{delay}"], stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=0.01 * delay)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    truth = standin.truth()
    done = [call for call in truth.calls if call.effect.startswith("created ")]
    assert {call.name for call in done} == truth.names()
    assert set(phases_by_name(standin)) == truth.names()


def test_time_can_run_faster_than_real(make: Make) -> None:
    standin = make(Settings(time_factor=1e6))
    before = standin.now_s
    submit(standin, "gwas-1")
    assert standin.now_s > before
    standin.advance(86_400)
    assert standin.now_s > before + 86_400
    assert phases_by_name(standin) == {"gwas-1": "Completed"}
    assert standin.unix_s > 1_767_603_600


def test_a_cluster_can_be_made_and_steered_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "cluster")
    main(["make", folder, "--others", "3", "--time-factor", "0", "--generation", "2.18"])
    assert capsys.readouterr().out == f'export PATH="{folder}/bin:$PATH"\n'
    program = tmp_path / "cluster" / "bin" / "runai"
    assert ran(program, *SUBMIT, "gwas-1").exit_code == 0
    main(["move", folder, "100"])
    main(["fault", folder, "busy", "--verb", "list", "--for", "10"])
    assert ran(program, "workspace", "list").exit_code == 1
    main(["move", folder, "10"])
    assert len(json.loads(ran(program, "workload", "list", "--json").stdout)) == 4
    main(["fault", folder, "login-expired"])
    main(["clear", folder])
    capsys.readouterr()
    main(["truth", folder])
    assert capsys.readouterr().out.splitlines() == [
        "time: 110 s",
        "workloads now: {'Running': 1}",
        "most active at once: 1",
        "names ever: 1",
        "calls: {'list': 2, 'submit': 1}",
    ]
    assert StandIn(Path(folder)).switches == Switches()
