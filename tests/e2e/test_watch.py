"""`status --watch` on a real pseudo-terminal: what the screen shows, and what is left of it."""

import re
import signal
import sys
import termios
from functools import partial
from pathlib import Path

import psutil
import pytest
from tests.e2e.shell import ENDING, Journal, Shell, toml
from tests.e2e.terminal import Terminal, on_terminal
from tests.e2e.test_exact import BATCH, as_toml

WATCH = ("status", "--watch", "--poll-interval", "0.1")
RUNAI = """
prefix = "gwas"
max_concurrent = 50
[cluster]
kind = "runai"
project = "talmo-lab"
[jobs]
range = [2, 187]
[run]
image = "ghcr.io/lab/pipeline:1.4"
command = ["true"]
"""


def install_runai(shell: Shell, program: str) -> dict[str, str]:
    """Put a program `runai` on the PATH; return the environment that has it."""
    folder = shell.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "runai").write_text(f"#!/bin/sh\n{program}\n")
    (folder / "runai").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def assert_left_as_it_was(terminal: Terminal, before: object) -> None:
    assert terminal.modes() == before
    assert terminal.is_cursor_visible()
    assert not terminal.is_on_other_screen()


def test_a_watch_sees_a_submit_to_its_end_and_holds_nothing_up(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0.5), last=6, cap=2))
    with on_terminal(shell, *WATCH) as terminal:
        terminal.wait_for(lambda text: "waiting  6 jobs: no submit runs" in text)
        submit = shell.start("submit", "--yes", "--wait", "--poll-interval", "0.1")
        text = terminal.wait_for(lambda text: "2 of 2 held" in text)
        assert f"(pid {submit.pid})" in text
        text = terminal.wait_for(lambda text: "6 succeeded" in text and "nobody" in text)
        assert "slots    0 of 2 held" in text
        assert re.search(r"test-\d succeeded", text)
        _, err = submit.communicate(timeout=60)
        assert submit.returncode == 0, err
        terminal.type(b"q")
        assert terminal.wait() == 0
    assert sorted(journal.begun()) == ["1", "2", "3", "4", "5", "6"]
    assert journal.most_at_once() <= 2


@pytest.mark.parametrize(
    ("keys", "number", "code"),
    [
        pytest.param(b"q", None, 0, id="q"),
        pytest.param(b"\x03", None, 130, id="Ctrl-C"),
        pytest.param(b"", signal.SIGINT, 130, id="SIGINT"),
        pytest.param(b"", signal.SIGTERM, 143, id="SIGTERM"),
    ],
)
def test_the_terminal_is_left_as_it_was(
    shell: Shell, keys: bytes, number: signal.Signals | None, code: int
) -> None:
    shell.write(toml(["true"]))
    with on_terminal(shell, *WATCH) as terminal:
        before = terminal.modes()
        terminal.wait_for(lambda text: "cluster  answers" in text)
        assert terminal.is_on_other_screen()
        assert not terminal.is_cursor_visible()
        # Ctrl-Z would leave the terminal as it is now.
        assert terminal.modes()[6][termios.VSUSP] == b"\0"
        terminal.type(b"abc")
        drawn = len(terminal.raw)
        terminal.wait_for(lambda _: len(terminal.raw) > drawn)
        assert b"abc" not in terminal.raw
        terminal.type(keys)
        if number is not None:
            terminal.process.send_signal(number)
        assert terminal.wait() == code
        assert_left_as_it_was(terminal, before)
        assert b"Traceback" not in terminal.raw
    assert not shell.state.exists()


def test_an_error_is_read_on_the_terminal_as_it_was(shell: Shell) -> None:
    shell.write(toml(["true"], last=1))
    shell.submit()
    with on_terminal(shell, *WATCH) as terminal:
        before = terminal.modes()
        terminal.wait_for(lambda text: "1 succeeded" in text)
        (shell.state / "local" / "test" / "ledger.sqlite3").write_text("no longer a ledger" * 100)
        assert terminal.wait() == 1
        assert_left_as_it_was(terminal, before)
        assert terminal.raw.rindex(b"Error: The ledger") > terminal.raw.rindex(b"\x1b[?1049l")


def test_it_fits_and_follows_the_size_of_the_terminal(shell: Shell) -> None:
    program = f"{ENDING}end(int(os.environ['KEY'][-1]) % 4)"
    keys = [f"a-sample-with-a-long-name-{number}" for number in range(12)]
    shell.write(toml([sys.executable, "-c", program], keys=keys, cap=12))
    shell.submit()
    with on_terminal(shell, *WATCH, columns=80, env={"COLUMNS": "200", "LINES": "99"}) as terminal:
        for columns, rows in ((80, 24), (120, 40), (60, 24), (100, 30), (80, 24)):
            terminal.resize(columns, rows)
            terminal.wait_for(partial(is_drawn, columns=columns))


