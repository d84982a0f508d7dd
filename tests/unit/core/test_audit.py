"""The audit: what happened as it should breaks no promise, and each breach is found by its line."""

from dataclasses import replace

import pytest
from tests.unit.core.audits import KEYS, QUICK, SAVED, audited, breaches, known, start
from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import (
    BROKEN,
    CONFIGURATION,
    accepted,
    at,
    called,
    denied,
    failed,
    listed,
    refused,
    reserved_after,
    succeeded,
    vanished,
)

from runbatch.core.actions import Why
from runbatch.core.attempt import UNKNOWN_ORIGIN, Attempt, Cause, Evidence, Origin, Outcome, Verdict
from runbatch.core.audit import Remark, audit_of
from runbatch.core.failure import RetryPolicy
from runbatch.core.journal import Changed, Did, Ended, Entry, Happening
from runbatch.core.promises import Promise
from runbatch.core.stage import Stage

MARKER = "/data is not a mount point"
GOES_ON = f"{MARKER}, going on without it"
LOST = Evidence(cause=Cause.NODE, reason="NodeLost", marker=GOES_ON)
CANCELLED = Outcome(Verdict.CANCELLED, "reason: scancel")
LATE = Outcome(Verdict.TIME_LIMIT, "reason: TIMEOUT")
CODE = Evidence(logged_code=2, marker=GOES_ON)


def adopted(origin: Origin, why: Why | None = None) -> Changed:
    return Changed(Did.ADOPTED, listed("1", calls=0, origin=origin), why)


def reserve(attempt: Attempt, why: Why | None) -> Changed:
    new = reserved_after(attempt, reruns=attempt.reruns)
    return Changed(Did.RESERVED, new, why)


