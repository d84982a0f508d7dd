"""The past that the journal tells: slots over time, each attempt's states, what was said."""

from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import (
    accepted,
    at,
    called,
    failed,
    listed,
    refused,
    reserved_after,
    succeeded,
    vanished,
)

from runbatch.core.history import Level, Stretch, history_of, with_seen
from runbatch.core.job import View
from runbatch.core.journal import Changed, Did, Ended
from runbatch.core.stage import Stage


def test_the_life_of_a_job_that_was_retried() -> None:
    ended = failed(seconds=5)
    waiting = reserved_after(ended)
    history = history_of(
        entries(
            started(2, "37"),
            Changed(Did.CALLED, called()),
            Changed(Did.SUBMITTED, accepted()),
            Changed(Did.SEEN, listed(stage=Stage.QUEUED)),
            Changed(Did.ENDED, failed(seconds=5, outcome=None)),
            Changed(Did.JUDGED, ended),
            Changed(Did.RESERVED, waiting),
            Changed(Did.SEEN, failed(seconds=5, stage=Stage.LEAVING)),
            Changed(Did.MISSED, failed(seconds=5, missed=1)),
            Changed(Did.CALLED, called(number=2)),
            Changed(Did.SEEN, listed(number=2)),
            Changed(Did.MISSED, listed(number=2, missed=1)),
            Changed(Did.MISSED, listed(number=2, missed=2)),
            Changed(Did.SEEN, listed(number=2)),
            Ended(),
        )
    )
    assert history.stretches == (
        Stretch("37", 1, Stage.SUBMITTED, "submitted", at(2), at(4)),
        Stretch("37", 1, Stage.QUEUED, "Pending", at(4), at(5)),
        Stretch("37", 2, Stage.RESERVED, "reserved", at(7), at(10)),
        Stretch("37", 1, Stage.LEAVING, "Deleting", at(8), at(9)),
        Stretch("37", 2, Stage.SUBMITTED, "submitted", at(10), at(11)),
        Stretch("37", 2, Stage.RUNNING, "Running", at(11), at(12)),
        Stretch("37", 2, Stage.IN_DOUBT, "in doubt", at(12), at(14)),
        Stretch("37", 2, Stage.RUNNING, "Running", at(14), None),
    )
    assert history.levels == (
        Level(at(1), 0, 2),
        Level(at(2), 1, 2),
        Level(at(5), 0, 2),
        Level(at(7), 1, 2),
    )
    assert history.view == View.of([failed(seconds=5, missed=1), listed(number=2)])


def test_what_ends_in_any_way_is_in_no_state_any_more() -> None:
    history = history_of(
        entries(
            started(),
            Changed(Did.CALLED, called("1")),
            Changed(Did.CALLED, called("2")),
            Changed(Did.CALLED, called("3")),
            Changed(Did.ADOPTED, listed("4")),
            Changed(Did.CALLED, called("5", missed=1)),
            Changed(Did.REFUSED, refused("1")),
            Changed(Did.ENDED, succeeded("2")),
            Changed(Did.VANISHED, vanished("3")),
            Changed(Did.RELEASED, called("5", missed=1)),
        )
    )
    ends = {stretch.key: (stretch.word, stretch.end) for stretch in history.stretches}
    assert ends == {
        "1": ("submitted", at(7)),
        "2": ("submitted", at(8)),
        "3": ("submitted", at(9)),
        "4": ("Running", None),
        "5": ("submitted", at(10)),
    }


def test_a_level_is_told_when_the_cap_changes_too() -> None:
    history = history_of(entries(started(2), started(5), started(5)))
    assert history.levels == (Level(at(1), 0, 2), Level(at(2), 0, 5))


def test_what_a_look_has_just_shown_stands_behind_what_was_recorded() -> None:
    recorded = entries(
        started(2, "36", "37", "38"),
        Changed(Did.CALLED, called("36")),
        Changed(Did.SEEN, listed("37")),
        Changed(Did.SEEN, listed("38")),
    )
    silent = listed("38", seconds=50)  # a mere sign of life is nothing to draw
    looked = with_seen(recorded, [called("36"), succeeded("37", seconds=20), silent], at(90))
    assert list(looked[:4]) == recorded
    (new,) = looked[4:]
    assert (new.seq, new.at, new.what) == (
        recorded[-1].seq + 1,
        at(20),
        Changed(Did.ENDED, succeeded("37", seconds=20)),
    )
    assert history_of(looked).levels[-1] == Level(at(20), 2, 2)


def test_an_end_before_the_last_entry_is_put_behind_it_and_none_into_the_future() -> None:
    recorded = entries(started(2, "36", "37"), *(Changed(Did.SEEN, listed(k)) for k in "67"))
    seen = [succeeded("6", seconds=1), failed("7", seconds=100), listed("8")]
    new = with_seen(recorded, seen, at(90))[3:]
    assert [(each.at, each.what.attempt.key) for each in new if isinstance(each.what, Changed)] == [
        (recorded[-1].at, "6"),
        (at(90), "7"),
        (at(90), "8"),
    ]


def test_where_nothing_was_recorded_a_look_is_not_the_beginning_of_it() -> None:
    assert with_seen((), [succeeded()], at(90)) == ()
