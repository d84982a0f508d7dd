"""Commands that are named to a person hit this batch, wherever they are pasted."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.shell import ENDING, Result, Shell, toml

# Of keys 1 to 8: one succeeds, two are mount failures, the rest are of other kinds.
CODES = "[0, 0, 2, 2, 1, 1, 137, 3, 3]"
JOB = [sys.executable, "-c", f"{ENDING}end({CODES}[int(os.environ['KEY'])])"]
ELSEWHERE = ("-b", "other dir/mine.toml", "--state-dir", "other state")
OPTIONS = "-b 'other dir/mine.toml' --state-dir 'other state'"


@pytest.fixture
def shell(shell: Shell) -> Shell:
    """Return a folder with a batch of its own, and another one that is meant."""
    shell.write(toml(["touch", "another-batch-ran"], prefix="trap"))
    (shell.folder / "other dir").mkdir()
    shell.write(toml(JOB, last=8, cap=8), "other dir/mine.toml")
    return shell


def submitted(shell: Shell) -> Result:
    done = shell.submit(*ELSEWHERE)
    assert done.code == 3
    return done


def assert_all_hit_this_batch(text: str) -> None:
    """Each command that is named has the options that say which batch is meant."""
    named = text.count("runbatch ")
    assert named
    assert text.count(OPTIONS) == named


def test_what_submit_advises(shell: Shell) -> None:
    out = submitted(shell).out
    assert_all_hit_this_batch(out)
    assert f"configuration, then runbatch submit {OPTIONS} --rerun 4,5\n" in out
    assert f"not the job's fault: runbatch retry {OPTIONS}\n" in out


def test_what_is_advised_can_be_pasted(shell: Shell) -> None:
    out = submitted(shell).out
    line = next(line for line in out.splitlines() if "correct the configuration" in line)
    _, *words = shlex.split(line[line.index("runbatch ") :])
    again = shell.submit(*words[1:])
    assert "[SUBMIT] test-4" in again.err
    assert not (shell.folder / "another-batch-ran").exists()


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["as text", "as JSON"])
def test_what_retry_advises(shell: Shell, words: tuple[str, ...]) -> None:
    submitted(shell)
    planned = shell.read("retry", *ELSEWHERE, "--dry-run", *words)
    assert planned.code == 0
    assert_all_hit_this_batch(planned.out)
    pace = ("--retry-delay", "1", "--max-retries", "1", "--poll-interval", "0.1", "--yes")
    assert_all_hit_this_batch(shell.run("retry", *ELSEWHERE, *pace, *words).out)


def test_what_status_advises(shell: Shell) -> None:
    submitted(shell)
    assert_all_hit_this_batch(shell.read("status", *ELSEWHERE).out)


def test_status_names_the_command_that_nobody_runs(shell: Shell) -> None:
    before = shell.read("status", *ELSEWHERE).out
    assert "waiting  8 jobs: no submit runs\n" in before
    assert before.endswith(f"\nNext: runbatch submit {OPTIONS}\n")
    submitted(shell)
    after = shell.read("status", *ELSEWHERE).out
    assert ": no retry runs\n" in after
    assert after.endswith(f"\nNext: runbatch retry {OPTIONS}\n")


def test_status_names_no_command_where_none_is_lacking(shell: Shell) -> None:
    shell.write(toml(["true"], last=2), "good.toml")
    assert shell.submit("-b", "good.toml", "--state-dir", "good").code == 0
    assert "runbatch" not in shell.read("status", "-b", "good.toml", "--state-dir", "good").out


def test_a_plain_batch_has_plain_commands(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.write(toml(JOB, last=8, cap=8))
    out = shell.submit().out
    assert "what to do: correct the configuration, then runbatch submit --rerun 4,5\n" in out
    assert out.endswith("Next: runbatch retry\n")


def named_in(done: Result) -> list[list[str]]:
    """Return the words of the commands that stand on lines of their own."""
    return [shlex.split(each) for each in done.out.splitlines() if each.startswith("  runbatch")]


@pytest.mark.parametrize("words", [(), ("--from-env", ".env")], ids=["new", "converted"])
def test_init_names_commands_of_the_file_that_it_wrote(
    shell: Shell, words: tuple[str, ...]
) -> None:
    shell.write("GENOTYPE_FILE=/data/g\nPHENOTYPE_FILE=/data/p\nJOB_PREFIX=env\n", ".env")
    (shell.folder / "batch.toml").unlink()
    done = shell.read("init", "-b", "b.toml", *words)
    assert named_in(done) == [
        ["runbatch", "check", "-b", "b.toml"],
        ["runbatch", "submit", "-b", "b.toml", "--wait"],
    ]
    (shell.folder / "b.toml").unlink()
    plain = shell.read("init", *words)
    assert named_in(plain) == [["runbatch", "check"], ["runbatch", "submit", "--wait"]]


def test_a_batch_left_to_a_retry_is_told_without_a_command_to_paste(shell: Shell) -> None:
    submitted(shell)
    preview: Any = json.loads(shell.read("submit", *ELSEWHERE, "--dry-run", "--json").out)
    said = "skip: failed; retry looks at it (--rerun KEY starts it again)"
    assert preview["leave"]["2"] == said
