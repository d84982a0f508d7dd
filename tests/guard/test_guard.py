"""The guard in real shells, over real mounts."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.guard.shells import SHELLS, Container, need, need_mounts

from runbatch.clusters.shell.guard import LINES

PYTHON = sys.executable


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    need(SHELLS[request.param][0])
    need_mounts()
    return str(request.param)


def python(text: str) -> list[str]:
    return [PYTHON, "-I", "-c", text]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 255])
def test_it_ends_as_the_command_ended_and_says_so_last(
    shell: str, tmp_path: Path, code: int
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    container = Container(shell, tmp_path, (str(data),))
    ended = container.run(python(f"print('no end', end=''); raise SystemExit({code})"), str(data))
    assert (ended.code, ended.err) == (code, "")
    assert ended.out == f"no end\nrunbatch: exit code {code}\n"


def test_a_command_that_is_killed_ends_with_137(shell: str, tmp_path: Path) -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    ended = Container(shell, tmp_path).run(python(kill))
    assert (ended.code, ended.last_line) == (137, "runbatch: exit code 137")


def test_a_command_that_is_not_there_ends_with_127(shell: str, tmp_path: Path) -> None:
    ended = Container(shell, tmp_path).run(["no-such-program"])
    assert (ended.code, ended.last_line) == (127, "runbatch: exit code 127")


@pytest.mark.parametrize(
    "name",
    ["data", "two  blanks", "tab\there", "line\nbreak", "quo'te\"s", "$(id) $HOME", "*", "ümläut"],
)
def test_a_mount_is_found_whatever_its_name(shell: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.mkdir()
    ended = Container(shell, tmp_path, (str(path),)).run(python("print('ran')"), str(path))
    assert (ended.code, ended.out.split("\n")[0]) == (0, "ran")


def test_a_mount_behind_a_link_is_found(shell: str, tmp_path: Path) -> None:
    (tmp_path / "run" / "data").mkdir(parents=True)
    (tmp_path / "var").symlink_to(tmp_path / "run")
    container = Container(shell, tmp_path, (str(tmp_path / "run" / "data"),))
    assert container.run(python(""), str(tmp_path / "var" / "data")).code == 0


@pytest.mark.parametrize("path", ["{}/data/", "/{}/data", "{}/./data"])
def test_another_way_to_write_a_path_is_no_other_path(
    shell: str, tmp_path: Path, path: str
) -> None:
    (tmp_path / "data").mkdir()
    container = Container(shell, tmp_path, (str(tmp_path / "data"),))
    assert container.run(python(""), path.format(tmp_path)).code == 0


def test_a_file_that_is_mounted_below_a_link_is_found(shell: str, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").symlink_to(tmp_path / "run")
    file = tmp_path / "run" / "key"
    file.write_text("")
    container = Container(shell, tmp_path, bound=(str(file),))
    assert container.run(python(""), str(tmp_path / "var" / "key")).code == 0
    missing = container.run(python(""), str(tmp_path / "var" / "other"))
    assert (missing.code, missing.last_line) == (2, "runbatch: exit code 2")


@pytest.mark.parametrize("missing", ["data", "data/deeper", "dat", "nowhere"])
def test_what_is_no_mount_point_is_told_and_nothing_is_run(
    shell: str, tmp_path: Path, missing: str
) -> None:
    """A folder like it, beside it, in it or above it is not it."""
    for each in ("data", "data2", "dat", "outputs"):
        (tmp_path / each).mkdir()
    path = str(tmp_path / missing)
    mounted = (str(tmp_path / "outputs"), str(tmp_path / "data2"))
    ran = tmp_path / "outputs" / "ran"
    touch = python(f"open({str(ran)!r}, 'w'); print('ran')")
    ended = Container(shell, tmp_path, mounted).run(touch, str(tmp_path / "outputs"), path)
    assert ended.out == (
        f"[ERROR] INFRASTRUCTURE MOUNT FAILURE: {path} is not a mount point\n"
        "\nrunbatch: exit code 2\n"
    )
    assert ended.code == 2


def test_every_word_reaches_the_command_as_it_is(shell: str, tmp_path: Path) -> None:
    words = [
        "",
        " ",
        "a  b",
        "*",
        "?",
        "'",
        '"',
        "$HOME",
        "$(id)",
        "`id`",
        "\\n",
        "a\nb",
        "-n",
        ";",
    ]
    ended = Container(shell, tmp_path).run(
        [*python("import sys; print(sys.argv[1:])"), *words], "/proc"
    )
    assert ended.out.split("\n")[0] == repr(words)


# Short names that a shell text likes to use, and that a batch may have given to something else.
NAMES = "job path real found point told code again end id root rest i x name key dir file n"


def test_the_command_is_told_just_what_the_batch_told_it(shell: str, tmp_path: Path) -> None:
    given = {name: f"{name} of the batch" for name in NAMES.split()}
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    container = Container(shell, tmp_path)
    told = json.loads(container.run(python(show), "/proc", env=given).out.split("\n")[0])
    # These a shell sets by itself.
    for name in ("PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"):
        told.pop(name, None)
    assert told == {**given, "PATH": container.path()}


def test_a_request_to_end_reaches_the_command_which_ends_as_it_likes(
    shell: str, tmp_path: Path
) -> None:
    """Kubernetes asks the first process only, which is the guard's shell."""
    wait = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    process = Container(shell, tmp_path).start(python(wait), "/proc")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (7, "\nrunbatch: exit code 7\n")


def test_where_mounts_cannot_be_looked_up_the_command_runs_and_says_so(
    shell: str, tmp_path: Path
) -> None:
    ended = Container(shell, tmp_path, ("/proc",)).run(["sh", "-c", "echo ran"], "/data")
    warning = "[WARN] runbatch: no /proc/self/mountinfo here, so mounts are not checked"
    assert ended.out == f"{warning}\nran\n\nrunbatch: exit code 0\n"


def test_the_text_has_no_fault_that_shellcheck_knows(tmp_path: Path) -> None:
    script = tmp_path / "guard.sh"
    script.write_text(f"#!/bin/sh\n{LINES}")
    shellcheck = Path(PYTHON).with_name("shellcheck")
    done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
