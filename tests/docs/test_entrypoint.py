"""The entrypoint of the docs, under every shell it is meant for, over real mounts."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.guard.shells import UNSHARE, need, need_mounts

from runbatch.core.attempt import Evidence, Verdict
from runbatch.core.failure import RetryPolicy, judge
from runbatch.core.marker import Markers

DOCS = Path(__file__).parents[2] / "docs"
ENTRYPOINT = DOCS / "reference" / "entrypoint.sh"
SHELLS = (("sh",), ("dash",), ("bash", "--posix"), ("bash",), ("busybox", "sh"))
# Mounts a file system in memory at each path before the double dash, then becomes what follows.
MOUNT_ALL = 'while [ "$1" != -- ]; do mount -t tmpfs none "$1" || exit 99; shift; done; shift'


@dataclass(frozen=True)
class Ended:
    """What the container would have logged, and its exit code."""

    code: int
    log: str

    @property
    def last_line(self) -> str:
        return self.log.splitlines()[-1]


Contain = Callable[..., Ended]


@pytest.fixture(params=SHELLS, ids=" ".join)
def contain(request: pytest.FixtureRequest, tmp_path: Path) -> Contain:
    """Run the entrypoint as a container would, with these folders mounted and those required."""
    shell: tuple[str, ...] = request.param
    need(shell[0])
    need_mounts()

    def run(command: Sequence[str], *, required: str, mounted: Sequence[str] = ()) -> Ended:
        contained = [*mounted, "--", *shell, str(ENTRYPOINT), *command]
        done = subprocess.run(
            [*UNSHARE, "sh", "-c", f'{MOUNT_ALL}; exec "$@"', "sh", *contained],
            env={"PATH": os.environ["PATH"], "REQUIRED_MOUNTS": required},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
        return Ended(done.returncode, done.stdout)

    return run


def folder(at: Path, name: str) -> str:
    (at / name).mkdir(parents=True)
    return str(at / name)


def test_the_command_runs_when_all_is_mounted(contain: Contain, tmp_path: Path) -> None:
    data, outputs = folder(tmp_path, "data"), folder(tmp_path, "outputs")
    done = contain(
        ["sh", "-c", 'printf "%s\\n" "$@"; printf end', "sh", "two words", "*", "$HOME"],
        required=f"{data}:{outputs}",
        mounted=[data, outputs],
    )
    assert done == Ended(0, "two words\n*\n$HOME\nend\nrunbatch: exit code 0\n")


@pytest.mark.parametrize("code", [1, 2, 3, 127, 137])
def test_the_commands_exit_code_is_the_containers(contain: Contain, code: int) -> None:
    done = contain(["sh", "-c", f"exit {code}"], required="")
    assert (done.code, done.last_line) == (code, f"runbatch: exit code {code}")


def test_a_command_that_is_killed_or_not_there(contain: Contain) -> None:
    for command, code in ((["sh", "-c", "kill -9 $$"], 137), (["no-such-program"], 127)):
        done = contain(command, required="")
        assert (done.code, done.last_line) == (code, f"runbatch: exit code {code}")


def test_no_command_is_no_success(contain: Contain) -> None:
    assert contain([], required="").code == 1


def test_a_folder_that_only_lies_there_is_no_mount(contain: Contain, tmp_path: Path) -> None:
    data, outputs = folder(tmp_path, "data"), folder(tmp_path, "outputs")
    both = f"{data}:{outputs}"
    done = contain(["echo", "never"], required=both, mounted=[outputs])
    assert (done.code, done.last_line) == (2, "runbatch: exit code 2")
    assert "never" not in done.log
    said = [line for line in done.log.splitlines() if "MOUNT" in line]
    assert said == [f"[ERROR] INFRASTRUCTURE MOUNT FAILURE: {data} is not a mount point"]
    # Without the last line, which tells the exit code: so the marker has to decide.
    marker = Markers(RetryPolicy().log_markers, (str(data),), (2,)).found_in(done.log)
    told = judge(Evidence(marker=marker), RetryPolicy())
    assert told.verdict is Verdict.MOUNT_FAILURE
    neither = contain(["echo", "never"], required=both)
    assert neither.log.count("is not a mount point") == 2


@pytest.mark.parametrize("other", ["data/below", "data2", "dat"])
def test_a_mount_below_or_beside_is_not_the_one(
    contain: Contain, tmp_path: Path, other: str
) -> None:
    data, mounted = folder(tmp_path, "data"), folder(tmp_path, other)
    assert contain(["true"], required=data, mounted=[mounted]).code == 2


@pytest.mark.parametrize(
    "name",
    ["a b", "a b1 2", "tab\there", "line\nend", "back\\slash", "\\040", "wörter", "*", "#1", "-n"],
)
def test_a_path_of_any_letters(contain: Contain, tmp_path: Path, name: str) -> None:
    data, _ = folder(tmp_path, name), folder(tmp_path, "other")
    assert contain(["true"], required=data).code == 2
    assert contain(["true"], required=data, mounted=[data]).code == 0


def test_shellcheck_finds_nothing() -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run(
        [shellcheck, "-s", "sh", ENTRYPOINT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_page_shows_the_file() -> None:
    page = (DOCS / "reference" / "exit-code-contract.md").read_text("utf-8")
    assert f"```sh\n{ENTRYPOINT.read_text('utf-8')}```\n" in page
