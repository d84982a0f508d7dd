"""Completion in real shells: commands, options, and the batch's own keys."""

import os
import shutil
import subprocess

import pytest
from tests.e2e.shell import RUNBATCH, Shell, toml

KEYS = ["sample-a", "sample-b", "other"]


@pytest.fixture
def lab(shell: Shell) -> Shell:
    shell.write(toml(["true"], keys=KEYS))
    shell.write(toml(["true"], last=40), "numbers.toml")
    return shell


def in_bash(lab: Shell, *words: str, program: str = "runbatch") -> list[str]:
    """Return what bash offers once Tab is pressed behind the last word."""
    variable = f"_{program.upper().replace('-', '_')}_COMPLETE"
    function = f"_{program.replace('-', '_')}_completion"
    script = f"""
eval "$({variable}=bash_source {program})"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
{function} "$1"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = lab.environment({"PATH": f"{RUNBATCH.parent}{os.pathsep}{os.environ['PATH']}"})
    done = subprocess.run(
        ["bash", "-c", script, "bash", program, *words],
        cwd=lab.folder, env=env, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return sorted(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param(["lo"], ["logs"], id="a command"),
        pytest.param(["delete", "--a"], ["--all"], id="an option"),
        pytest.param(["logs", "s"], ["sample-a", "sample-b"], id="a key"),
        pytest.param(["logs", ""], sorted(KEYS), id="every key"),
        pytest.param(["submit", "--rerun", "o"], ["other"], id="a key of --rerun"),
        pytest.param(["retry", "--jobs", "other,s"], ["other,sample-a", "other,sample-b"],
                     id="one more key behind a comma"),
        pytest.param(["logs", "-b", "numbers.toml", "39"], ["39"], id="a key of another file"),
        pytest.param(["logs", "-b", "nowhere.toml", "3"], [], id="no such file"),
        pytest.param(["status", "--cluster", "r"], ["runai"], id="a kind of cluster"),
    ],
)  # fmt: skip
def test_bash_offers_what_goes_on(lab: Shell, words: list[str], offered: list[str]) -> None:
    assert in_bash(lab, *words) == offered


def test_the_other_names_are_completed_too(lab: Shell) -> None:
    found = in_bash(lab, "--jobs", "sample-", program="retry-failed-traits")
    assert found == ["sample-a", "sample-b"]


def test_a_broken_batch_offers_nothing_and_says_nothing(lab: Shell) -> None:
    lab.write("prefix = 1")
    assert in_bash(lab, "logs", "s") == []


@pytest.mark.parametrize("shell_name", ["zsh", "fish"])
def test_the_text_for_other_shells_is_valid_there(lab: Shell, shell_name: str) -> None:
    source = lab.run(env={"_RUNBATCH_COMPLETE": f"{shell_name}_source"})
    assert "_RUNBATCH_COMPLETE" in source.out
    # Where the shell is here it reads the text; elsewhere that there is one must do.
    if program := shutil.which(shell_name):
        subprocess.run([program, "-n", "-c", source.out], check=True, timeout=60)
