"""What the report is made of, as values; how it looks and behaves is tests/browser's."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    PHASES,
    UNDETERMINED,
    at,
    batch,
    called,
    failed,
    history,
    listed,
    refused,
    reserved,
    reserved_after,
    running_again,
    succeeded,
    view,
)

from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.core.history import History, Level, Stretch
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.stage import Stage
from runbatch.views.report.bars import Bar, bars_of
from runbatch.views.report.findings import cap_sentence, failures, highest, standing
from runbatch.views.report.losses import held_s, losses_of
from runbatch.views.report.rows import data_of, link
from runbatch.views.report.shades import Shade, of_end, of_stage, word_of

OOM = Outcome(Verdict.OUT_OF_MEMORY, "exit code 137")


def stretch(stage: Stage, start: float, end: float | None, number: int = 1) -> Stretch:
    word = PHASES.get(stage, stage.value)
    return Stretch("37", number, stage, word, at(start), None if end is None else at(end))


def shown(*attempts: Attempt, now: float = 100, keys: tuple[str, ...] = ("37",)) -> Snapshot:
    return snapshot_of(batch(*keys), view(*attempts), at(now))


RETRIED = shown(
    failed("37", seconds=30, log="/state/logs/37.1.log"), succeeded("37", number=2, seconds=95)
)
RETRIED_PAST = history(
    stretch(Stage.SUBMITTED, 0, 5),
    stretch(Stage.QUEUED, 5, 20),
    stretch(Stage.RUNNING, 20, 30),
    stretch(Stage.LEAVING, 61, 70),
    stretch(Stage.RESERVED, 60, 70, number=2),
    stretch(Stage.RUNNING, 70, 95, number=2),
)


def test_the_last_bar_of_an_attempt_tells_how_it_ended_and_its_retry_follows() -> None:
    assert bars_of(RETRIED, RETRIED_PAST)["37"] == (
        Bar(Shade.STARTING, 1, Stage.SUBMITTED, "submitted", at(0), at(5)),
        Bar(Shade.STARTING, 1, Stage.QUEUED, "Pending", at(5), at(20)),
        Bar(Shade.MOUNT_FAILURE, 1, Stage.RUNNING, "Running", at(20), at(30)),
        Bar(Shade.RETRY_WAIT, 1, None, "", at(30), at(60)),
        Bar(Shade.LEAVING, 2, Stage.RESERVED, "reserved", at(60), at(70)),
        Bar(Shade.SUCCEEDED, 2, Stage.RUNNING, "Running", at(70), at(95)),
    )


def test_what_still_is_lasts_until_now() -> None:
    running = shown(listed("37"), now=50)
    (bar,) = bars_of(running, history(stretch(Stage.RUNNING, 20, None)))["37"]
    assert bar == Bar(Shade.RUNNING, 1, Stage.RUNNING, "Running", at(20), at(50))
    assert bar.seconds == 30


def test_a_job_without_a_past_has_no_bars() -> None:
    assert bars_of(shown(succeeded("37")), history()) == {"37": ()}


@pytest.mark.parametrize("stage", [stage for stage in Stage if not stage.ended])
def test_every_stage_that_holds_a_slot_has_a_shade(stage: Stage) -> None:
    unclear = (Stage.UNKNOWN, Stage.IN_DOUBT)
    assert (of_stage(stage) is Shade.IN_DOUBT) == (stage in unclear)


@pytest.mark.parametrize(
    ("attempt", "word"),
    [
        (reserved(), "reserved"),
        (called(), "submitted"),
        (called(submitted_at=at(1)), "submitted"),
        (listed(), "Running"),
        (running_again(failed()), "Running"),
        (failed(stage=Stage.LEAVING), "mount failure"),
        (listed(missed=1), "in doubt"),
        (refused(), "could not be submitted"),
        (failed(outcome=None), "not yet judged"),
        (failed(), "mount failure"),
        (succeeded(), "succeeded"),
    ],
)
def test_where_an_attempt_stands_in_a_word(attempt: Attempt, word: str) -> None:
    assert word_of(attempt) == word


def test_table_and_bars_agree_on_a_job_just_submitted() -> None:
    just = shown(called("37", submitted_at=at(1)), now=2)
    given = data(just, history(stretch(Stage.SUBMITTED, 0, None)))
    (job,) = given["jobs"]
    assert job["attempts"][0]["shade"] == job["bars"][0][0] == [*Shade].index(Shade.STARTING)


def test_an_end_that_the_cluster_undid_is_no_evidence() -> None:
    again = shown(running_again(failed("37", node="n5")))
    (job,) = data(again, history())["jobs"]
    (attempt,) = job["attempts"]
    assert (attempt["evidence"], attempt["shade"]) == ("", [*Shade].index(Shade.RUNNING))


def test_no_time_is_lost_twice() -> None:
    bars = bars_of(RETRIED, RETRIED_PAST)
    lost = [(each.shade, each.seconds, each.attempts) for each in losses_of(RETRIED, bars)]
    assert lost == [
        (Shade.MOUNT_FAILURE, 30, 1),
        (Shade.RETRY_WAIT, 30, 1),
        (Shade.LEAVING, 10, 1),
    ]
    assert held_s(bars["37"]) == 65


def test_a_job_that_still_runs_has_lost_its_start_and_its_doubt() -> None:
    running = shown(listed("37"), now=50)
    past = history(
        stretch(Stage.QUEUED, 0, 10),
        stretch(Stage.IN_DOUBT, 10, 12),
        stretch(Stage.RUNNING, 12, None),
    )
    lost = losses_of(running, bars_of(running, past))
    assert [(each.shade, each.seconds) for each in lost] == [
        (Shade.STARTING, 10),
        (Shade.IN_DOUBT, 2),
    ]


@pytest.mark.parametrize(
    ("attempts", "text"),
    [
        pytest.param([], "0 of 3 jobs succeeded, 3 waiting to be submitted.", id="nothing yet"),
        pytest.param(
            [succeeded("2"), succeeded("3"), succeeded("4")], "All 3 jobs succeeded.", id="all well"
        ),
        pytest.param(
            [succeeded("2"), failed("3"), listed("4")],
            "1 of 3 jobs succeeded, 1 ended badly, 1 in flight. 1 may be retried: runbatch retry.",
            id="some of each",
        ),
        pytest.param(
            [succeeded("2"), succeeded("3"), failed("4", outcome=CONFIGURATION)],
            "2 of 3 jobs succeeded, 1 ended badly.",
            id="no retry mends that",
        ),
    ],
)
def test_one_sentence_says_how_it_stands(attempts: list[Attempt], text: str) -> None:
    assert standing(shown(*attempts, keys=("2", "3", "4"))) == text


def test_whether_the_cap_held_is_said() -> None:
    levels = [Level(at(0), 5, 5), Level(at(60), 6, 5), Level(at(120), 7, 5)]
    assert cap_sentence([]) == cap_sentence(levels[:1]) == "The cap was never passed."
    assert cap_sentence(levels) == (
        "On 5 January 2026, 09:31 UTC, 6 were in flight, more than the cap of 5; "
        "runbatch audit says how that came to be."
    )


def test_the_highest_level_is_the_first_of_its_height() -> None:
    levels = [Level(at(0), 1, 9), Level(at(1), 4, 9), Level(at(2), 2, 9), Level(at(3), 4, 9)]
    assert highest(levels) == levels[1]
    assert highest([]) is None


def test_failures_are_counted_by_attempt_and_by_the_job_left_so() -> None:
    tries = [failed("2"), failed("2", number=2, outcome=OOM), failed("3"), succeeded("3", number=2)]
    found = failures(shown(*tries, refused("4"), keys=("2", "3", "4")))
    assert [(each.word, each.attempts, each.jobs, each.keys) for each in found] == [
        ("mount failure", 2, 0, ""),
        ("out of memory", 1, 1, "2"),
        ("could not be submitted", 1, 1, "4"),
    ]
    assert found[1].advice == ("raise [run] memory, then runbatch submit --rerun 2",)


def data(snapshot: Snapshot, past: History, folder: Path = Path("/reports")) -> dict[str, Any]:
    return data_of(snapshot, past, bars_of(snapshot, past), folder)


def test_the_script_is_given_jobs_with_their_attempts_and_bars() -> None:
    given = data(RETRIED, RETRIED_PAST)
    (job,) = given["jobs"]
    first, second = job["attempts"]
    assert (job["key"], job["state"], job["due"]) == ("37", "succeeded", None)
    assert first == {
        "number": 1,
        "outcome": "mount failure",
        "shade": [*Shade].index(Shade.MOUNT_FAILURE),
        "evidence": "exit code 2",
        "node": "",
        "start": 0,
        "end": 30,
        "log": "file:///state/logs/37.1.log",
    }
    assert (second["outcome"], second["end"], second["log"]) == ("succeeded", 95, None)
    shades = [given["shades"][bar[0]]["text"] for bar in job["bars"]]
    assert shades[2:4] == ["mount failure", "between two attempts"]
    assert job["bars"][2][1:4] == [1, 20, 30]
    assert given["states"][job["bars"][2][4]] == "Running"


@pytest.mark.parametrize(
    ("attempt", "until"),
    [
        pytest.param(listed("37"), 500, id="until now: it runs"),
        pytest.param(succeeded("37", seconds=40), 40, id="until the last end: nothing runs"),
    ],
)
def test_time_is_drawn_from_the_first_moment_to_the_last(attempt: Attempt, until: float) -> None:
    end = 40 if attempt.ended_at else None
    past = history(
        stretch(Stage.RUNNING, 10, end),
        levels=(Level(at(5), 1, 9), Level(at(40), 0, 9))[: 2 if end else 1],
    )
    given = data(shown(attempt, now=500), past)
    assert given["origin"] == at(5).timestamp()
    assert given["until"] == until - 5
    assert given["levels"][0] == [0, 1, 9]


def test_a_batch_without_events_is_drawn_at_its_moment() -> None:
    given = data(shown(keys=("2",)), history())
    assert (given["origin"], given["until"], given["levels"]) == (at(100).timestamp(), 0, [])


def test_a_retry_to_come_is_told() -> None:
    (job,) = data(shown(failed("37", seconds=90)), history())["jobs"]
    assert job["due"] == pytest.approx(20)


@pytest.mark.parametrize(
    ("folder", "address"),
    [
        ("/state", "logs/a%2520b%23.1.log"),
        ("/", "state/logs/a%2520b%23.1.log"),
        ("/elsewhere", "file:///state/logs/a%2520b%23.1.log"),
    ],
)
def test_a_log_is_linked_relative_where_it_lies_below_the_page(folder: str, address: str) -> None:
    assert link(Path("/state/logs/a%20b#.1.log"), Path(folder)) == address


def test_a_log_whose_folder_is_no_text_is_linked_all_the_same() -> None:
    log = Path(os.fsdecode(b"/state/\xff/1.1.log"))
    assert link(log, Path("/state")) == "%FF/1.1.log"
    assert link(log, Path("/elsewhere")) == "file:///state/%FF/1.1.log"


def test_undetermined_ends_are_shown_as_unclear() -> None:
    (job,) = data(shown(failed("37", outcome=UNDETERMINED)), history())["jobs"]
    assert job["attempts"][0]["shade"] == [*Shade].index(Shade.UNSEEN)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_drawn(verdict: Verdict) -> None:
    ended = failed("37", outcome=Outcome(verdict, ""))
    assert of_end(ended) is not None
    assert word_of(ended) == verdict.value


def test_what_the_cluster_broke_has_a_shade_of_its_own() -> None:
    assert of_end(failed("37", outcome=BROKEN)) is Shade.INFRASTRUCTURE_FAILURE


def test_what_waits_for_its_name_follows_a_failure() -> None:
    before = failed("37", seconds=30)
    (job,) = data(shown(before, reserved_after(before)), history())["jobs"]
    assert [each["outcome"] for each in job["attempts"]] == ["mount failure", "reserved"]
