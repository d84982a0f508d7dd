"""What the system refuses: a full disk behind stdout, a folder that is gone."""

import subprocess
from pathlib import Path

import pytest
from tests.e2e.shell import RUNBATCH, Shell, toml

FULL = Path("/dev/full")


def run_with_stdout(
    shell: Shell, stdout: Path, *words: str, **more: str
) -> subprocess.CompletedProcess[str]:
    with stdout.open("w") as out:
        return subprocess.run(
            [RUNBATCH, *words],
            cwd=shell.folder,
            env=shell.environment(more),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize(
    "words",
    [("status",), ("status", "--json"), ("check",), ("report", "-o", "-"), ("--help",)],
    ids=" ".join,
)
def test_a_full_stdout_is_told_as_that(shell: Shell, words: tuple[str, ...], buffered: str) -> None:
    shell.write(toml(["true"], last=300))
    done = run_with_stdout(shell, FULL, *words, PYTHONUNBUFFERED=buffered)
    assert done.returncode == 1
    assert done.stderr.endswith("Error: stdout cannot be written: No space left on device.\n")
    assert done.stderr.count("Error") == 1


@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_long_text_is_whole_and_keeps_its_letters(shell: Shell, buffered: str) -> None:
    keys = [f"k{number}-ü" for number in range(300)]
    shell.write(toml(["true"], keys=keys))
    out = shell.folder / "out.html"
    done = run_with_stdout(shell, out, "report", "-o", "-", PYTHONUNBUFFERED=buffered, LC_ALL="C")
    assert done.returncode == 0
    assert shell.run("report").code == 0
    lines = out.read_text("utf-8").splitlines()
    assert len(lines) == len((shell.folder / "report.html").read_text("utf-8").splitlines())
    assert "k299-\\u00fc" in "\n".join(lines)


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("check",),
        ("submit", "--yes"),
        ("status", "-b", "{folder}/batch.toml", "--state-dir", "here"),
        ("report", "-b", "{folder}/batch.toml", "-o", "-"),
    ],
    ids=" ".join,
)
def test_a_current_folder_that_is_gone_is_told_before_anything_else(
    shell: Shell, words: tuple[str, ...]
) -> None:
    shell.write(toml(["touch", "started"]))
    gone = shell.folder / "gone"
    gone.mkdir()
    typed = [each.format(folder=shell.folder) for each in words]
    done = subprocess.run(
        ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", RUNBATCH, *typed],
        cwd=gone,
        env=shell.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: the current folder is gone; go to one that exists.\n" in done.stderr
    assert [each.name for each in shell.folder.iterdir()] == ["batch.toml"]
