"""Jobs that end badly: which, why, and what to do about it."""

import sys
from pathlib import Path

from tests.e2e.shell import Journal, Shell, toml

BY_KEY = """
import os, signal, sys
print("output of", os.environ["KEY"], flush=True)
match os.environ["KEY"]:
    case "1": sys.exit(1)
    case "2": sys.exit(2)
    case "3": os.kill(os.getpid(), signal.SIGKILL)
    case "4": os.kill(os.getpid(), signal.SIGTERM)
    case "5": sys.exit(7)
"""


def test_the_summary_says_which_why_and_what_to_do(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", BY_KEY], last=6, cap=6))

    done = shell.submit()

    assert done.code == 3
    for text in (
        "6 jobs: 1 succeeded, 5 failed",
        "configuration error: 1 job (1)",
        "test-1  exit code 1",
        "correct the configuration",
        "mount failure: 1 job (2)",
        "runbatch retry",
        "out of memory: 1 job (3)",
        "test-3  exit code 137, killed by SIGKILL",
        "raise [run] memory",
        "failed: 2 jobs (4, 5)",
        "exit code 143, killed by SIGTERM",
        "exit code 7",
        str(shell.state / "local" / "test" / "logs" / "5.1.log"),
    ):
        assert text in done.out
    assert shell.run("logs", "1").out == "output of 1\n"
    assert shell.run("logs", "6").out == "output of 6\n"
    assert "out of memory" in shell.run("status").out


def test_failed_jobs_are_left_alone_by_the_next_submit_unless_named(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", BY_KEY], last=6, cap=6))
    shell.submit()

    second = shell.submit("--json")
    assert second.code == 3
    assert "5 jobs (test-1, test-2, test-3, test-4, test-5): failed" in second.err
    assert {len(job["attempts"]) for job in second.json["jobs"]} == {1}

    third = shell.submit("--json", "--rerun", "1,4-5", "--rerun", "6")
    attempts = {job["key"]: len(job["attempts"]) for job in third.json["jobs"]}
    assert attempts == {"1": 2, "2": 1, "3": 1, "4": 2, "5": 2, "6": 2}
    assert shell.run("logs", "1", "--attempt", "1").out == "output of 1\n"


def test_a_missing_mount_is_a_mount_failure_and_retry_mends_it(
    shell: Shell, journal: Journal
) -> None:
    data = shell.folder / "data"
    mounts = f"""
mounts = [{{ host = "{data}", path = "/data" }}]
[retry]
delay_s = 1
"""
    shell.write(toml(journal.command(), last=3, cap=3, more=mounts))

    first = shell.submit("--json")
    assert first.code == 3
    assert {job["verdict"] for job in first.json["jobs"]} == {"mount failure"}
    marker = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"
    assert marker in shell.run("logs", "2").out
    assert journal.begun() == []

    data.mkdir()
    program = Path(sys.executable).with_name("retry-failed-traits")
    mended = shell.run("--yes", "--json", "--poll-interval", "0.1", program=program)
    assert mended.code == 0, mended.err
    assert mended.json["counts"]["succeeded"] == 3
    assert sorted(journal.begun()) == ["1", "2", "3"]
    assert [len(job["attempts"]) for job in mended.json["jobs"]] == [2, 2, 2]
    assert Path(mended.json["jobs"][0]["attempts"][0]["log"]).read_text().count(marker) == 1


def test_a_job_killed_with_its_wrapper_has_vanished_and_the_next_submit_starts_it_again(
    shell: Shell, journal: Journal
) -> None:
    kill_all = """
import signal
if not os.path.exists("second"):
    open("second", "w").close()
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    shell.write(toml(journal.command(then=kill_all), last=1, cap=1))

    first = shell.submit("--json")
    assert first.code == 3
    assert first.json["jobs"][0]["verdict"] == "vanished"
    assert "[GONE] test-1 is no longer there" in first.err
    assert len(journal.begun()) == 1

    second = shell.submit("--json")
    assert second.code == 0
    assert [attempt["verdict"] for attempt in second.json["jobs"][0]["attempts"]] == [
        "vanished",
        "succeeded",
    ]
    assert len(journal.begun()) == 2


def test_a_log_cannot_write_to_the_terminal(shell: Shell) -> None:
    program = "import sys; sys.stdout.buffer.write(b'\\x1b]0;owned\\x07 \\xff'); sys.exit(4)"
    shell.write(toml([sys.executable, "-c", program], last=1))

    done = shell.submit()

    assert done.code == 3
    assert "\x1b" not in done.out + done.err
