"""The commands as people use them: what they print, where, and what they leave behind."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.shell import RUNBATCH, Journal, Shell, toml
from tests.e2e.terminal import on_terminal


def test_init_writes_a_batch_that_works_as_it_is(shell: Shell) -> None:
    done = shell.read("init")
    assert done.code == 0
    assert "runbatch submit" in done.out
    assert shell.read("check").code == 0
    ran = shell.submit("--json")
    assert ran.code == 0
    assert ran.json["counts"]["succeeded"] == 12
    again = shell.read("init")
    assert again.code == 2
    assert "exists already" in again.err


def test_the_dry_run_says_what_would_be_done_and_touches_nothing(shell: Shell) -> None:
    shell.write(toml(["touch", "started"], last=8, cap=4, more='cpu = 12\nmemory = "32G"'))

    done = shell.read("submit", "--dry-run")

    assert done.code == 0
    for text in (
        "test on local: 8 jobs",
        "test-1 ... test-8",
        "at most 4 in flight; 0 are now",
        "each job   12 CPUs, 32 GB of memory",
        "at peak    48 CPUs, 128 GB of memory",
        "would submit 8 jobs",
        "test-5\n  and 3 more",
    ):
        assert text in done.out
    assert not shell.state.exists()
    assert not (shell.folder / "started").exists()


def test_the_dry_run_says_what_would_be_skipped_or_adopted_and_why(
    shell: Shell, journal: Journal
) -> None:
    fail_2 = "os.environ['RUNBATCH_KEY'] == '2' and sys.exit(1)"
    shell.write(toml(journal.command(seconds=0, then=fail_2), last=2))
    shell.submit()
    shell.write(toml(journal.command(), last=4))

    text = shell.read("submit", "--dry-run").out
    assert "would submit 2 jobs\n  test-3\n  test-4" in text
    assert "would skip: succeeded already (--rerun KEY starts it again)\n  test-1" in text
    assert "would skip: failed; retry looks at it" in text


def test_a_lost_ledger_s_jobs_are_adopted_only_when_a_person_says_so(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0), last=2))
    shell.submit()
    shell.write(toml(journal.command(seconds=0), last=3))
    (shell.state / "local").rename(shell.state / "lost")

    taken = "the name is taken by a workload (Completed): another ledger submitted it"
    asking = shell.read("submit", "--dry-run", "--json").json
    assert (asking["submit"], asking["leave"]["1"]) == (["3"], f"ask: {taken}")
    with on_terminal(shell, "submit", columns=150) as terminal:
        terminal.type(b"n\ny\n")
        assert terminal.wait() == 3
        seen = terminal.raw.decode()
    assert "test-1: a workload (Completed): another ledger submitted it" in seen
    assert "Are they this batch's?" in seen
    assert "submitted 1, adopted 0, skipped 0, failed to submit 2" in seen

    adopted = shell.submit()
    assert "test-1: a workload (Completed): another ledger submitted it" in adopted.err
    assert "adopted 2" in adopted.out
    assert sorted(journal.begun()) == ["1", "2", "3"]

    left = shell.read("delete", "--yes")
    assert "2 workloads left alone: not submitted by this ledger; see --foreign" in left.out
    gone = shell.read("delete", "--yes", "--foreign")
    assert (gone.code, "2 workloads deleted" in gone.out) == (0, True)


def test_check_and_status_and_logs_leave_nothing_behind(shell: Shell) -> None:
    shell.write(toml(["true"]))
    assert shell.read("check").code == 0
    assert shell.read("status").code == 0
    assert shell.read("logs", "1").code == 2
    assert not shell.state.exists()


def test_status_json_is_as_documented(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", "import sys; sys.exit(5)"], last=1))
    shell.submit()
    found = shell.read("status", "--json").json
    job = found["jobs"][0]
    attempt = job["attempts"][0]
    assert {key: found[key] for key in ("schema", "batch", "cluster", "cap", "in_flight")} == {
        "schema": 1,
        "batch": "test",
        "cluster": "local",
        "cap": 2,
        "in_flight": 0,
    }
    assert found["counts"] == {"waiting": 0, "in_flight": 0, "succeeded": 0, "failed": 1}
    assert (job["key"], job["name"], job["phase"]) == ("1", "test-1", "Failed")
    assert (job["verdict"], job["next_retry_at"]) == ("failed", None)
    assert attempt["number"] == 1
    assert attempt["exit_code"] == 5
    assert attempt["evidence"] == "exit code 5"
    assert attempt["submitted_at"] <= attempt["ended_at"]
    assert attempt["ended_at"].endswith("Z")
    assert Path(attempt["log"]).name == "1.1.log"


def test_status_names_who_is_at_work(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=30), last=3, cap=2))
    assert "at work  nobody" in shell.read("status").out
    with shell.start("submit", "--yes", "--wait") as process:
        assert process.stderr is not None
        while "[WAIT]" not in process.stderr.readline():
            pass
        text = shell.read("status").out
        assert f"at work  submit on {os.uname().nodename} (pid {process.pid})" in text
        assert "slots    2 of 2 held: 2 running" in text
        assert "waiting  1 job: no slot is free" in text
        why = shell.read("status", "--json").json["why"]
        assert why["slots"]["by"] == {"running": 2}
        assert why["to_start"]["waiting_for"] == "a free slot"
        assert why["cluster"]["answers"] is True
        assert [(run["command"], run["pid"]) for run in why["at_work"]] == [("submit", process.pid)]
        process.kill()
    text = shell.read("status").out
    assert "at work  nobody" in text
    assert "waiting  1 job: no submit runs\n" in text
    assert text.endswith("\nNext: runbatch submit\n")


@pytest.mark.parametrize("name", ["submit-all-traits-runai", "retry-failed-traits"])
def test_the_other_names(shell: Shell, name: str) -> None:
    done = shell.run("--help", program=RUNBATCH.with_name(name))
    assert done.code == 0
    assert "Examples" in done.out or "Example:" in done.out


@pytest.mark.parametrize("command", ["", "init", "check", "submit", "retry", "status", "logs"])
def test_every_command_has_help_with_an_example(shell: Shell, command: str) -> None:
    done = shell.run(*command.split(), "--help")
    assert done.code == 0
    assert "runbatch" in done.out
    assert "Example" in done.out or "Start here" in done.out


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell) -> None:
    shell.write(toml(["true"], last=5000))
    with subprocess.Popen(
        [RUNBATCH, "status", "--json"],
        cwd=shell.folder,
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        (said,) = process.stderr.read().splitlines()
        assert said.startswith(b"[WARN] There is no ledger")


def on_a_terminal(
    shell: Shell, *words: str, typed: bytes = b"", env: dict[str, str] | None = None
) -> str:
    """Return everything a person would see, typed answers included."""
    master, slave = pty.openpty()
    environment = shell.environment({"COLUMNS": "100", "TERM": "xterm-256color", **(env or {})})
    with subprocess.Popen(
        [RUNBATCH, *words],
        cwd=shell.folder,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        if typed:
            os.write(master, typed)
        seen = b""
        while chunk := _read(master):
            seen += chunk
        process.wait(timeout=60)
    os.close(master)
    return seen.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # the terminal's other end is closed: everything was read
        return b""


def test_on_a_terminal_it_asks_first_and_shows_a_bar(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(), last=4, cap=2))

    refused = on_a_terminal(shell, "submit", "--wait", typed=b"n\n")
    assert "Submit 4 jobs to local, at most 2 in flight? [y/N]" in refused
    assert not shell.state.exists()

    seen = on_a_terminal(shell, "submit", "--wait", "--poll-interval", "0.1", typed=b"y\n")
    assert "2 in flight (max 2)" in seen
    assert "4/4" in seen
    assert "/min" in seen
    assert "-" not in re.findall(r"(\S+)/min", seen)[0]
    assert "[SUBMIT]" not in seen
    assert "all 4 jobs succeeded" in seen
    # The cursor is hidden while the bar is drawn, and comes back.
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")


def test_a_log_cannot_move_the_terminal_s_cursor(shell: Shell) -> None:
    program = "import sys; sys.stdout.buffer.write(b'\\x1b]0;owned\\x07 \\xff \\t tab\\nend\\n')"
    shell.write(toml([sys.executable, "-c", program], last=1))
    shell.submit()
    seen = on_a_terminal(shell, "logs", "1")
    assert "\x1b" not in seen
    assert "\\x1b]0;owned\\x07" in seen
    assert "tab\r\nend" in seen
    exact = subprocess.run(
        [RUNBATCH, "logs", "1"],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        check=True,
    )
    assert exact.stdout == b"\x1b]0;owned\x07 \xff \t tab\nend\n"


def test_colour_on_a_terminal_only_and_never_with_no_color(shell: Shell) -> None:
    shell.write(toml(["true"], last=2))
    shell.submit()
    assert "\x1b" not in shell.read("status", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[3" in on_a_terminal(shell, "status")
    assert "\x1b[3" not in on_a_terminal(shell, "status", env={"NO_COLOR": "1"})


@pytest.mark.parametrize("where", [">&-", "2>&-", ">/dev/full", "2>/dev/full", "<&-"])
def test_output_that_cannot_be_written_is_no_traceback_and_stops_no_job(
    shell: Shell, journal: Journal, where: str
) -> None:
    shell.write(toml(journal.command(seconds=0), last=3))
    words = f"{RUNBATCH} submit --yes --wait --poll-interval 0.1 {where}"
    done = subprocess.run(
        ["sh", "-c", words],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode in (0, 1)
    assert sorted(journal.begun()) == ["1", "2", "3"]


def test_letters_that_an_encoding_lacks_are_no_error(shell: Shell) -> None:
    shell.write(toml(["false"], keys=["é"]))
    assert shell.run("submit", "--yes", "--wait", env={"PYTHONIOENCODING": "ascii"}).code == 3


def test_an_answer_of_no_touches_nothing_and_is_not_taken_for_done(shell: Shell) -> None:
    shell.write(toml(["true"]))
    master, slave = pty.openpty()
    os.write(master, b"n\n")
    done = subprocess.run(
        [RUNBATCH, "submit"],
        cwd=shell.folder,
        env=shell.environment(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        check=False,
    )
    assert done.returncode == 130
    assert not shell.state.exists()


def test_keys_from_a_file(shell: Shell) -> None:
    (shell.folder / "traits.txt").write_bytes(b"sample-a\r\nsample b\n\n")
    shell.write(
        'prefix = "listed"\n[jobs]\nfile = "traits.txt"\nvariable = "KEY"\n'
        '[run]\ncommand = ["printenv", "KEY"]\n'
    )
    done = shell.submit("--json")
    assert [job["key"] for job in done.json["jobs"]] == ["sample-a", "sample b"]
    assert shell.read("logs", "sample b").out == "sample b\n"
    assert json.dumps(done.json)