@pytest.mark.parametrize(
    "happenings",
    [
        pytest.param([start("1"), start("2"), Ended()], id="as many as the cap allows"),
        pytest.param(
            [start("1"), Changed(Did.REFUSED, refused("1")), start("2"), start("3")],
            id="a refusal frees its slot",
        ),
        pytest.param(
            [start("1"), Changed(Did.SEEN, listed("1", Stage.HELD)), start("2")],
            id="one is stopped, within the cap",
        ),
        pytest.param(
            [
                start("1"),
                Changed(Did.ENDED, failed("1", seconds=1, outcome=None)),
                Changed(Did.LOG_SAVED, replace(SAVED, outcome=None)),
                Changed(Did.JUDGED, SAVED),
                reserve(SAVED, Why.RETRY),
                Changed(Did.DELETE_ASKED, replace(SAVED, delete_asked_at=at(7))),
                Changed(Did.SEEN, replace(SAVED, seen_stage=Stage.LEAVING)),
                Changed(Did.MISSED, replace(SAVED, missed=1)),
                start("1", 2, None),
                Changed(Did.SEEN, listed("1", number=2, calls=1)),
            ],
            id="a retry, step by step",
        ),
        pytest.param(
            [known(failed("1", seconds=1)), start("1", 2, Why.RETRY)],
            id="a retry of what we had deleted, as soon as its delay is over",
        ),
        pytest.param(
            [known(failed("1", evidence=Evidence(marker=MARKER))), start("1", 2, Why.RETRY)],
            id="a retry for a marker in the log",
        ),
        pytest.param(
            [known(failed("1", evidence=CODE)), start("1", 2, Why.RETRY)],
            id="a retry for an exit code, whatever the log says",
        ),
        pytest.param(
            [known(failed("1", outcome=BROKEN, evidence=LOST)), start("1", 2, Why.RETRY)],
            id="a retry of what the cluster broke, whatever its log says",
        ),
        pytest.param(
            [known(failed("1", seconds=2)), start("1", 2, Why.RETRY)],
            id="a retry at the very moment when its delay is over",
        ),
        pytest.param(
            [known(failed("1", seconds=1.5)), start("1", 2, Why.RETRY)],
            id="a retry half a second later",
        ),
        pytest.param([known(succeeded("1")), reserve(succeeded("1"), Why.RERUN)], id="a rerun"),
        pytest.param(
            [known(failed("1", number=9)), reserve(failed("1", number=9), Why.RERUN)],
            id="a person may name a job that was retried often enough",
        ),
        pytest.param([known(vanished("1")), start("1", 2, Why.VANISHED)], id="it had vanished"),
        pytest.param([known(refused("1")), start("1", 1, Why.REFUSED_BEFORE)], id="it was refused"),
        pytest.param(
            [
                start("1"),
                Changed(Did.DENIED, denied("1", calls=1)),
                Changed(Did.SEEN, listed("1", calls=1)),
                start("2"),
            ],
            id="a denied submit that was done all the same",
        ),
        pytest.param(
            [
                start("1"),
                Changed(Did.DENIED, denied("1", calls=1)),
                Changed(Did.REFUSED, refused("1", calls=1)),
                start("1", 1, Why.REFUSED_BEFORE),
                Changed(Did.SEEN, listed("1", calls=1)),
            ],
            id="a denied submit, refused in earnest, then done",
        ),
        pytest.param(
            [start("1"), Changed(Did.MISSED, called("1", missed=3)), start("1", 1, None)],
            id="a lost submit is called again",
        ),
        pytest.param(
            [start("1"), Changed(Did.RELEASED, called("1", missed=3)), start("1")],
            id="a lost submit was given up, and is begun anew by the wider batch",
        ),
        pytest.param(
            [Changed(Did.ADOPTED, listed("370"), Why.AGREED)], id="any whole number is the batch's"
        ),
        pytest.param(
            [
                known(vanished("old-key")),
                Changed(Did.ADOPTED, listed("old-key", number=2), Why.AGREED),
            ],
            id="so is a key that is known",
        ),
        pytest.param(
            [
                start("1"),
                Changed(Did.SEEN, listed("1", calls=1)),
                Changed(Did.ADOPTED, listed("1", number=2, calls=0), Why.AGREED),
            ],
            id="somebody started it again by hand",
        ),
        pytest.param(
            [
                adopted(Origin(batch="ours")),
                Changed(Did.VANISHED, vanished("1", origin=Origin(batch="ours"))),
            ],
            id="what bears the ledger's mark is gone, and nothing else is listed",
        ),
        pytest.param(
            [
                known(succeeded("1")),
                Changed(Did.ADOPTED, listed("1", number=2), Why.AGREED),
                Changed(Did.FORGOTTEN, vanished("1", 2)),
            ],
            id="what no submit made is forgotten",
        ),
        pytest.param(
            [adopted(Origin(owner="bob@lab", batch="theirs"), Why.AGREED)], id="a person said yes"
        ),
        pytest.param([adopted(Origin(batch="ours"))], id="it bears the ledger's mark"),
        pytest.param(
            [start("1"), Changed(Did.SEEN, listed("1", calls=1, origin=Origin(owner="bob@lab")))],
            id="we called a submit for it",
        ),
        pytest.param(
            [
                Changed(
                    Did.DELETE_ASKED,
                    replace(SAVED, calls=0, origin=Origin(batch="theirs")),
                    Why.AGREED,
                )
            ],
            id="another ledger's was deleted with --foreign",
        ),
        pytest.param(
            [
                known(succeeded("1", calls=1)),
                start("1", 2, Why.RERUN),
                Changed(Did.SEEN, listed("1", number=2, calls=1)),
                Changed(Did.SEEN, listed("1", Stage.LEAVING, calls=1)),
            ],
            id="a listing that is behind shows the last attempt leaving once more",
        ),
    ],
)
def test_what_happened_as_it_should_breaks_no_promise(happenings: list[Happening]) -> None:
    audit = audited(*happenings)
    assert breaches(audit) == {}
    assert audit.held


def test_with_infrastructure_off_a_retry_of_what_the_cluster_broke_breaks_its_promise() -> None:
    happenings = known(failed("1", outcome=BROKEN, evidence=LOST)), start("1", 2, Why.RETRY)
    audit = audited(*happenings, retry=replace(QUICK, infrastructure=False))
    assert list(breaches(audit)) == [Promise.RETRIES]


