"""The machine lost its power and is back: one `submit` starts again what that ended."""

import json
import shutil
from collections.abc import Iterator

import psutil
import pytest
from tests.e2e.shell import Journal, Shell, processes_in, toml, wait_until

SUBMIT = ("submit", "--yes", "--poll-interval", "0.1")


@pytest.fixture(autouse=True)
def nothing_left(shell: Shell) -> Iterator[None]:
    """End the jobs after each test, not only the wrappers around them."""
    yield
    end_all(shell)


def end_all(shell: Shell) -> None:
    wrappers = processes_in(shell.state)
    ended = [each for wrapper in wrappers for each in (wrapper, *wrapper.children(recursive=True))]
    for process in ended:
        process.kill()
    psutil.wait_procs(ended, timeout=60)


def lose_power(shell: Shell, **boot: str) -> None:
    """End all that runs, and let what is on disk say that it ran before the machine's restart."""
    end_all(shell)
    for path in shell.state.glob("clusters/local/workloads/*/workload.json"):
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "boot": told.get("boot", {}) | boot}))


def begin(shell: Shell, journal: Journal, *, jobs: int = 2) -> None:
    shell.write(toml(journal.command(seconds=1000), last=jobs, cap=jobs))
    assert shell.run(*SUBMIT).code == 0
    wait_until(lambda: len(journal.begun()) == jobs)


def test_one_submit_starts_again_what_a_restart_ended(shell: Shell, journal: Journal) -> None:
    begin(shell, journal)
    lose_power(shell, id="another")
    done = shell.run(*SUBMIT)
    assert done.code == 0, done.err
    assert "[GONE] test-1 is no longer there; the machine was restarted" in done.err
    wait_until(lambda: sorted(journal.begun()) == ["1", "1", "2", "2"])
    assert len(processes_in(shell.state)) == 2
    # What it started again runs since the restart: the next one leaves it alone.
    assert "submitted 0" in shell.run(*SUBMIT).out
    audit = shell.read("audit")
    assert audit.code == 0, audit.out


def test_retry_finds_what_a_restart_ended_and_names_what_starts_it(
    shell: Shell, journal: Journal
) -> None:
    begin(shell, journal)
    lose_power(shell, id="another")
    done = shell.read("retry", "--dry-run")
    assert "would leave 2 jobs alone" in done.out
    assert "to start again: runbatch submit" in done.out
    named = shell.run("retry", "--once", "--yes", "--jobs", "1", "--poll-interval", "0.1")
    assert named.code == 3, named.err  # the other one is still as the restart left it
    wait_until(lambda: sorted(journal.begun()) == ["1", "1", "2"])
    shell.run(*SUBMIT)
    wait_until(lambda: sorted(journal.begun()) == ["1", "1", "2", "2"])


@pytest.mark.parametrize(
    "boot", [{"machine": "another", "id": "another"}, {}], ids=["another machine", "same boot"]
)
def test_what_no_restart_ended_is_for_the_next_submit(
    shell: Shell, journal: Journal, boot: dict[str, str]
) -> None:
    begin(shell, journal)
    lose_power(shell, **boot)
    assert "accepted, but never listed" in shell.run(*SUBMIT).err
    assert sorted(journal.begun()) == ["1", "2"]


def test_an_end_that_the_power_loss_emptied_counts_as_none_unless_it_was_seen(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0), last=2, cap=2))
    assert shell.submit().code == 0
    lose_power(shell, id="another")
    for path in shell.state.glob("clusters/local/workloads/*/exit.json"):
        path.write_bytes(bytes(80))
    assert shell.submit().code == 0
    assert sorted(journal.begun()) == ["1", "2"]  # the ledger saw both succeed


def test_a_ledger_older_than_the_files_starts_each_job_once(shell: Shell, journal: Journal) -> None:
    begin(shell, journal)
    shutil.rmtree(shell.state / "local")
    lose_power(shell, id="another")
    done = shell.run(*SUBMIT)
    assert done.code == 0, done.err
    wait_until(lambda: sorted(journal.begun()) == ["1", "1", "2", "2"])
    assert len(processes_in(shell.state)) == 2
