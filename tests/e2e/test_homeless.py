"""Places where no state can be kept: one message that says what to do, and no traceback."""

import os
import shutil
import subprocess
from collections.abc import Sequence

import pytest
from tests.e2e.shell import RUNBATCH, Journal, Shell, toml

COMMANDS = [
    ("check",),
    ("submit", "--yes"),
    ("retry", "--yes"),
    ("delete", "--all", "--yes"),
    ("status",),
    ("audit",),
    ("logs", "1"),
    ("report", "-o", "-"),
]
UNKNOWN_UID = 54321
_HOMES = ("HOME", "XDG_STATE_HOME", "RUNBATCH_STATE_DIR")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_file_in_the_place_of_the_state_folder(
    shell: Shell, journal: Journal, words: Sequence[str]
) -> None:
    shell.write(toml(journal.command()))
    shell.state.touch()
    done = shell.read(*words)
    told = f"Error: --state-dir: {shell.state} is a file; name a folder.\n"
    assert (done.code, done.out, done.err) == (2, "", told)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("below", ["local", "clusters/local/workloads"])
def test_a_file_in_the_place_of_a_folder_below_it(
    shell: Shell, journal: Journal, words: Sequence[str], below: str
) -> None:
    shell.write(toml(journal.command()))
    in_the_way = shell.state / below
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    done = shell.read(*words)
    told = (
        f"Error: {in_the_way} is in the place of a folder. "
        "Move it away, or name another folder with --state-dir.\n"
    )
    assert (done.code, done.out, done.err) == (1, "", told)
    assert journal.begun() == []


def test_another_state_folder_is_no_way_out_once_there_is_a_ledger(shell: Shell) -> None:
    shell.write(toml(["true"], last=1))
    assert shell.submit().code == 0
    shutil.rmtree(shell.state / "clusters")
    (shell.state / "clusters").touch()
    done = shell.read("status")
    told = f"Error: {shell.state / 'clusters'} is in the place of a folder. Move it away.\n"
    assert (done.code, done.out, done.err) == (1, "", told)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_user_whom_the_system_does_not_know(
    shell: Shell, journal: Journal, words: Sequence[str]
) -> None:
    shell.write(toml(journal.command()))
    done = run_as_unknown(shell, *words)
    told = "Error: --state-dir: this user has no home folder, so name a folder for the state.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


def test_that_user_with_a_state_folder_needs_no_home(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=0), last=1))
    words = ("submit", "--yes", "--wait", "--poll-interval", "0.1")
    done = run_as_unknown(shell, *words, "--state-dir", str(shell.state))
    assert done.returncode == 0, done.stderr
    assert journal.begun() == ["1"]


def test_run_ai_for_that_user(shell: Shell) -> None:
    cluster = 'image = "busybox"\n[cluster]\nkind = "runai"\nproject = "p"\n'
    shell.write(toml(["true"], more=cluster))
    words = ("submit", "--yes", "--state-dir", str(shell.state))
    done = run_as_unknown(shell, *words, PATH="/nowhere")
    assert 'the program "runai" is not there' in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def run_as_unknown(shell: Shell, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user whom no file of users names, and without HOME."""
    program = shutil.which("unshare") or "unshare"
    as_unknown = [program, "--user", f"--map-user={UNKNOWN_UID}"]
    try:
        subprocess.run([*as_unknown, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a user namespace cannot be made here")
    plain = {name: value for name, value in os.environ.items() if name not in _HOMES}
    return subprocess.run(
        [*as_unknown, RUNBATCH, *words],
        cwd=shell.folder,
        env={**plain, **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
