"""`runbatch init`: the file is whole or not there, and what is there stays."""

import resource
import subprocess

import pytest
from tests.e2e.shell import RUNBATCH, Shell


def limited(shell: Shell, most_bytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command where no file may be larger: to who writes it, a disk that is full."""
    return subprocess.run(
        [RUNBATCH, *words],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
    )


@pytest.mark.parametrize("most_bytes", [0, 100])
def test_a_full_disk_leaves_no_half_file_and_the_next_init_writes_it(
    shell: Shell, most_bytes: int
) -> None:
    done = limited(shell, most_bytes, "init")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: batch.toml: cannot be written: File too large." in done.stderr
    assert list(shell.folder.iterdir()) == []
    assert shell.read("init").code == 0
    assert [each.name for each in shell.folder.iterdir()] == ["batch.toml"]


@pytest.mark.parametrize("what", ["a file", "a link to nothing", "a folder"])
def test_what_is_there_stays(shell: Shell, what: str) -> None:
    path = shell.folder / "batch.toml"
    match what:
        case "a file":
            path.write_text("mine")
        case "a link to nothing":
            path.symlink_to("nothing")
        case _:
            path.mkdir()
    before = path.lstat()
    done = shell.read("init")
    assert (done.code, done.out) == (2, "")
    assert "Error: batch.toml: it exists already; name another file with -b." in done.err
    assert path.lstat() == before
    assert [each.name for each in shell.folder.iterdir()] == ["batch.toml"]


def test_a_full_disk_keeps_the_older_report(shell: Shell) -> None:
    shell.read("init")
    assert shell.read("report").code == 0
    before = (shell.folder / "report.html").read_bytes()
    done = limited(shell, 1000, "report")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: -o report.html: cannot be written: File too large." in done.stderr
    assert (shell.folder / "report.html").read_bytes() == before
    assert sorted(each.name for each in shell.folder.iterdir()) == ["batch.toml", "report.html"]
