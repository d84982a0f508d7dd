"""The record the audit reads: events that are not whole, a ledger that says something else."""

from dataclasses import replace

import pytest
from tests.unit.core.audits import KEYS, breaches, known, start
from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import accepted, at, failed, reserved, succeeded, view

from runbatch.core.audit import Remark, audit_of
from runbatch.core.job import View
from runbatch.core.journal import Changed, Did, Ended, Entry, Happening
from runbatch.core.promises import Promise

LINES = entries(started(2, *KEYS), start("1"), Changed(Did.SUBMITTED, accepted("1")), Ended())


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(LINES[1:], [(2, "the first line is not the beginning")], id="no beginning"),
        pytest.param(
            [replace(LINES[1], seq=1), *LINES[1:]],
            [(1, "the first line is not the beginning")],
            id="another beginning",
        ),
        pytest.param([*LINES[:2], LINES[3]], [(4, "the line before it is 2")], id="one lacks"),
        pytest.param(
            [*LINES[:2], LINES[1], *LINES[2:]], [(2, "the line before it is 2")], id="one twice"
        ),
    ],
)
def test_events_that_are_not_whole_are_found(
    lines: list[Entry], found: list[tuple[int, str]]
) -> None:
    whole = breaches(audit_of(lines))[Promise.WHOLE]
    assert [(remark.seq, remark.text) for remark in whole] == found


REMEMBERED = view(accepted("1", calls=1), failed("2"))
END: list[Happening] = [
    started(2, *KEYS),
    known(accepted("1", calls=1)),
    known(failed("2")),
]


@pytest.mark.parametrize(
    ("remembered", "found"),
    [
        pytest.param(REMEMBERED, [], id="the same"),
        pytest.param(
            view(accepted("1", calls=1), failed("2", seen_at=at(99))), [], id="seen later"
        ),
        pytest.param(
            view(accepted("1", calls=1), failed("2"), reserved("3")),
            [("3", "attempt 1 is only in the ledger")],
            id="one more in the ledger",
        ),
        pytest.param(
            view(failed("2")),
            [("1", "attempt 1 is only in the events")],
            id="one more in the events",
        ),
        pytest.param(
            view(accepted("1", calls=3), succeeded("2", node="n")),
            [
                ("1", "attempt 1 differs in calls"),
                ("2", "attempt 1 differs in seen_stage, phase, node, outcome"),
            ],
            id="two that are not alike",
        ),
    ],
)
def test_a_ledger_that_says_something_else_is_found(
    remembered: View, found: list[tuple[str, str]]
) -> None:
    audit = audit_of(entries(*END), remembered)
    remarks = breaches(audit).get(Promise.LEDGER, ())
    assert [(remark.key, remark.text) for remark in remarks] == found


def test_without_a_ledger_nothing_is_said_of_it() -> None:
    assert Promise.LEDGER not in [each.promise for each in audit_of(LINES).checked]
    checked = [each.promise for each in audit_of(LINES, view(accepted("1"))).checked]
    assert checked == list(Promise)


def test_a_line_that_is_not_the_ledger_s_is_found() -> None:
    audit = audit_of(entries(*END), REMEMBERED, altered=[2])
    assert breaches(audit) == {
        Promise.LEDGER: (Remark("the ledger's own journal says otherwise", 2, at(2)),)
    }
