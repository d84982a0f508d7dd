"""What the audit counts: the peak, the jobs, and what is above the cap by no start of ours."""

from dataclasses import replace

from tests.unit.core.audits import KEYS, SAVED, audited, known, start
from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import at, failed, listed, succeeded

from runbatch.core.actions import Why
from runbatch.core.attempt import Origin
from runbatch.core.audit import Remark, audit_of
from runbatch.core.history import Level
from runbatch.core.job import State
from runbatch.core.journal import Changed, Did
from runbatch.core.stage import Stage


def test_the_peak_is_the_first_moment_of_the_most_in_flight() -> None:
    audit = audited(start("1"), start("2"), Changed(Did.ENDED, succeeded("1")), start("3"), cap=3)
    assert audit.peak == Level(at(3), 2, 3)
    assert (audit.entries, audit.since, audit.until) == (5, at(1), at(5))
    assert audit.counts == {
        State.WAITING: 0,
        State.IN_FLIGHT: 2,
        State.SUCCEEDED: 1,
        State.FAILED: 0,
    }


def test_jobs_are_counted_by_the_keys_of_the_run_that_began_last() -> None:
    audit = audit_of(entries(started(2, "1"), start("1"), started(2, "2", "3", "4")))
    assert audit.counts[State.WAITING] == 3
    assert audit.counts[State.IN_FLIGHT] == 1


def test_what_is_above_the_cap_by_no_start_of_ours_is_told_apart() -> None:
    audit = audit_of(
        entries(
            started(2, *KEYS),
            known(listed("1")),
            start("2"),
            Changed(Did.ADOPTED, listed("3"), Why.AGREED),
            Changed(Did.SEEN, listed("3", Stage.QUEUED)),
            Changed(Did.ENDED, failed("2", outcome=None)),
            Changed(Did.RUNNING_AGAIN, listed("2")),
            started(1),
        )
    )
    assert audit.held
    assert audit.peak == Level(at(4), 3, 2)
    assert audit.above == (
        Remark("somebody else had started it: 3 in flight", 4, at(4), "3"),
        Remark("it runs again: 3 in flight", 7, at(7), "2"),
        Remark("the cap fell to 1 while 3 were in flight", 8, at(8)),
    )


def test_a_late_submit_of_ours_is_told_as_what_it_was() -> None:
    first = started(1, "1", batch_id="mark", names_unique=False)
    second = listed("1", number=2, origin=Origin(batch="mark"))
    audit = audit_of(entries(first, start("1"), Changed(Did.ADOPTED, second)))
    assert audit.held
    assert [remark.text for remark in audit.above] == [
        "a submit of it that was given up took effect after all: 2 in flight"
    ]


def test_what_has_ended_and_is_being_deleted_is_told_apart_too() -> None:
    going = replace(SAVED, seen_stage=Stage.LEAVING, delete_asked_at=at(3))
    audit = audited(known(SAVED), start("2"), Changed(Did.SEEN, going), cap=1)
    assert audit.held
    assert [remark.text for remark in audit.above] == ["it is being deleted: 2 in flight"]


def test_what_was_in_flight_before_there_were_events_is_told_apart_too() -> None:
    audit = audited(known(listed("1")), known(listed("2")), cap=1)
    assert audit.held
    assert [remark.text for remark in audit.above] == [
        "it was in flight before there were events: 2 in flight"
    ]
