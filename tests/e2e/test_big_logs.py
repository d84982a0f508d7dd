"""Logs that are larger than what is kept of one in memory."""

import sys

from tests.e2e.shell import Shell, toml

PRINTS = "import sys; sys.stdout.write('a line of 20 bytes.\\n' * 600_000); sys.exit({code})"


def is_whole(log: str) -> bool:
    return log == "a line of 20 bytes.\n" * 600_000


def test_a_log_of_12_mb_is_kept_whole(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", PRINTS.format(code=1)], last=1, cap=1))
    assert shell.submit().code == 3
    saved = shell.state / "local" / "test" / "logs" / "1.1.log"
    assert is_whole(saved.read_text())
    assert is_whole(shell.run("logs", "1").out)
    assert list((saved.parent.parent / "new").iterdir()) == []


def test_so_is_that_of_a_job_that_is_deleted(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", PRINTS.format(code=0)], last=1, cap=1))
    assert shell.submit().code == 0
    assert shell.run("delete", "--yes").code == 0
    assert is_whole((shell.state / "local" / "test" / "logs" / "1.1.log").read_text())


def test_of_a_log_that_is_only_an_end_logs_and_audit_say_so(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", "print('the end'); raise SystemExit(1)"], last=2))
    assert shell.submit().code == 3
    logs = shell.state / "local" / "test" / "logs"
    assert "logs  " not in shell.run("audit").out
    note = "[runbatch] only the last 20000 lines of this log could be had"
    (logs / "1.1.log").write_text(f"{note}\nthe end\n")
    (logs / "2.1.log").write_text("")
    done = shell.run("logs", "1")
    assert (done.out, done.err) == ("the end\n", f"{note}\n")
    audited = shell.run("audit")
    assert "  logs            1 saved log is only the end of its log" in audited.out
    assert "1 saved log of a failure is empty" in audited.out
    assert shell.run("audit", "--json").json["logs"] == {"only_ends": 1, "empty": 1}
