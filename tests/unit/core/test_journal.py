"""The journal: what a listing's change is called, and what a replay makes of the entries."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.core.values import (
    CONFIGURATION,
    DONE,
    accepted,
    at,
    called,
    denied,
    failed,
    listed,
    refused,
    reserved,
    reserved_after,
    succeeded,
    vanished,
)

from runbatch.core.attempt import Attempt
from runbatch.core.events import Event, Kind
from runbatch.core.failure import RetryPolicy
from runbatch.core.journal import (
    Changed,
    Did,
    Ended,
    Entry,
    Happening,
    Started,
    Terms,
    changed_by_listing,
    replay,
    view_after,
)
from runbatch.core.reconcile import Change
from runbatch.core.stage import Stage


def started(cap: int = 2, *keys: str, **changes: Any) -> Started:
    fields: dict[str, Any] = {
        "command": "submit",
        "host": "here",
        "pid": 7,
        "prefix": "gwas",
        "cluster": "local",
        "cap": cap,
        "keys": keys or None,
    }
    return Started(**fields | changes)


def entries(*happenings: Happening, run: int = 1) -> list[Entry]:
    """One entry a second."""
    return [Entry(seq, at(seq), run, what) for seq, what in enumerate(happenings, 1)]


@pytest.mark.parametrize(
    ("before", "after", "did"),
    [
        pytest.param(None, listed(), Did.ADOPTED, id="nobody here started it"),
        pytest.param(None, succeeded(), Did.ADOPTED, id="nobody here started it, and it has ended"),
        pytest.param(accepted(), listed(), Did.SEEN, id="listed for the first time"),
        pytest.param(called(), listed(), Did.SEEN, id="a lost answer, found"),
        pytest.param(listed(stage=Stage.QUEUED), listed(seconds=30), Did.SEEN, id="another phase"),
        pytest.param(listed(), listed(seconds=30, node="n2"), Did.SEEN, id="another node"),
        pytest.param(listed(missed=1), listed(seconds=30), Did.SEEN, id="it is back"),
        pytest.param(listed(), listed(seconds=30), None, id="nothing new but the time"),
        pytest.param(listed(), listed(missed=1), Did.MISSED, id="it lacks"),
        pytest.param(
            denied(missed=2),
            refused(missed=3),
            Did.REFUSED,
            id="it lacks what was denied, often enough",
        ),
        pytest.param(succeeded(), succeeded(missed=1), Did.MISSED, id="it lacks after its end"),
        pytest.param(listed(), succeeded(seconds=30), Did.ENDED, id="it succeeded"),
        pytest.param(listed(), failed(outcome=None), Did.ENDED, id="it failed"),
        pytest.param(
            failed(), succeeded(), Did.ENDED, id="its failure was none, in the same second"
        ),
        pytest.param(
            failed(), replace(failed(missed=0), node="n2"), Did.SEEN, id="still failed, elsewhere"
        ),
        pytest.param(listed(missed=2), vanished(), Did.VANISHED, id="it is gone"),
        pytest.param(
            listed(missed=2, outcome=DONE),
            listed(missed=3, outcome=DONE, ended_at=at(9)),
            Did.ENDED,
            id="it is gone, and had succeeded before",
        ),
        pytest.param(failed(), listed(seconds=30), Did.RUNNING_AGAIN, id="its end was none"),
    ],
)
def test_what_a_listing_s_change_is_called(
    before: Attempt | None, after: Attempt, did: Did | None
) -> None:
    changed = changed_by_listing(Change(before, after))
    assert changed == (Changed(did, after) if did is not None else None)


def test_slots_are_counted_by_jobs_as_the_entries_leave_them() -> None:
    old = failed("2", outcome=CONFIGURATION)
    counted = [
        (step.in_flight, step.move is not None and step.move.takes_slot)
        for step in replay(
            entries(
                started(),
                Changed(Did.CALLED, called("1")),
                Changed(Did.SUBMITTED, accepted("1")),
                Changed(Did.REMEMBERED, old),
                Changed(Did.RESERVED, reserved_after(old)),
                Event(Kind.WAIT, "for a slot"),
                Changed(Did.SEEN, failed("2", stage=Stage.LEAVING)),
                Changed(Did.RELEASED, reserved_after(old)),
                Changed(Did.MISSED, failed("2", missed=1)),
                Changed(Did.ENDED, succeeded("1")),
                Ended(),
            )
        )
    ]
    held = [count for count, _ in counted]
    assert held == [0, 1, 1, 1, 2, 2, 2, 2, 1, 0, 0]
    assert [place for place, (_, takes) in enumerate(counted) if takes] == [1, 4]


def test_the_end_of_a_replay_is_the_jobs_as_they_stand() -> None:
    steps = replay(
        entries(
            started(),
            Changed(Did.CALLED, called("2", 2)),
            Changed(Did.REMEMBERED, failed("2")),
            Changed(Did.RESERVED, reserved("1")),
            Changed(Did.RELEASED, reserved("1")),
            Changed(Did.RELEASED, reserved("9")),
            Changed(Did.REFUSED, refused("2", 2)),
        )
    )
    jobs = view_after(steps).jobs
    assert {key: job.attempts for key, job in jobs.items()} == {"2": (failed("2"), refused("2", 2))}


def test_each_entry_stands_under_the_terms_of_its_run() -> None:
    policy = RetryPolicy(max_retries=1)
    told = Event(Kind.OK, "")
    steps = list(
        replay(
            [
                Entry(1, at(1), None, told),
                Entry(2, at(2), 1, started(50, "1", "2", retry=policy)),
                Entry(3, at(3), 2, started(10, beside=(1, 99))),
                Entry(4, at(4), 1, told),
                Entry(5, at(5), 2, told),
                Entry(6, at(6), 1, Ended()),
                Entry(7, at(7), 2, Ended()),
                Entry(8, at(8), 3, started(5, "a")),
            ]
        )
    )
    first = Terms("gwas", frozenset("12"), integer_keys=True, cap=50, retry=policy)
    second = replace(first, cap=10, retry=RetryPolicy())
    third = Terms("gwas", frozenset("a"), integer_keys=False, cap=5)
    assert [step.terms for step in steps] == [
        Terms(), first, second, first, second, first, second, third,
    ]  # fmt: skip
    # The largest cap of those at work; run 2 had begun beside 1, run 3 beside nobody.
    assert [step.cap for step in steps] == [0, 50, 50, 50, 50, 10, 10, 5]


def test_a_run_that_was_killed_keeps_its_cap_up_until_the_next_begins() -> None:
    steps = replay([Entry(1, at(1), 1, started(50)), Entry(2, at(2), 2, started(10))])
    assert [step.cap for step in steps] == [50, 10]


@pytest.mark.parametrize(
    ("before", "changed", "starts"),
    [
        pytest.param(None, Changed(Did.CALLED, called()), True, id="a first submit"),
        pytest.param(None, Changed(Did.RESERVED, reserved()), True, id="a slot for a new attempt"),
        pytest.param(
            reserved(), Changed(Did.CALLED, called()), False, id="it has its slot already"
        ),
        pytest.param(called(), Changed(Did.CALLED, called(calls=2)), False, id="no answer came"),
        pytest.param(refused(), Changed(Did.CALLED, called(calls=2)), True, id="it was refused"),
        pytest.param(None, Changed(Did.ADOPTED, listed()), False, id="somebody else's start"),
    ],
)
def test_which_changes_start_an_attempt(
    before: Attempt | None, changed: Changed, starts: bool
) -> None:
    known = [Changed(Did.REMEMBERED, before)] if before is not None else []
    *_, last = replay(entries(*known, changed))
    assert last.move is not None
    assert last.move.starts is starts
