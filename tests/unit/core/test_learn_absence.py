"""What a listing's gaps mean, and when they mean nothing."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    DONE,
    END_NOT_SEEN,
    PATIENCE,
    accepted,
    at,
    batch,
    called,
    denied,
    failed,
    listed,
    listing,
    looked,
    looked_often,
    observation,
    refused,
    reserved,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt, Listing, Observation, Outcome, Verdict
from runbatch.core.job import State, View
from runbatch.core.reconcile import Change, Learned
from runbatch.core.stage import Stage

NOBODY = Listing((), proves_absence=False)
OTHERS_ONLY = listing(others=33)
DAMAGED = "its folder is damaged"


@pytest.mark.parametrize(
    ("known", "answer", "seconds", "trusted"),
    [
        pytest.param(
            view(listed(), rows_seen=0), NOBODY, 599, False, id="a job was listed just before"
        ),
        pytest.param(
            view(listed(), rows_seen=0), NOBODY, 600, True, id="the doubt is over, to the second"
        ),
        pytest.param(
            view(listed(), rows_seen=0), NOBODY, -3600, False, id="the clock was set back"
        ),
        pytest.param(
            view(listed(), rows_seen=0), OTHERS_ONLY, 1, True, id="other people's are still shown"
        ),
        pytest.param(
            view(failed(), succeeded("4"), rows_seen=500),
            NOBODY,
            700,
            False,
            id="all that were listed just before had ended, long ago",
        ),
        pytest.param(
            view(listed("370"), rows_seen=500), NOBODY, 700, False, id="one of another range was"
        ),
        pytest.param(
            view(listed(), rows_seen=None), NOBODY, 1, True, id="no listing ever had a row"
        ),
        pytest.param(view(rows_seen=0), NOBODY, 1, True, id="there never was a job of ours"),
        pytest.param(
            view(accepted(), rows_seen=0), NOBODY, 1, True, id="what was never listed may lag"
        ),
        pytest.param(
            view(reserved(), rows_seen=0), NOBODY, 1, True, id="a slot alone is no workload"
        ),
        pytest.param(
            view(vanished(), rows_seen=0), NOBODY, 1, True, id="what was there had gone before"
        ),
    ],
)
def test_an_empty_listing_is_not_believed_while_jobs_were_just_there(
    known: View, answer: Listing, seconds: float, trusted: bool
) -> None:
    patience = replace(PATIENCE, doubted_since=None if answer.proves_absence else at(-1))
    assert looked(known, answer, seconds, patience=patience).view.trusted is trusted


@pytest.mark.parametrize("attempt", [listed(), accepted(), denied()])
@pytest.mark.parametrize("doubted_since", [None, 401, 1])
def test_what_this_process_has_not_seen_empty_for_long_enough_is_doubted(
    attempt: Attempt, doubted_since: float | None
) -> None:
    """However long ago a row was seen: the time since the first empty listing counts."""
    since = None if doubted_since is None else at(doubted_since)
    patience = replace(PATIENCE, doubted_since=since)
    known = view(attempt, rows_seen=0)
    for seconds in (590, 595, 600):
        known = looked(known, NOBODY, seconds, patience=patience).view
    assert known.job("37").last == attempt


def test_a_job_that_was_accepted_while_nothing_was_listed_waits_for_its_own_time() -> None:
    known = view(accepted(submitted_at=at(300)), rows_seen=None)
    assert looked_often(known, NOBODY, 600, 700, 899).in_flight == {"37"}
    assert looked_often(known, NOBODY, 900, 901, 902).in_flight == frozenset()


def test_a_row_that_another_process_saw_meanwhile_counts() -> None:
    known = view(accepted(), rows_seen=300)
    assert looked_often(known, NOBODY, 600, 700, 899).in_flight == {"37"}


@pytest.mark.parametrize(
    ("known", "seconds", "trusted"),
    [
        pytest.param(view(failed(), succeeded("4"), rows_seen=0), 3599, False, id="within an hour"),
        pytest.param(view(failed(), succeeded("4"), rows_seen=0), 3600, True, id="all had ended"),
        pytest.param(view(failed(), listed("4"), rows_seen=0), 86_400, False, id="one still ran"),
    ],
)
def test_one_look_is_enough_an_hour_after_the_last_row_where_all_had_ended(
    known: View, seconds: float, trusted: bool
) -> None:
    patience = replace(PATIENCE, doubted_since=at(seconds))
    assert looked(known, NOBODY, seconds, patience=patience).view.trusted is trusted


def test_a_listing_that_is_not_believed_changes_nothing() -> None:
    known = view(listed(missed=0), called("4"), accepted("5", missed=2), rows_seen=0)
    learned = looked(known, NOBODY, 100)
    assert learned.changes == ()
    assert learned.view == View(known.jobs, trusted=False, proved_at=at(0))


@pytest.mark.parametrize("others", [1, 33])
def test_when_a_listing_last_had_a_row_is_remembered(others: int) -> None:
    known = looked(view(), listing(others=others), 30).view
    assert known.proved_at == at(30)
    assert looked(known, NOBODY, 60).view.proved_at == at(30)


def test_a_dropped_connection_of_minutes_frees_no_slot() -> None:
    known = looked_often(view(listed(), rows_seen=0), NOBODY, 30, 60, 90, 120, 300, 599)
    assert known.job("37").last == listed()
    assert known.in_flight == {"37"}


def test_an_empty_cluster_is_believed_in_the_end() -> None:
    known = looked_often(view(listed(), rows_seen=0), NOBODY, *range(30, 660, 30))
    assert known.in_flight == {"37"}
    assert looked_often(known, NOBODY, 660).in_flight == frozenset()


@pytest.mark.parametrize(
    ("attempt", "after"),
    [
        pytest.param(called(), called(missed=1), id="answer lost"),
        pytest.param(accepted(), accepted(missed=1), id="accepted, not yet listed"),
        pytest.param(listed(), listed(missed=1), id="running"),
        pytest.param(listed(missed=2), listed(missed=3), id="three listings, but no time yet"),
        pytest.param(failed(), failed(missed=1), id="failed, and deleted since"),
        pytest.param(
            listed(stage=Stage.LEAVING, ended_at=at(0), outcome=DONE),
            listed(stage=Stage.LEAVING, ended_at=at(0), outcome=DONE, missed=1),
            id="deleted after its end: its end stands",
        ),
    ],
)
def test_each_good_listing_without_it_is_counted(attempt: Attempt, after: Attempt) -> None:
    learned = looked(view(attempt), listing(), 30)
    assert learned.changes == (Change(attempt, after),)
    assert learned.view.jobs == view(after).jobs


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param(reserved(number=2), id="it was never called"),
        pytest.param(refused(), id="it was refused"),
        pytest.param(vanished(), id="it had vanished"),
        pytest.param(failed(missed=3), id="it ended and was counted as missing often enough"),
        pytest.param(called(missed=3), id="its lost submit is for the planner to call again"),
    ],
)
def test_more_absence_teaches_nothing_about_these(attempt: Attempt) -> None:
    learned = looked(view(attempt), listing(), 10_000)
    assert learned.changes == ()
    assert learned.view.jobs == view(attempt).jobs


@pytest.mark.parametrize("attempt", [called(), accepted(), listed(), failed()])
def test_absence_is_not_held_against_what_was_called_after_the_listing_was_asked_for(
    attempt: Attempt,
) -> None:
    known = view(attempt, listed("50"))
    learned = looked(known, listing(), 10_000, asked_before={("50", 1)})
    assert learned.changes == (Change(listed("50"), listed("50", missed=1)),)
    assert learned.view.job("37").last == attempt


def test_a_running_workload_vanishes_after_three_listings_and_the_grace_time() -> None:
    times = (30, 60, 90)
    states = [looked_often(view(listed()), listing(), *times[:count]) for count in range(4)]
    assert [known.in_flight for known in states] == [{"37"}, {"37"}, {"37"}, frozenset()]
    assert states[-1].job("37").last == vanished(seconds=90)


def test_time_alone_makes_nothing_vanish() -> None:
    """The clock was set forward, or the machine slept for a week."""
    known = looked_often(view(listed()), listing(), 1_000_000, 1_000_001)
    assert known.in_flight == {"37"}
    assert looked_often(known, listing(), 1_000_002).in_flight == frozenset()


def test_listings_alone_make_nothing_vanish() -> None:
    known = looked_often(view(listed()), listing(), *range(10, 60))
    assert known.job("37").last == listed(missed=3)
    assert looked_often(known, listing(), 60).in_flight == frozenset()


def test_a_clock_set_back_makes_nothing_vanish() -> None:
    known = looked_often(view(listed()), listing(), *range(-3600, -3000, 30))
    assert known.in_flight == {"37"}


def test_being_listed_again_begins_the_count_anew() -> None:
    known = looked_often(view(listed()), listing(), 30, 60)
    known = looked_often(known, listing(observation()), 70)
    assert known.job("37").last == listed(seconds=70)
    assert looked_often(known, listing(), 100, 160).in_flight == {"37"}


def test_what_was_accepted_but_never_listed_vanishes_in_its_own_words() -> None:
    known = looked_often(view(accepted()), listing(), 30, 60, 90)
    never = Outcome(Verdict.VANISHED, "accepted, but never listed")
    assert known.job("37").last == accepted(missed=3, ended_at=at(90), outcome=never)


def test_a_lost_submit_never_vanishes_and_keeps_its_slot() -> None:
    known = looked_often(view(called()), listing(), *range(30, 3000, 30))
    assert known.job("37").last == called(missed=3)
    assert known.in_flight == {"37"}


def test_a_denied_submit_is_refused_once_the_listings_agree_and_its_slot_is_free() -> None:
    known = looked_often(view(denied()), listing(), 30, 59)
    assert known.job("37").last == denied(missed=2)
    assert known.in_flight == {"37"}
    known = looked_often(known, listing(), 60)
    assert known.job("37").last == called(missed=3, refusal="403 Forbidden")
    assert known.in_flight == frozenset()


def test_a_denied_submit_that_was_done_is_the_workload_that_is_listed() -> None:
    known = looked_often(view(denied()), listing(observation()), 30)
    assert known.job("37").last == listed(seconds=30, submitted_at=at(30))


def test_listings_without_a_row_refuse_no_denied_submit() -> None:
    known = looked_often(view(denied(), rows_seen=0), NOBODY, *range(30, 600, 30))
    assert known.job("37").last == denied()


def test_a_success_that_was_started_again_and_vanished_is_still_a_success() -> None:
    again = listed(outcome=DONE)
    known = looked_often(view(again), listing(), 30, 60, 90)
    assert known.job("37").last == listed(outcome=DONE, missed=3, ended_at=at(90))
    assert known.in_flight == frozenset()


@pytest.mark.parametrize("end", [failed(), succeeded()])
def test_an_end_that_was_seen_stands_after_its_workload_is_gone(end: Attempt) -> None:
    last = looked_often(view(end), listing(), *range(30, 600, 30)).job("37").last
    assert last is not None
    assert (last.ended_at, last.outcome, last.missed) == (end.ended_at, end.outcome, 3)
    assert last.outcome != END_NOT_SEEN


def test_an_older_attempt_is_missed_while_the_newer_one_waits_for_its_name() -> None:
    known = view(failed(), reserved(number=2))
    assert looked(known, listing(), 30).changes == (Change(failed(), failed(missed=1)),)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        pytest.param("gwas-37", ("37",), id="one of the batch's jobs"),
        pytest.param("gwas-370", ("37",), id="an integer is the batch's, if not of its range"),
        pytest.param("gwas-b", ("a", "b"), id="a key that the batch knows"),
        pytest.param("gwas-b", ("a",), id="a key that the ledger knows"),
    ],
)
def test_one_of_our_own_that_cannot_be_read_and_nobody_knew_holds_a_slot(
    name: str, keys: tuple[str, ...]
) -> None:
    answer = Listing((), unreadable={"gwas-2-x": "no", name: DAMAGED})
    key = name.removeprefix("gwas-")
    learned = looked(view(refused("b")), answer, 10, of=batch(*keys, integer_keys=keys == ("37",)))
    after = learned.view.job(key)
    assert learned.unreadable == {key: DAMAGED}
    assert learned.view.trusted
    assert after.last is not None
    assert (after.last.seen_stage, after.last.uid, after.last.holds_slot) == (
        Stage.UNKNOWN,
        None,
        True,
    )
    assert not after.last.unanswered


def unreadable(given: View, *others: Observation) -> Learned:
    return looked(given, Listing(others, unreadable={"gwas-37": DAMAGED}), 10)


@pytest.mark.parametrize("known", [listed(), accepted(), called()], ids=["listed", "yes", "called"])
def test_one_that_cannot_be_read_keeps_its_slot_and_is_not_missed(known: Attempt) -> None:
    (change,) = unreadable(view(known)).changes
    after = change.after
    assert (change.before, after.seen_stage, after.uid) == (known, Stage.UNKNOWN, known.uid)
    assert (after.seen_at, after.missed, after.holds_slot) == (at(10), 0, True)


def test_one_that_can_be_read_again_is_the_same_one() -> None:
    hidden = unreadable(view()).view
    shown = looked(hidden, listing(observation(uid="37.1")), 20).view.job("37")
    assert [(each.number, each.uid, each.seen_stage) for each in shown.attempts] == [
        (1, "37.1", Stage.RUNNING)
    ]


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param((failed(),), id="an end that was seen stands"),
        pytest.param((succeeded(),), id="so does a success"),
        pytest.param((failed(), reserved(number=2)), id="its successor waits for the name"),
        pytest.param((failed(missed=1), reserved(number=2)), id="nobody knows which of them it is"),
    ],
)
def test_one_that_cannot_be_read_changes_nothing_of_an_end(attempts: tuple[Attempt, ...]) -> None:
    assert unreadable(view(*attempts)).changes == ()


def test_one_that_cannot_be_read_follows_those_that_are_gone() -> None:
    (change,) = unreadable(view(failed(missed=3))).changes
    assert (change.before, change.after.id) == (None, ("37", 2))


def test_one_that_cannot_be_read_holds_up_no_other_job() -> None:
    known = view(listed(), listed("4"))
    learned = unreadable(known, observation("4", Stage.SUCCEEDED))
    assert learned.view.job("4").state is State.SUCCEEDED
    assert learned.view.in_flight == {"37"}


@pytest.mark.parametrize("name", ["gwas-2-37", "gwas-test", "other-37"])
def test_what_of_another_batch_cannot_be_read_is_nothing_to_us(name: str) -> None:
    answer = Listing((observation(),), unreadable={name: "its folder is damaged"})
    assert looked(view(), answer, 10) == looked(view(), listing(observation()), 10)