def is_drawn(text: str, columns: int) -> bool:
    """Whether all of it is there once, as wide as the terminal, and its last line at the end.

    A drawing for another size may come first: the program may be told of a new size while it draws.
    """
    lines = text.rstrip().splitlines()
    once = ("slots", "cluster", "at work", "failed jobs", "last events", "last look")
    return (
        all(sum(line.startswith(label) for line in lines) == 1 for label in once)
        and len(lines[2]) == max(map(len, lines)) == columns
        and lines[-1].endswith("q or Ctrl-C ends")
    )


def test_a_cluster_that_does_not_answer_is_said_and_the_ledger_is_shown(shell: Shell) -> None:
    shell.write(RUNAI)
    refused = "echo 'dial tcp: connection refused' >&2; exit 1"
    env = install_runai(shell, refused)
    with on_terminal(shell, *WATCH, env=env) as terminal:
        text = terminal.wait_for(lambda text: "connection" in text)
        assert "cluster  no answer, never heard: Run:ai: no connection" in text
        assert "186 waiting" in text
        answers = """case "$1" in version) echo 'Version: 2.25.1';;
            project) echo '{"projects": [{"name": "talmo-lab"}]}';; *) echo '[]';; esac"""
        install_runai(shell, answers)
        terminal.wait_for(lambda text: "cluster  answers" in text)
        terminal.type(b"q")
        assert terminal.wait() == 0


def test_a_list_that_cannot_be_believed_is_no_answer(shell: Shell) -> None:
    shell.write(toml(["true"], last=2))
    assert shell.submit().code == 0
    (shell.state / "clusters").rename(shell.state / "gone")
    done = shell.run("status")
    assert done.code == 0
    assert "The cluster lists nothing at all, though jobs were just there." in done.out
    assert "2 succeeded" in done.out
    cluster = shell.run("status", "--json").json["why"]["cluster"]
    assert cluster["answers"] is False
    assert cluster["heard_at"] is not None


def test_a_cluster_that_hangs_does_not_keep_a_person(shell: Shell) -> None:
    shell.write(RUNAI)
    env = install_runai(shell, "exec sleep 1000")
    with on_terminal(shell, *WATCH, env=env) as terminal:
        text = terminal.wait_for(lambda text: "last look 1 s ago" in text)
        assert "it was asked, and has not answered yet" in text.replace("\n         ", " ")
        (child,) = psutil.Process(terminal.process.pid).children()
        terminal.type(b"\x03")
        assert terminal.wait() == 130
        assert not child.is_running()


def test_hostile_names_are_harmless(shell: Shell) -> None:
    keys = ["\x1b]0;owned\x07", "\x9b31m", "\u202eevil", "[red]x[/red]", "漢字" * 6]
    command = [sys.executable, "-c", "import sys; sys.exit(3)"]
    shell.write(BATCH.format(keys=as_toml(keys), command=as_toml(command), value='""'))
    assert shell.submit().code == 3
    with on_terminal(shell, *WATCH) as terminal:
        text = terminal.wait_for(lambda text: "5 failed" in text and "last look" in text)
        assert "\\x1b]0;owned\\x07" in text
        assert "[red]x[/red]" in text
        assert "漢" in text
        terminal.type(b"q")
        assert terminal.wait() == 0
    for hostile in ("\x1b]0;", "\x9b31m", "\u202e"):
        assert hostile.encode() not in terminal.raw


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--watch",), "--watch: there is no terminal to draw on"),
        (("--watch", "--json"), "--watch: there is no live JSON"),
    ],
)
def test_without_a_terminal_it_is_wrong_usage(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    shell.write(toml(["true"]))
    done = shell.run("status", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_terminal_that_cannot_move_its_cursor_is_none(shell: Shell) -> None:
    shell.write(toml(["true"]))
    with on_terminal(shell, *WATCH, env={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 2
        assert b"there is no terminal to draw on" in terminal.raw


def test_in_a_pipe_status_is_whole_lines(shell: Shell, tmp_path: Path) -> None:
    program = f"{ENDING}end(2)"
    keys = [f"a-sample-with-a-long-name-{number}" for number in range(12)]
    shell.write(toml([sys.executable, "-c", program], keys=keys, cap=12))
    shell.submit()
    lines = shell.run("status").out.splitlines()
    (retries,) = [line for line in lines if line.startswith("retries")]
    assert retries.endswith("no retry runs")
    assert any("a-sample-with-a-long-name-7 and 4 more" in line for line in lines)
