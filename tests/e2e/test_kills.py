"""`kill -9` at any moment, and go on: every job runs exactly once."""

import random
import signal
import subprocess
import time
from collections import Counter

import pytest
from tests.e2e.shell import Journal, Shell, toml


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_again_and_again_every_job_runs_once(
    shell: Shell, journal: Journal, seed: int
) -> None:
    moments = random.Random(seed)
    shell.write(toml(journal.command(seconds=0.5), last=40, cap=4))

    in_the_middle = 0
    while len(journal.begun()) < 30:
        process = shell.start("submit", "--yes", "--wait", "--poll-interval", "0.05")
        # Not to be right but to be unlucky: whichever step this hits, the promises must hold.
        time.sleep(moments.uniform(0.3, 1.5))
        process.kill()
        process.communicate()
        in_the_middle += 0 < len(journal.begun()) < 40
    last = shell.submit("--json")

    assert in_the_middle >= 3
    assert last.code == 0, last.err
    assert last.json["counts"]["succeeded"] == 40
    assert Counter(journal.begun()) == {str(key): 1 for key in range(1, 41)}
    assert journal.most_at_once() <= 4
    assert {len(job["attempts"]) for job in last.json["jobs"]} == {1}


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


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Read what the process says until it says this."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it never said {text!r}")
