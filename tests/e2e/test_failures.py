"""Jobs that end badly: which, why, and what to do about it."""

import sys
from pathlib import Path

from tests.e2e.shell import ENDING, Journal, Shell, processes_in, toml, wait_until

BY_KEY = f"""{ENDING}
import signal
print("output of", os.environ["KEY"], flush=True)
match os.environ["KEY"]:
    case "1": sys.exit(1)
    case "2": end(2)
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
        "failed: 3 jobs (",
        "test-3  exit code 137, killed by SIGKILL",
        "exit code 143, killed by SIGTERM",
        "exit code 7",
        str(shell.state / "local" / "test" / "logs" / "5.1.log"),
    ):
        assert text in done.out
    assert shell.read("logs", "1").out == "output of 1\n"
    assert shell.read("logs", "6").out == "output of 6\n"
    assert "configuration error" in shell.read("status").out


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
    assert shell.read("logs", "1", "--attempt", "1").out == "output of 1\n"


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
    assert marker in shell.read("logs", "2").out
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


def test_a_disk_that_is_full_for_a_while_loses_no_end(shell: Shell, journal: Journal) -> None:
    # Whatever stands where the end is to be written keeps it from being written, as a full disk.
    shell.write(toml(journal.command(seconds=0.5), last=1, cap=1))
    process = shell.start("submit", "--yes", "--wait", "--json", "--poll-interval", "0.1")
    workload = shell.state / "clusters" / "local" / "workloads" / "test-1"
    wait_until((workload / "log").exists)
    (workload / "exit.json.new").mkdir()
    wait_until(lambda: ("end", "1") in journal.entries())
    assert shell.read("status", "--json").json["in_flight"] == 1
    (workload / "exit.json.new").rmdir()

    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert '"succeeded": 1' in out
    assert journal.begun() == ["1"]


def test_status_after_a_submit_that_did_not_wait_judges_what_has_failed(shell: Shell) -> None:
    program = f"{ENDING}import time; time.sleep(0.5); end(int(os.environ['KEY']))"
    shell.write(toml([sys.executable, "-c", program], last=2, cap=2))
    assert shell.run("submit", "--yes").code == 0
    wait_until(lambda: shell.read("status", "--json").json["in_flight"] == 0)
    jobs = shell.read("status", "--json").json["jobs"]
    assert [job["verdict"] for job in jobs] == ["configuration error", "mount failure"]
    assert [job["attempts"][0]["exit_code"] for job in jobs] == [1, 2]


def test_after_a_reboot_the_first_submit_tells_what_is_gone_and_the_second_starts_it(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=1), last=2, cap=2))
    assert shell.run("submit", "--yes").code == 0
    wait_until(lambda: len(journal.begun()) == 2)
    for process in processes_in(shell.state):
        children = process.children()
        process.kill()  # first, or it might still write down how the job ended
        for child in children:
            child.kill()

    first = shell.run("submit", "--yes", "--poll-interval", "0.1")
    assert first.code == 3
    assert first.err.count("[GONE]") == 2
    assert "the next submit starts it again" not in first.err
    second = shell.submit("--json")
    assert second.code == 0
    assert [len(job["attempts"]) for job in second.json["jobs"]] == [2, 2]


def test_one_broken_workload_stops_nobody_else(shell: Shell) -> None:
    shell.write(toml(["true"], last=2))
    assert shell.submit().code == 0
    workloads = shell.state / "clusters" / "local" / "workloads"
    (workloads / "other-1").mkdir()
    (workloads / "other-1" / "workload.json").write_text("{")
    (workloads / ".DS_Store").touch()
    assert shell.submit().code == 0
    (workloads / "test-2" / "workload.json").write_text("{")
    broken = shell.submit()
    assert broken.code == 0
    assert str(workloads / "test-2") in broken.err
    (workloads / "test-2" / "workload.json").unlink()
    (workloads / "test-2").rename(workloads / "gone")
    assert shell.submit().code == 0


def test_a_job_that_let_go_of_its_lock_and_lost_its_wrapper_is_still_running(
    shell: Shell, journal: Journal
) -> None:
    let_go = "import signal; os.closerange(3, 100); os.kill(os.getppid(), signal.SIGKILL); "
    shell.write(toml(journal.command(then=f"{let_go}time.sleep(3)"), last=2, cap=1))
    shell.submit()
    assert journal.most_at_once() == 1
    shell.submit()
    assert journal.most_at_once() == 1


def test_a_log_of_200_mb_is_kept_whole_and_judged_by_its_end(shell: Shell) -> None:
    program = (
        "import sys; [sys.stdout.buffer.write(b'x' * 999_999 + b'\\n') for _ in range(200)];"
        "print('INFRASTRUCTURE MOUNT FAILURE'); sys.exit(3)"
    )
    shell.write(toml([sys.executable, "-c", program], last=1))
    done = shell.submit("--json")
    attempt = done.json["jobs"][0]["attempts"][0]
    assert attempt["verdict"] == "failed"
    assert attempt["evidence"].startswith("exit code 3; it outranks the log line")
    assert Path(attempt["log"]).stat().st_size == 200_000_029


def test_a_damaged_folder_of_an_ended_job_is_told_of_to_its_own_batch(shell: Shell) -> None:
    for prefix in ("test", "test-2"):
        shell.write(toml(["true"], last=1, prefix=prefix), f"{prefix}.toml")
        assert shell.submit("-b", f"{prefix}.toml").code == 0
    damaged = shell.state / "clusters" / "local" / "workloads" / "test-2-1" / "workload.json"
    damaged.write_text("{")

    assert "cannot be read" not in shell.submit("-b", "test.toml").err
    own = shell.submit("-b", "test-2.toml")
    assert own.code == 0
    assert "test-2-1 is there, but cannot be read: " in own.err
    assert shell.read("status", "-b", "test-2.toml", "--json").json["counts"]["succeeded"] == 1


def test_a_batch_that_cannot_work_is_stopped_before_every_job_has_failed(shell: Shell) -> None:
    shell.write(toml(["./no-such-program"], last=20, cap=2))
    done = shell.submit("--json")
    assert done.code == 3
    assert "[WARN] command: there is no program" in done.err
    assert "jobs ended alike (exit code 127) and none succeeded" in done.err
    counts = done.json["counts"]
    assert 5 <= counts["failed"] < 10
    assert counts["waiting"] == 20 - counts["failed"]
    again = shell.submit("--json", "--keep-going")
    assert again.json["counts"]["failed"] == 20
