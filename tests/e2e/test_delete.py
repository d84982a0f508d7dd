"""`runbatch delete`: the cluster forgets, the ledger does not."""

import signal
import sys
from pathlib import Path

import pytest
from tests.e2e.shell import Journal, Shell, processes_in, toml
from tests.e2e.test_failures import BY_KEY

ENDLESS = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(1000)"]
NO_DATA = '\nmounts = [{ host = "data", path = "/data" }]\n[retry]\ndelay_s = 1\n'


def workloads(shell: Shell) -> list[str]:
    """Return what the cluster has, whatever the tool says."""
    folder = shell.state / "clusters" / "local" / "workloads"
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


def test_what_has_ended_goes_and_stays_known(shell: Shell) -> None:
    shell.write(toml([sys.executable, "-c", BY_KEY], last=6, cap=6))
    shell.submit()
    before = shell.read("status", "--json").json["jobs"]

    dry = shell.read("delete", "--dry-run")
    assert dry.code == 0
    assert "would delete 6 ended workloads, after saving their logs" in dry.out
    assert "test-1, test-2, test-3, test-4, test-5, test-6" in dry.out
    assert len(workloads(shell)) == 6

    done = shell.read("delete", "--yes", "--json")
    assert done.code == 0, done.err
    keys = ["1", "2", "3", "4", "5", "6"]
    assert done.json == {
        "schema": 1, "batch": "test", "delete": keys, "in_flight": [], "deleted": keys, "leave": [],
    }  # fmt: skip
    assert workloads(shell) == []
    for key in range(1, 7):
        saved = shell.state / "local" / "test" / "logs" / f"{key}.1.log"
        assert saved.read_text().startswith(f"output of {key}\n")
        assert shell.read("logs", str(key)).out == saved.read_text()
    after = shell.read("status", "--json").json["jobs"]
    assert [job["verdict"] for job in after] == [job["verdict"] for job in before]
    assert {Path(job["attempts"][0]["log"]).exists() for job in after} == {True}

    again = shell.submit("--json")
    assert {len(job["attempts"]) for job in again.json["jobs"]} == {1}
    assert shell.read("delete", "--yes").out == "test: 0 workloads deleted.\n"
    audit = shell.read("audit")
    assert audit.code == 0, audit.out


def test_what_runs_is_left_alone_unless_all_is_meant(shell: Shell) -> None:
    shell.write(toml(ENDLESS, last=3, cap=2))
    waiting = shell.start("submit", "--yes", "--poll-interval", "0.1")
    assert waiting.stderr is not None
    while "[WAIT]" not in waiting.stderr.readline():
        pass

    refused = shell.read("delete", "--all", "--yes")
    assert refused.code == 2
    assert f"--all: submit works on this batch (process {waiting.pid} on " in refused.err
    assert "Stop it first, with Ctrl-C there." in refused.err
    assert shell.read("delete", "--yes").out == (
        "test: 0 workloads deleted.\n2 workloads left alone: in flight (--all deletes them)\n"
    )
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=60)
    assert len(processes_in(shell.state)) == 2

    unasked = shell.read("delete", "--all")
    assert unasked.code == 2
    assert (
        "2 in flight will be cut off. Delete 2 workloads of test, once their logs are saved?"
        in unasked.err
    )
    assert len(processes_in(shell.state)) == 2

    done = shell.read("delete", "--all", "--yes")
    assert done.code == 0, done.err
    assert "test: 2 workloads deleted; their logs are in " in done.out
    assert (workloads(shell), processes_in(shell.state)) == ([], [])
    assert shell.read("logs", "1").out == "begun\n"
    shown = shell.read("status", "--json").json
    assert (shown["in_flight"], shown["counts"]["waiting"]) == (0, 1)
    assert [job["attempts"][0]["evidence"] for job in shown["jobs"][:2]] == [
        "deleted before it ended"
    ] * 2

    shell.write(toml([sys.executable, "-c", "pass"], last=3, cap=2))
    assert "all 3 jobs succeeded" in shell.submit().out
    assert shell.read("audit").code == 0


def test_a_mount_failure_is_retried_after_its_workload_was_deleted(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0), last=2, cap=2, more=NO_DATA))
    assert shell.submit().code == 3
    assert shell.read("delete", "--yes").code == 0
    assert "would retry 2 jobs" in shell.read("retry", "--dry-run").out
    (shell.folder / "data").mkdir()
    done = shell.run("retry", "--yes", "--poll-interval", "0.1")
    assert (done.code, sorted(journal.begun())) == (0, ["1", "2"])


def test_other_batches_are_not_touched(shell: Shell) -> None:
    names = {"test": "batch.toml", "test-2": "two.toml", "tes": "tes.toml"}
    for prefix, name in names.items():
        shell.write(toml([sys.executable, "-c", "pass"], last=2, prefix=prefix), name)
        assert shell.submit("-b", name).code == 0
    assert shell.read("delete", "--yes", "--all").code == 0
    assert workloads(shell) == ["tes-1", "tes-2", "test-2-1", "test-2-2"]


@pytest.mark.parametrize("words", [("--all",), ("--yes", "extra"), ("--jobs", "1")])
def test_wrong_usage_touches_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    shell.write(toml([sys.executable, "-c", "pass"]))
    shell.submit()
    assert shell.read("delete", *words).code == 2
    assert len(workloads(shell)) == 4
