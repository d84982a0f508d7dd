"""What the user wrote reaches the job exactly: nothing is interpreted on the way."""

import json
import sys
from typing import Any

import pytest
from tests.e2e.shell import Shell

NASTY = [
    "plain",
    "two words",
    "  margins  ",
    "it's",
    'say "hi"',
    "$(touch pwned)",
    "`touch pwned`",
    "a;touch pwned",
    "$HOME ${HOME} %PATH%",
    "line\nbreak\tand\r tab",
    "-rf",
    "--help",
    "*?[a-z]",
    "ünïcödé 漢字 😀",
    "back\\slash\\n",
    "../../etc",
    "a/b",
    ".",
    "#no comment",
    "{braces}",
    "\x1b[31mred",
    "a,b",
    "1-3",
]
BATCH = """
prefix = "exact"
max_concurrent = 30
[jobs]
keys = {keys}
variable = "KEY"
[run]
command = {command}
env = {{ NASTY = {value}, NUMBER = 7 }}
"""
PROGRAM = """
import json, os, sys
names = ["KEY", "RUNBATCH_KEY", "RUNBATCH_PREFIX", "RUNBATCH_ATTEMPT", "NASTY", "NUMBER"]
print(json.dumps([{name: os.environ[name] for name in names}, sys.argv[1:]]))
"""


def as_toml(value: Any) -> str:
    """Return it as TOML, whose strings and arrays JSON's are, but for half characters."""
    return json.dumps(value, ensure_ascii=False)


def test_keys_values_and_words_are_passed_on_exactly(shell: Shell) -> None:
    value = "".join(NASTY)
    command = [sys.executable, "-c", PROGRAM, *NASTY]
    shell.write(BATCH.format(keys=as_toml(NASTY), command=as_toml(command), value=as_toml(value)))

    done = shell.submit("--json")

    assert done.code == 0, done.err
    for key in NASTY:
        # A key may look like an option; what follows `--` is none.
        printed = json.loads(shell.read("logs", "--", key).out)
        env = {
            "KEY": key,
            "RUNBATCH_KEY": key,
            "RUNBATCH_PREFIX": "exact",
            "RUNBATCH_ATTEMPT": "1",
            "NASTY": value,
            "NUMBER": "7",
        }
        assert printed == [env, NASTY]
    assert not (shell.folder / "pwned").exists()
    assert [job["key"] for job in done.json["jobs"]] == NASTY


def test_names_with_escape_sequences_never_reach_the_terminal(shell: Shell) -> None:
    keys = ["\x1b]0;owned\x07", "\x9b31m", "\u202eevil"]
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    shell.write(BATCH.format(keys=as_toml(keys), command=as_toml(command), value='""'))

    outputs = [shell.submit(), shell.run("status"), shell.run("submit", "--dry-run")]

    for done in outputs:
        for character in ("\x1b", "\x07", "\x9b", "\u202e"):
            assert character not in done.out + done.err


def test_a_job_runs_in_the_folder_of_its_batch_file(shell: Shell) -> None:
    (shell.folder / "sub").mkdir()
    shell.write(
        '[jobs]\nrange = [1, 1]\n[run]\ncommand = ["pwd"]\n'.join(['prefix = "cwd"\n', ""]),
        "sub/batch.toml",
    )
    assert shell.submit("-b", "sub/batch.toml").code == 0
    printed = shell.read("logs", "1", "-b", "sub/batch.toml").out
    assert printed.strip() == str(shell.folder / "sub")


@pytest.mark.parametrize("name", ["RUNBATCH_UID", "RUNBATCH_KEY"])
def test_a_batch_inside_a_job_of_another_batch_is_its_own(shell: Shell, name: str) -> None:
    shell.write(
        BATCH.format(
            keys='["a"]',
            command=as_toml([sys.executable, "-c", f"import os; print(os.environ[{name!r}])"]),
            value='""',
        )
    )
    done = shell.run("submit", "--yes", "--wait", env={name: "outer"})
    assert done.code == 0
    assert "outer" not in shell.read("logs", "a").out
