"""Ctrl-C and SIGTERM: a stop between two actions, and the same command again goes on."""

import signal

import pytest
from tests.e2e.shell import Journal, Shell, toml, wait_for_line, wait_until


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_a_signal_stops_between_two_actions_and_the_jobs_go_on(
    shell: Shell, journal: Journal, number: signal.Signals, code: int
) -> None:
    shell.write(toml(journal.command(seconds=1), last=4, cap=2))
    process = shell.start("submit", "--yes", "--wait", "--poll-interval", "0.1")
    wait_for_line(process, "[SUBMIT] test-2")

    process.send_signal(number)
    out, err = process.communicate(timeout=30)

    assert process.returncode == code
    assert "run the same command again" in err
    assert "2 in flight" in out
    assert shell.submit().code == 0
    assert sorted(journal.begun()) == ["1", "2", "3", "4"]


def attempts_of(shell: Shell) -> list[int]:
    jobs = shell.run("status", "--json").json["jobs"]
    return [len(job["attempts"]) for job in jobs]


def test_a_rerun_that_was_stopped_and_typed_again_runs_no_job_a_third_time(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0.3), last=6, cap=1))
    assert shell.submit().code == 0
    rerun = ("submit", "--yes", "--wait", "--poll-interval", "0.1", "--rerun", "1-6")
    process = shell.start(*rerun)
    wait_for_line(process, "[SUBMIT] test-4 (attempt 2)")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    wait_until(lambda: shell.run("status", "--json").json["counts"]["in_flight"] == 0)
    assert attempts_of(shell) == [2, 2, 2, 2, 1, 1]

    # One without --rerun starts none of them, and forgets nothing.
    assert shell.submit().code == 0
    said = " UTC: 4 of 6 were started again"
    looked = shell.run("submit", "--dry-run", "--rerun", "1-6")
    assert "[RERUN] going on with the --rerun of " in looked.err
    assert said in looked.err
    assert attempts_of(shell) == [2, 2, 2, 2, 1, 1]

    again = shell.run(*rerun)
    assert again.code == 0
    assert said in again.err
    assert attempts_of(shell) == [2] * 6
    assert sorted(journal.begun()) == sorted("123456" * 2)

    # That one is over: the next is another.
    third = shell.run(*rerun[:-1], "1")
    assert "[RERUN]" not in third.err
    assert attempts_of(shell) == [3, 2, 2, 2, 2, 2]


def test_a_retry_of_named_jobs_that_was_stopped_and_typed_again_starts_none_twice(
    shell: Shell, journal: Journal
) -> None:
    shell.write(toml(journal.command(seconds=0.2, then="sys.exit(3)"), last=4, cap=1))
    assert shell.submit("--keep-going").code == 3
    retry = ("retry", "--yes", "--poll-interval", "0.1", "--jobs", "1-4")
    process = shell.start(*retry)
    wait_for_line(process, "[SUBMIT] test-2 (attempt 2)")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    wait_until(lambda: shell.run("status", "--json").json["counts"]["in_flight"] == 0)
    assert attempts_of(shell) == [2, 2, 1, 1]

    looked = shell.run("retry", "--dry-run", "--jobs", "1-4")
    assert "[RERUN] going on with the --jobs of " in looked.err
    assert " UTC: 2 of 4 were started again" in looked.err
    assert "would retry 2 jobs\n  test-3" in looked.out
    again = shell.run(*retry)
    assert attempts_of(shell) == [2, 2, 2, 2]
    assert "retried 2" in again.out

    # That one is over: the next is another.
    assert shell.run(*retry[:-1], "1").code == 3
    assert attempts_of(shell) == [3, 2, 2, 2]


def test_a_rerun_is_not_over_while_its_last_job_runs(shell: Shell, journal: Journal) -> None:
    gate = shell.folder / "gate"
    wait = f"while key == '2' and not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    then = f"key = os.environ['RUNBATCH_KEY']\n{wait}"
    shell.write(toml(journal.command(seconds=0, then=then), last=2, cap=2))
    gate.touch()
    assert shell.submit().code == 0
    gate.unlink()
    assert shell.run("submit", "--yes", "--rerun", "1,2", "--poll-interval", "0.1").code == 0
    wait_until(lambda: shell.run("status", "--json").json["counts"]["succeeded"] == 1)
    again = shell.run("submit", "--yes", "--rerun", "1,2", "--poll-interval", "0.1")
    assert ": 2 of 2 were started again" in again.err
    gate.touch()
    assert shell.submit().code == 0
    assert attempts_of(shell) == [2, 2]
