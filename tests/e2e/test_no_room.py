"""A state folder that cannot be written: one message that says what to do, and nothing started."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.e2e.shell import RUNBATCH, Journal, Result, Shell, toml
from tests.guard.shells import UNSHARE, need, need_mounts

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
FULL = 'mount -t tmpfs -o size=64k none "$1" && ! cat /dev/zero > "$1/fill" 2> /dev/null'
WRITING = [("submit", "--yes"), ("retry", "--yes"), ("delete", "--all", "--yes")]
READING = [("check",), ("status",), ("report", "-o", "-")]
ELSEWHERE = "Make room or rights there, or name another folder with --state-dir.\n"
AGAIN = "Make room or rights there and run the same command again; what runs goes on.\n"


@pytest.mark.parametrize("words", WRITING, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("mount", "why"),
    [(READ_ONLY, "Read-only file system"), (FULL, "database or disk is full")],
    ids=["read-only", "full"],
)
def test_nothing_is_begun_where_no_state_can_be_kept(
    shell: Shell, journal: Journal, mount: str, why: str, words: Sequence[str]
) -> None:
    shell.write(toml(journal.command()))
    shell.state.mkdir()
    done = run_mounted(shell, mount, *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"Error: The ledger in {shell.state / 'local' / 'test'} failed: ")
    assert why in done.err
    assert done.err.endswith(ELSEWHERE)
    assert done.err.count("\n") == 1
    assert journal.begun() == []


def test_a_batch_whose_folder_became_read_only_is_read_and_not_gone_on_with(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0), last=2))
    assert shell.submit().code == 0
    done = run_mounted(shell, READ_ONLY, "submit", "--yes", "--rerun", "1")
    assert done.code == 1
    # Another folder would know nothing of what has run.
    assert done.err.endswith(AGAIN)
    assert "Traceback" not in done.err
    assert sorted(journal.begun()) == ["1", "2"]
    for words in READING:
        assert run_mounted(shell, READ_ONLY, *words).code == 0


def test_a_folder_without_the_right_to_write(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command()))
    shell.state.mkdir(mode=0o500)
    # A root that may do nothing a user may not.
    powerless = ("setpriv", "--bounding-set=-all") if os.geteuid() == 0 else ()
    need(*powerless[:1])
    done = run_by(shell, *powerless, str(RUNBATCH), "submit", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "Permission denied" in done.err
    assert done.err.endswith(ELSEWHERE)
    assert journal.begun() == []


def run_mounted(shell: Shell, mount: str, *words: str) -> Result:
    """Run the command where this mount is made over the state folder, for it alone to see."""
    need_mounts()
    script = f'{mount} && shift && exec "$@"'
    return run_by(
        shell, *UNSHARE, "sh", "-c", script, "sh", str(shell.state), str(RUNBATCH), *words
    )


def run_by(shell: Shell, program: str, *words: str) -> Result:
    return shell.run(*words, program=Path(program))
