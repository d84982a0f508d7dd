"""`retry --jobs`: of each job that a person named it is told what becomes of it."""

import sys

from tests.e2e.shell import Shell, toml

# Job 1 succeeds, 2 fails, 3 does not end; 4 finds no free slot while 3 runs.
PROGRAM = "import os, sys, time; k = int(os.environ['KEY']); k == 3 and time.sleep(60)"
JOB = [sys.executable, "-c", f"{PROGRAM}; sys.exit([0, 0, 7, 0, 0][k])"]
PACE = ("--retry-delay", "1", "--poll-interval", "0.1")
LEFT = [
    "[SKIP] test-1 has succeeded: not retried",
    "[SKIP] test-3 is in flight: not retried",
    "[SKIP] test-4 was never submitted: not retried",
]


def skips(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("[SKIP]")]


def begun(shell: Shell) -> None:
    """Have a batch of which no two jobs stand alike."""
    shell.write(toml(JOB, last=3, cap=3))
    assert shell.run("submit", "--yes").code in (0, 3)
    shell.write(toml(JOB, last=4, cap=3))
    while shell.read("status", "--json").json["counts"]["in_flight"] > 1:
        pass


def test_each_named_job_that_has_not_failed_is_told_with_the_reason(shell: Shell) -> None:
    begun(shell)

    planned = shell.read("retry", "--jobs", "1-4", "--dry-run")
    assert planned.code == 0
    assert skips(planned.err) == LEFT
    assert "would retry 1 job\n  test-2" in planned.out

    as_json = shell.read("retry", "--jobs", "1-4", "--dry-run", "--json")
    assert skips(as_json.err) == LEFT
    assert as_json.json["retry"] == ["2"]
    assert as_json.json["leave"] == {
        "1": "test-1 has succeeded: not retried",
        "3": "test-3 is in flight: not retried",
        "4": "test-4 was never submitted: not retried",
    }

    done = shell.run("retry", "--jobs", "1-4", "--yes", "--once", *PACE)
    assert skips(done.err) == LEFT
    assert "[SUBMIT] test-2" in done.err
    assert len(shell.read("status", "--json").json["jobs"][1]["attempts"]) == 2


def test_where_none_of_them_has_failed_nothing_is_asked_or_done(shell: Shell) -> None:
    """The exit code is that of the batch: another job has failed."""
    begun(shell)
    done = shell.read("retry", "--jobs", "3,1", *PACE)  # without --yes
    assert done.code == 3
    assert skips(done.err) == LEFT[:2]
    assert "retried 0" in done.out
    jobs = shell.read("status", "--json").json["jobs"]
    assert [len(job["attempts"]) for job in jobs] == [1, 1, 1, 0]


def test_without_names_nothing_is_said_of_what_has_not_failed(shell: Shell) -> None:
    begun(shell)
    assert skips(shell.read("retry", "--dry-run").err) == []
