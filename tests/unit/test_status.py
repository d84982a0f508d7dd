"""What `status` says and how it fits, drawn from values; the terminal itself: tests/e2e."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    at,
    batch,
    failed,
    listed,
    observation,
    reserved_after,
    running_again,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Cause, Evidence
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.core.waits import Answer, waits_of
from runbatch.ledger.invocations import Invocation
from runbatch.views.json import snapshot_json
from runbatch.views.status import Picture, Status, show_status, status_of
from runbatch.views.text import clock_time, fitting_rows, rows_of
from runbatch.views.waits import waits_json, waits_lines

NOW = at(3600)
HEARD = Answer(NOW)
SUBMIT = Invocation(1, "login-2", 4711, "submit", at(0), at(3588))
RETRY = replace(SUBMIT, id=2, command="retry")
NO_ROOM = "0 nodes available"


def seen(
    *attempts: Attempt, at_work: tuple[Invocation, ...] = (SUBMIT,), answer: Answer = HEARD
) -> Status:
    snapshot = snapshot_of(batch(), view(*attempts), NOW)
    held = [job for job in snapshot.jobs if job.holding]
    rows = [observation(job.key, Stage.QUEUED, reason=NO_ROOM) for job in held]
    waits = waits_of(snapshot, answer, [each.command for each in at_work], rows)
    return status_of(snapshot, waits, at_work)


def why(status: Status) -> dict[str, str]:
    return dict(waits_lines(status.waits, status.at_work, 50, NOW))


PENDING = [listed(str(key), Stage.QUEUED) for key in range(20, 50)]
RUNNING = [listed(str(key)) for key in range(2, 20)]
DOUBTFUL = [listed(key, seconds=60, missed=1) for key in ("50", "51")]


def test_why_are_only_18_running_when_i_said_50() -> None:
    assert why(seen(*PENDING, *RUNNING, *DOUBTFUL)) == {
        "slots": "50 of 50 held: 18 running, 30 pending, 2 in doubt since 09:31 UTC; "
        "the cluster says: 0 nodes available",
        "waiting": "136 jobs: no slot is free",
        "cluster": "answers",
        "at work": "submit on login-2 (pid 4711), last looked 12 s ago",
    }


@pytest.mark.parametrize(
    ("status", "label", "said"),
    [
        pytest.param(seen(at_work=()), "slots", "0 of 50 held", id="nothing is held"),
        pytest.param(seen(at_work=()), "waiting", "186 jobs: no submit runs", id="nobody"),
        pytest.param(seen(at_work=()), "at work", "nobody", id="nobody is at work"),
        pytest.param(
            seen(at_work=(replace(SUBMIT, ticked_at=at(3000)),)),
            "at work",
            "submit on login-2 (pid 4711) seems to be stopped, last looked 10 min ago",
            id="Ctrl-Z, or a laptop that sleeps",
        ),
        pytest.param(seen(*RUNNING), "waiting", "168 jobs: one after the other", id="room"),
        pytest.param(
            seen(*RUNNING, answer=Answer(at(0), "Run:ai: \x1b[31mno VPN.")),
            "waiting",
            "168 jobs: the cluster does not answer",
            id="they wait for the cluster",
        ),
        pytest.param(
            seen(answer=Answer(at(0), "Run:ai: \x1b[31mno VPN.")),
            "cluster",
            "no answer, last heard 09:30:00: Run:ai: \\x1b[31mno VPN. "
            "This is what the ledger remembers.",
            id="it does not answer",
        ),
        pytest.param(
            seen(answer=Answer(None, "No VPN.")),
            "cluster",
            "no answer, never heard: No VPN. This is what the ledger remembers.",
            id="it never did",
        ),
        pytest.param(
            seen(failed(seconds=3580), at_work=(RETRY,)),
            "retries",
            "1 job, next due 10:30:10 (in 10 s)",
            id="a retry is to come",
        ),
        pytest.param(
            seen(failed(seconds=3500)),
            "retries",
            "1 job, due since 10:28:50: no retry runs",
            id="nobody retries",
        ),
        pytest.param(
            seen(failed(), reserved_after(failed())),
            "slots",
            "1 of 50 held: 1 reserved; the cluster says: 0 nodes available",
            id="a retry has begun",
        ),
    ],
)
def test_what_is_said(status: Status, label: str, said: str) -> None:
    assert why(status)[label] == said


def test_nothing_is_said_of_what_is_not() -> None:
    assert list(why(seen(*RUNNING))) == ["slots", "waiting", "cluster", "at work"]


def test_the_same_as_json() -> None:
    status = seen(*RUNNING, *DOUBTFUL, failed("60", seconds=3580))
    assert waits_json(status.waits, status.at_work) == {
        "slots": {
            "held": 20,
            "by": {"running": 18, "in doubt": 2},
            "in_doubt_since": "2026-01-05T09:31:00Z",
            "cluster_says": [NO_ROOM],
        },
        "to_start": {"jobs": 165, "waiting_for": "its turn", "next_due_at": None},
        "to_retry": {
            "jobs": 1,
            "waiting_for": "somebody to run the command",
            "next_due_at": "2026-01-05T10:30:10Z",
        },
        "cluster": {
            "answers": True,
            "heard_at": "2026-01-05T10:30:00Z",
            "problem": None,
            "no_submit": None,
        },
        "at_work": [
            {
                "command": "submit",
                "host": "login-2",
                "pid": 4711,
                "started_at": "2026-01-05T09:30:00Z",
                "looked_at": "2026-01-05T10:29:48Z",
            }
        ],
    }


def test_what_ended_an_attempt_stands_in_json() -> None:
    end = Evidence(cause=Cause.NODE, reason="NodeLost")
    shown = snapshot_of(batch("37"), view(failed(outcome=BROKEN, evidence=end)), NOW)
    (attempt,) = snapshot_json(shown)["jobs"][0]["attempts"]
    assert (attempt["cause"], attempt["verdict"]) == ("node", "infrastructure failure")
    assert attempt["evidence"] == "reason: NodeLost"
    shown = snapshot_of(batch("37"), view(vanished()), NOW)
    (attempt,) = snapshot_json(shown)["jobs"][0]["attempts"]
    assert attempt["cause"] is None


def test_a_job_that_runs_again_has_no_verdict_in_json() -> None:
    end = Evidence(exit_code=2, node="n5")
    shown = snapshot_of(batch("37"), view(running_again(failed(evidence=end))), NOW)
    (job,) = snapshot_json(shown)["jobs"]
    (attempt,) = job["attempts"]
    assert (job["state"], job["phase"], job["verdict"]) == ("in_flight", "Running", None)
    concluded = (attempt["verdict"], attempt["evidence"], attempt["exit_code"], attempt["cause"])
    assert concluded == (None, None, None, None)


MUCH = seen(
    *RUNNING,
    *(failed(str(key), node=f"gpu-node{key}-漢字" * 3) for key in range(20, 60)),
    *(failed(str(key), outcome=CONFIGURATION) for key in range(60, 100)),
    *(succeeded(str(key), seconds=key) for key in range(100, 120)),
)


def drawn(status: Status, width: int, height: int) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, height=height)
    console.print(Picture(status, lambda: NOW, 30))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("height", [24, 30, 60])
@pytest.mark.parametrize("width", [80, 109, 110, 120, 200])
def test_everything_fits(width: int, height: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    lines = drawn(MUCH, width, height)
    assert len(lines) <= height
    assert all(console.render_str(line).cell_len <= width for line in lines)
    text = "\n".join(lines)
    for part in ("slots", "configuration error", "by node", "last events", "Ctrl-C ends"):
        assert part in text


def test_on_a_low_terminal_events_give_way_first_and_the_answer_never() -> None:
    titles = ("slots", "Ctrl-C ends", "failed jobs", "by node", "last events")
    shown = {
        height: sum(any(title in line for line in drawn(MUCH, 80, height)) for title in titles)
        for height in range(13, 40)
    }
    assert list(shown.values()) == sorted(shown.values())
    assert shown[13] == 2
    assert shown[39] == len(titles)
    assert "failed jobs" in "".join(drawn(MUCH, 80, 18))


@pytest.mark.parametrize(("width", "height"), [(40, 12), (40, 5), (80, 1), (20, 3)])
def test_however_low_the_terminal_how_to_end_it_is_said(width: int, height: int) -> None:
    lines = drawn(MUCH, width, height)
    assert len(lines) == height
    assert lines[-1].endswith("q or Ctrl-C ends")
    assert len(lines[-1]) <= width


def test_a_wide_terminal_has_two_blocks_side_by_side() -> None:
    def titles(width: int) -> list[str]:
        return [line for line in drawn(MUCH, width, 60) if "failed jobs" in line]

    assert titles(109) == ["failed jobs"]
    (line,) = titles(110)
    assert line.split() == ["failed", "jobs", "mount", "failures", "by", "node"]


def test_the_bar_is_as_wide_as_the_jobs_are_many() -> None:
    bar = drawn(MUCH, 93, 30)[2]
    assert [bar.count(mark) for mark in "█▓▒░"] == [10, 40, 9, 34]


def test_what_does_not_fit_is_counted() -> None:
    lines = [line.strip() for line in drawn(MUCH, 80, 24)]
    nodes = lines[lines.index("mount failures by node") + 1 :]
    rows = nodes[: nodes.index("")]
    assert rows[-1] == f"and {40 - len(rows) + 1} more"


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        pytest.param((failed(node="gpu-5"),), "1  of 1 job on gpu-5", id="all of one"),
        pytest.param(
            (failed("2", node="gpu-5"), failed("3", node="gpu-5"), listed("4", node="gpu-5")),
            "2  of 3 jobs on gpu-5",
            id="some",
        ),
        pytest.param(
            (failed(evidence=Evidence(node="gpu-5")),), "1  job on gpu-5", id="of nobody knows"
        ),
        pytest.param(
            (
                failed("2", evidence=Evidence(node="\x1b[31m")),
                failed("3", evidence=Evidence(node="\x1b[31m")),
            ),
            "2  jobs on \\x1b[31m",
            id="a hostile name",
        ),
    ],
)
def test_mount_failures_by_node(attempts: tuple[Attempt, ...], said: str) -> None:
    assert said in "\n".join(drawn(seen(*attempts), 80, 24))


def test_in_a_pipe_nothing_is_shortened() -> None:
    file = io.StringIO()
    show_status(Console(file=file, width=40, markup=False), MUCH)
    lines = file.getvalue().splitlines()
    assert f"   1  of 1 job on {'gpu-node20-漢字' * 3}" in "\n".join(lines)
    assert any(line.endswith("no retry runs") for line in lines)


def test_in_a_pipe_the_bar_fits_most_terminals_that_it_may_lead_to() -> None:
    file = io.StringIO()
    show_status(Console(file=file, width=200), MUCH)
    assert len(file.getvalue().splitlines()[2]) == 80


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        pytest.param(20, "k-10 and 3 more", id="one"),
        pytest.param(21, "k-10, k-11 and 2 more", id="some"),
        pytest.param(22, "k-10, k-11, k-12, k-13", id="all"),
        pytest.param(5, "k-10 and 3 more", id="none: the first"),
    ],
)
def test_as_many_keys_as_fit(room: int, shown: str) -> None:
    assert fitting_rows(rows_of(["k-10", "k-11", "k-12", "k-13"]), room) == shown


def test_keys_in_a_row_take_no_more_room_than_one() -> None:
    rows = rows_of([*map(str, range(2, 188)), "a", "b"])
    assert fitting_rows(rows, 11) == "2-187, a, b"
    assert fitting_rows(rows, 10) == "2-187 and 2 more"


def test_a_time_of_another_day_names_it() -> None:
    assert clock_time(at(0), NOW) == "09:30:00"
    assert clock_time(at(0), at(86_400)) == "2026-01-05 09:30:00"