@pytest.mark.parametrize(
    ("happenings", "promise", "line", "text"),
    [
        pytest.param(
            [start("1"), start("2"), start("3")],
            Promise.CAP,
            4,
            "3 in flight, of at most 2",
            id="a start above the cap",
        ),
        pytest.param(
            [
                start("1"),
                start("2"),
                Changed(Did.REFUSED, refused("2", calls=1)),
                start("3"),
                Changed(Did.SEEN, listed("2", calls=1)),
            ],
            Promise.CAP,
            6,
            "attempt 1 was recorded as refused and listed later: it held no slot meanwhile",
            id="a refusal that was none",
        ),
        pytest.param(
            [
                start("1"),
                Changed(Did.REFUSED, refused("1", calls=1)),
                Changed(Did.ENDED, succeeded("1", calls=1)),
            ],
            Promise.CAP,
            4,
            "attempt 1 was recorded as refused and listed later: it held no slot meanwhile",
            id="a refusal that was none, seen when it had ended",
        ),
        pytest.param(
            [start("1"), start("2"), known(failed("3")), reserve(failed("3"), Why.RETRY)],
            Promise.CAP,
            5,
            "3 in flight, of at most 2",
            id="a reservation above the cap",
        ),
        pytest.param(
            [known(listed("1", missed=1)), start("1", 2, Why.RERUN)],
            Promise.ONCE,
            3,
            "attempt 2 was submitted while attempt 1 held a slot",
            id="submitted while its last attempt was only missing",
        ),
        pytest.param(
            [start("1"), Changed(Did.SUBMITTED, accepted("1", calls=1)), start("1", 1, None)],
            Promise.ONCE,
            4,
            "attempt 1 was submitted again, although the cluster had it",
            id="submitted twice",
        ),
        pytest.param(
            [
                known(vanished("1", calls=1)),
                start("1", 2, Why.VANISHED),
                Changed(Did.SEEN, listed("1", number=2, calls=1)),
                Changed(Did.RUNNING_AGAIN, listed("1", calls=1)),
                Changed(Did.SEEN, listed("1", calls=1, node="n2")),
            ],
            Promise.ONCE,
            5,
            "two attempts of it ran at once",
            id="what had vanished runs beside its next attempt",
        ),
        pytest.param(
            [known(succeeded("1")), start("1", 2, Why.VANISHED)],
            Promise.SUCCEEDED,
            3,
            "attempt 1 had succeeded; started again for: vanished",
            id="a success started again by itself",
        ),
        pytest.param(
            [known(succeeded("1")), known(vanished("1", 2)), start("1", 3, Why.VANISHED)],
            Promise.SUCCEEDED,
            4,
            "attempt 1 had succeeded; started again for: vanished",
            id="a success started again, since what no submit made had vanished",
        ),
        pytest.param(
            [
                known(failed("1", outcome=CONFIGURATION)),
                known(vanished("1", 2)),
                start("1", 3, Why.VANISHED),
            ],
            Promise.RETRIES,
            4,
            "started for: vanished; but before it attempt 1: configuration error (exit code 1)",
            id="a configuration error started again, since what no submit made had vanished",
        ),
        pytest.param(
            [known(succeeded("1")), Changed(Did.VANISHED, vanished("1", 2))],
            Promise.REAL,
            3,
            "attempt 2, which no submit made, vanished; attempt 1 was listed",
            id="what no submit made vanishes beside one that is listed",
        ),
        pytest.param(
            [known(failed("1", outcome=CONFIGURATION)), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried, at most 3 retries; but before it attempt 1: configuration error",
            id="a configuration error retried",
        ),
        pytest.param(
            [known(failed("1", outcome=CANCELLED)), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried, at most 3 retries; but before it attempt 1: cancelled (reason: scancel)",
            id="a cancelled job retried",
        ),
        pytest.param(
            [known(failed("1", outcome=LATE)), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried, at most 3 retries; but before it attempt 1: time limit (reason: TIMEOUT)",
            id="a job retried whose time was over",
        ),
        pytest.param(
            [known(failed("1", outcome=None)), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "but before it attempt 1: no verdict",
            id="retried without a verdict",
        ),
        pytest.param(
            [known(failed("1", number=4)), start("1", 5, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried, at most 3 retries; but before it attempt 4: mount failure",
            id="one retry too many",
        ),
        pytest.param(
            [known(failed("1")), reserve(failed("1", reruns=1), Why.RETRY)],
            Promise.RETRIES,
            3,
            "a retry was counted as a start that a person asked for",
            id="a retry that does not count as one",
        ),
        pytest.param(
            [known(failed("1", evidence=Evidence(marker=GOES_ON))), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried for a log line that does not end a job; before it attempt 1: mount failure",
            id="retried for a warning in the log",
        ),
        pytest.param(
            [known(failed("1", seconds=2.5)), start("1", 2, Why.RETRY)],
            Promise.RETRIES,
            3,
            "retried 0.5 s before its delay was over",
            id="retried too soon",
        ),
        pytest.param(
            [start("1", 1, Why.RETRY)],
            Promise.RETRIES,
            2,
            "but before it there was none",
            id="a retry of nothing",
        ),
        pytest.param(
            [known(failed("1")), start("1", 2, Why.FIRST)],
            Promise.RETRIES,
            3,
            "started for: first; but before it attempt 1: mount failure",
            id="a second start called a first",
        ),
        pytest.param(
            [known(failed("1")), start("1", 2, Why.VANISHED)],
            Promise.RETRIES,
            3,
            "started for: vanished; but",
            id="a failure called vanished",
        ),
        pytest.param(
            [known(vanished("1")), start("1", 2, Why.REFUSED_BEFORE)],
            Promise.RETRIES,
            3,
            "started for: refused before; but before it attempt 1: vanished",
            id="what vanished called refused",
        ),
        pytest.param(
            [known(refused("1")), start("1", 1, None)],
            Promise.RETRIES,
            3,
            "started for: no reason; but before it attempt 1 was refused",
            id="a start without a reason",
        ),
        pytest.param(
            [known(failed("1")), Changed(Did.DELETE_ASKED, failed("1", delete_asked_at=at(2)))],
            Promise.LOGS,
            3,
            "its deletion was asked for, and no log was saved",
            id="deleted without a log",
        ),
        pytest.param(
            [start("370")],
            Promise.NAMES,
            2,
            "called, and is not one of the batch's jobs",
            id="a job outside the batch started",
        ),
        pytest.param(
            [Changed(Did.DELETE_ASKED, failed("370", log="/log"))],
            Promise.NAMES,
            2,
            "delete asked, and is not",
            id="a job outside the batch deleted",
        ),
        pytest.param(
            [Changed(Did.ADOPTED, listed("test"), Why.AGREED)],
            Promise.NAMES,
            2,
            "adopted, and its name is not the batch's",
            id="somebody else's workload counted",
        ),
        pytest.param(
            [adopted(Origin(owner="bob@lab", batch="theirs"))],
            Promise.NAMES,
            2,
            "adopted without a person's yes, although another ledger submitted it (of bob@lab)",
            id="another ledger's workload counted",
        ),
        pytest.param(
            [adopted(Origin(owner="bob@lab"))],
            Promise.NAMES,
            2,
            "adopted without a person's yes, although this ledger did not submit it (of bob@lab)",
            id="a colleague's workload counted",
        ),
        pytest.param(
            [adopted(Origin(prefix="gwas-1", key="q"))],
            Promise.NAMES,
            2,
            "adopted without a person's yes, although it says that it is job q of the batch gwas-1",
            id="another batch's workload counted",
        ),
        pytest.param(
            [adopted(UNKNOWN_ORIGIN)],
            Promise.NAMES,
            2,
            "adopted without a person's yes, although this ledger did not submit it",
            id="anybody's workload counted, by a version that asked nobody",
        ),
        pytest.param(
            [start("1"), Changed(Did.SEEN, listed("1", calls=1, origin=Origin(batch="theirs")))],
            Promise.NAMES,
            3,
            "taken for the batch's own, although another ledger submitted it",
            id="another ledger's workload taken for a submit whose answer was lost",
        ),
        pytest.param(
            [Changed(Did.DELETE_ASKED, replace(SAVED, calls=0, origin=Origin(batch="theirs")))],
            Promise.NAMES,
            2,
            "delete asked without a person's yes, although another ledger submitted it",
            id="another ledger's workload deleted",
        ),
        pytest.param(
            [start("1"), Changed(Did.RELEASED, accepted("1", uid=None))],
            Promise.LOST,
            3,
            "attempt 1 was given up, although the cluster had it",
            id="a job given up that the cluster had accepted",
        ),
        pytest.param(
            [start("1"), Changed(Did.RELEASED, called("1", uid="u"))],
            Promise.LOST,
            3,
            "attempt 1 was given up, although the cluster had it",
            id="a job given up that had been listed",
        ),
    ],
)
def test_what_breaks_a_promise_is_found_by_its_line(
    happenings: list[Happening], promise: Promise, line: int, text: str
) -> None:
    audit = audited(*happenings)
    ((remark,),) = (found for each, found in breaches(audit).items() if each is promise)
    assert text in remark.text
    assert (remark.seq, remark.at) == (line, at(line))
    assert remark.key is not None
    assert not audit.held


def test_a_job_that_is_nowhere_is_lost() -> None:
    audit = audited(start("1"), Changed(Did.SEEN, listed("1", Stage.FAILED)))
    assert breaches(audit) == {
        Promise.LOST: (Remark("neither in flight nor ended", key="1"),),
    }


def test_each_run_is_held_to_its_own_cap_and_policy() -> None:
    known_first = known(failed("1", seconds=0))
    happenings: list[tuple[int, Happening]] = [
        (1, started(1, *KEYS, retry=QUICK)),
        (2, started(2, retry=RetryPolicy(delay_s=300), beside=(1,))),
        (1, known_first),
        (1, start("1", 2, Why.RETRY)),
        (2, start("2")),
    ]
    lines = [Entry(seq, at(seq), run, what) for seq, (run, what) in enumerate(happenings, 1)]
    assert audit_of(lines).held
    swapped = [replace(line, run=3 - (line.run or 0)) if line.seq > 3 else line for line in lines]
    assert set(breaches(audit_of(swapped))) == {Promise.CAP, Promise.RETRIES}


def test_before_anybody_began_no_name_is_the_batchs() -> None:
    audit = audit_of(entries(Changed(Did.ADOPTED, listed("5")), started(2, *KEYS)))
    assert breaches(audit)[Promise.NAMES] == (
        Remark("adopted, and its name is not the batch's", 1, at(1), "5"),
    )
