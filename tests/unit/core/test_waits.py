"""What holds the slots, and what everything else waits for."""

import pytest
from tests.unit.core.values import (
    accepted,
    at,
    batch,
    called,
    failed,
    listed,
    observation,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.core.attempt import Attempt
from runbatch.core.job import Job, View
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.core.waits import (
    Answer,
    Queue,
    Slots,
    Wait,
    Waits,
    heard_at,
    slots_of,
    waits_of,
)

HEARD = Answer(at(0))
SILENT = Answer(at(0), "no answer")


def held_by(*attempts: Attempt, seconds: float = 0) -> Slots:
    return slots_of([Job("37", attempts)], at(seconds))


@pytest.mark.parametrize(
    ("attempts", "hold"),
    [
        pytest.param((listed(stage=Stage.RUNNING),), "running", id="it runs"),
        pytest.param((listed(stage=Stage.QUEUED),), "pending", id="the cluster has no room"),
        pytest.param((listed(stage=Stage.STARTING),), "starting", id="it is made"),
        pytest.param((listed(stage=Stage.HELD),), "stopped", id="somebody stopped it"),
        pytest.param((listed(stage=Stage.LEAVING),), "deleting", id="it leaves"),
        pytest.param((failed(stage=Stage.LEAVING),), "deleting", id="it failed and leaves"),
        pytest.param((listed(stage=Stage.UNKNOWN),), "unknown", id="a word nobody knows"),
        pytest.param((called(),), "starting", id="it is being submitted"),
        pytest.param((accepted(missed=1),), "starting", id="it is not listed yet"),
        pytest.param((listed(missed=1),), "in doubt", id="it was listed, and is not any more"),
        pytest.param((reserved(),), "reserved", id="its turn has come"),
        pytest.param((failed(), reserved_after(failed())), "reserved", id="its retry has begun"),
        pytest.param(
            (listed(stage=Stage.LEAVING), refused(number=2)),
            "deleting",
            id="the next was refused while it leaves",
        ),
    ],
)
def test_what_a_slot_is_held_by(attempts: tuple[Attempt, ...], hold: str) -> None:
    assert held_by(*attempts).held == {hold: 1}


@pytest.mark.parametrize(
    ("attempt", "doubt_since"),
    [
        pytest.param(called(called_at=at(5)), 5, id="a submit that nobody answered"),
        pytest.param(accepted(submitted_at=at(7)), 7, id="it was accepted, and never listed"),
    ],
)
def test_what_is_not_listed_for_more_than_a_minute_is_in_doubt(
    attempt: Attempt, doubt_since: int
) -> None:
    assert held_by(attempt, seconds=60 + doubt_since).held == {"starting": 1}
    doubtful = held_by(attempt, seconds=61 + doubt_since)
    assert doubtful == Slots({"in doubt": 1}, at(doubt_since))


@pytest.mark.parametrize(
    "attempts",
    [
        pytest.param((), id="it was never started"),
        pytest.param((succeeded(),), id="it succeeded"),
        pytest.param((failed(),), id="it failed"),
        pytest.param((vanished(),), id="it vanished"),
        pytest.param((refused(),), id="it was refused"),
    ],
)
def test_what_holds_no_slot(attempts: tuple[Attempt, ...]) -> None:
    assert held_by(*attempts) == Slots({})


MANY = view(
    *(listed(str(key)) for key in range(18)),
    *(listed(str(key), Stage.QUEUED) for key in range(18, 48)),
    listed("48", seconds=70, missed=1),
    listed("49", seconds=60, missed=2),
)


def test_why_only_18_are_running() -> None:
    slots = slots_of(MANY.jobs.values(), at(120))
    assert str(slots) == "18 running, 30 pending, 2 in doubt since 09:31 UTC"
    assert (slots.count, slots.doubt_since) == (len(MANY.in_flight), at(60))


def test_slots_without_a_doubt() -> None:
    assert str(held_by(listed())) == "1 running"


def waits(
    known: View,
    *commands: str,
    answer: Answer = HEARD,
    cap: int = 2,
    keys: tuple[str, ...] = ("2", "3", "4", "5"),
    seconds: float = 10,
) -> Waits:
    return waits_of(snapshot_of(batch(*keys, cap=cap), known, at(seconds)), answer, commands)


FULL = view(listed("2"), listed("3"))
ROOM = view(listed("2"))


@pytest.mark.parametrize(
    ("known", "commands", "answer", "queue"),
    [
        pytest.param(FULL, ["submit"], HEARD, Queue(2, Wait.SLOT), id="no slot is free"),
        pytest.param(ROOM, ["submit"], HEARD, Queue(3, Wait.TURN), id="a slot is free"),
        pytest.param(ROOM, ["submit"], SILENT, Queue(3, Wait.CLUSTER), id="no answer"),
        pytest.param(FULL, [], HEARD, Queue(2, Wait.COMMAND), id="nobody is at work"),
        pytest.param(FULL, ["retry"], HEARD, Queue(2, Wait.COMMAND), id="only a retry is at work"),
        pytest.param(FULL, ["delete"], HEARD, Queue(2, Wait.COMMAND), id="only a delete is"),
        pytest.param(
            FULL, ["Python wait()"], HEARD, Queue(2, Wait.COMMAND), id="a program only waits"
        ),
        pytest.param(FULL, ["Python submit()"], HEARD, Queue(2, Wait.SLOT), id="a program submits"),
        pytest.param(FULL, ["retry", "Python"], HEARD, Queue(2, Wait.SLOT), id="a program is"),
    ],
)
def test_what_jobs_wait_for_that_were_never_started(
    known: View, commands: list[str], answer: Answer, queue: Queue
) -> None:
    assert waits(known, *commands, answer=answer).to_start == queue


def test_nothing_waits_where_all_were_started() -> None:
    found = waits(FULL, "submit", keys=("2", "3"))
    assert (found.to_start, found.to_retry) == (None, None)
    assert (found.slots, found.answer) == (Slots({"running": 2}), HEARD)


FAILED = (failed("4"), failed("5", seconds=-5))


@pytest.mark.parametrize(
    ("known", "commands", "answer", "seconds", "wait"),
    [
        pytest.param(ROOM, ["retry"], HEARD, 24, Wait.DELAY, id="it is not due"),
        pytest.param(ROOM, ["retry"], HEARD, 25, Wait.TURN, id="it is due"),
        pytest.param(ROOM, ["retry"], SILENT, 24, Wait.DELAY, id="not due, no answer"),
        pytest.param(ROOM, ["retry"], SILENT, 25, Wait.CLUSTER, id="due, no answer"),
        pytest.param(FULL, ["retry"], HEARD, 25, Wait.SLOT, id="due, no slot is free"),
        pytest.param(ROOM, ["submit"], HEARD, 24, Wait.COMMAND, id="no retry is at work"),
    ],
)
def test_what_failed_jobs_wait_for(
    known: View, commands: list[str], answer: Answer, seconds: float, wait: Wait
) -> None:
    attempts = (each for job in known.jobs.values() for each in job.attempts)
    found = waits(view(*attempts, *FAILED), *commands, answer=answer, seconds=seconds)
    assert found.to_retry == Queue(2, wait, at(25))


def test_the_cluster_s_reasons_are_those_of_our_jobs_the_commonest_first() -> None:
    known = view(*(listed(key, Stage.QUEUED) for key in ("2", "3", "4")), succeeded("5"))
    rows = [
        observation("2", Stage.QUEUED, reason="over quota"),
        observation("3", Stage.QUEUED, reason="0 nodes available"),
        observation("4", Stage.QUEUED, reason="0 nodes available"),
        observation("5", Stage.SUCCEEDED, reason="done"),
        observation("2-7", Stage.QUEUED, reason="another batch's"),
        observation("6", Stage.QUEUED),
    ]
    snapshot = snapshot_of(batch("2", "3", "4", "5"), known, at(0))
    assert waits_of(snapshot, HEARD, [], rows).reasons == ("0 nodes available", "over quota")


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        pytest.param(view(), None, id="never"),
        pytest.param(view(called()), None, id="nothing was listed yet"),
        pytest.param(view(listed(seconds=3), listed("38", seconds=2)), 3, id="a job was listed"),
        pytest.param(view(listed(seconds=3), rows_seen=9), 9, id="somebody's was"),
    ],
)
def test_when_the_cluster_was_last_heard(known: View, seconds: int | None) -> None:
    assert heard_at(known) == (None if seconds is None else at(seconds))
