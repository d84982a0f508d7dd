"""Folders of running jobs are removed, by a person or a clean-up: no job runs beside itself."""

import shutil
import subprocess

import pytest
from tests.e2e.shell import Journal, Shell, processes_in, toml, wait_for_line, wait_until

GONE = {
    "one job's folder": ["clusters/local/workloads/test-1"],
    "all folders": ["clusters/local/workloads"],
    "all folders and the ledger": ["clusters", "local"],
}


@pytest.mark.parametrize("lost", GONE.values(), ids=GONE.keys())
def test_the_cap_holds_when_folders_are_removed_while_jobs_run(
    shell: Shell, journal: Journal, lost: list[str]
) -> None:
    shell.write(toml(journal.command(seconds=1000), last=4, cap=2))
    words = ("submit", "--yes", "--poll-interval", "0.1")
    first = shell.start(*words)
    wait_for_line(first, "[WAIT] 2 active jobs")
    wait_until(lambda: len(journal.begun()) == 2)
    first.kill()
    first.communicate()
    for path in lost:
        shutil.rmtree(shell.state / path)

    second = shell.start(*words)
    wait_for_line(second, "[WAIT] 2 active jobs in batch (max: 2). Waiting 0.1s... (2 running)")
    second.kill()
    second.communicate()
    assert sorted(journal.begun()) == ["1", "2"]
    assert shell.read("status", "--json").json["in_flight"] == 2

    remove = ("delete", "--all", "--yes", "--poll-interval", "0.1")
    done = shell.run(*remove)
    assert done.code == 0, done.err
    if "local" in lost:  # without its ledger, only the person's --yes made them the batch's
        assert "2 workloads left alone: not submitted by this ledger" in done.out
        assert shell.run(*remove, "--foreign").code == 0
    assert processes_in(shell.state) == []
    audit = shell.read("audit")
    assert audit.code == 0, audit.out


def test_audit_says_that_two_attempts_of_a_job_ran_at_once(shell: Shell, journal: Journal) -> None:
    # The second job only keeps the listings from being empty, which are believed late.
    shell.write(toml(journal.command(seconds=1000), last=2, cap=2))
    assert shell.run("submit", "--yes").code == 0
    path = str(shell.state / "clusters/local/workloads/test-1")
    wrapper = next(each for each in processes_in(shell.state) if path in each.cmdline())
    wait_until(lambda: len(journal.begun()) == 2)
    environment = wrapper.environ()
    for process in (wrapper, *wrapper.children()):
        process.kill()
    shutil.rmtree(path)
    assert "[GONE] test-1" in shell.run("submit", "--yes", "--poll-interval", "0.1").err
    assert shell.run("submit", "--yes", "--poll-interval", "0.1").code == 0
    assert shell.read("audit").code == 0

    back = subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)
    try:
        assert shell.run("submit", "--yes", "--poll-interval", "0.1").code == 0
        audit = shell.read("audit")
        assert audit.code != 0
        assert "two attempts of it ran at once" in audit.out
        assert shell.read("delete", "--all", "--yes", "--poll-interval", "0.1").code == 0
    finally:
        back.kill()
        back.wait()
    assert processes_in(shell.state) == []


def test_one_damaged_end_holds_up_its_own_job_only(shell: Shell, journal: Journal) -> None:
    shell.write(toml(journal.command(seconds=0), last=4, cap=2))
    assert shell.submit().code == 0
    (shell.state / "clusters/local/workloads/test-2/exit.json").write_text("{")
    (shell.state / "local/test/ledger.sqlite3").unlink()
    shutil.rmtree(shell.state / "clusters/local/workloads/test-4")

    done = shell.run("submit", "--yes", "--json", "--poll-interval", "0.1")
    assert done.code == 0, done.err
    assert "[TROUBLE] test-2 is there, but cannot be read" in done.err
    wait_until(lambda: sorted(journal.begun()) == ["1", "2", "3", "4", "4"])
    assert {job["key"]: job["state"] for job in done.json["jobs"]}["2"] == "in_flight"


def test_a_log_that_is_gone_is_an_error_and_no_empty_log(shell: Shell) -> None:
    shell.write(toml(["true"], last=2))
    assert shell.submit().code == 0
    assert shell.read("logs", "1").code == 0  # it printed nothing, and that is known
    shutil.rmtree(shell.state / "clusters" / "local" / "workloads" / "test-1")
    gone = shell.read("logs", "1")
    assert (gone.code, gone.out) == (1, "")
    assert "test-1: no log: none is saved, and its workload is not listed." in gone.err
    assert shell.run("delete", "--yes").code == 0
    saved = shell.state / "local" / "test" / "logs" / "2.1.log"
    assert shell.read("logs", "2").code == 0  # saved, and empty
    saved.unlink()
    assert shell.read("logs", "2").code == 1
