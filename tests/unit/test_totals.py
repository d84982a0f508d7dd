"""What a submit came to: the numbers add up, also beside other commands."""

from collections.abc import Iterable

import pytest

from runbatch.core.events import Event, Kind
from runbatch.views.retries import RetryTotals, totals_text
from runbatch.views.totals import Totals

MINE = ("2", "3")


def came_to(*events: tuple[Kind, str], mine: Iterable[str] = MINE, skipped: int = 1) -> Totals:
    totals = Totals(frozenset(mine), skipped=skipped)
    for kind, key in events:
        totals.event(Event(kind, f"gwas-{key}", key))
    return totals


@pytest.mark.parametrize(
    ("totals", "line"),
    [
        pytest.param(
            came_to((Kind.SUBMIT, "2"), (Kind.SUBMIT, "3"), (Kind.DONE, "2")),
            "submitted 2, adopted 0, skipped 1, failed to submit 0",
            id="all are its own",
        ),
        pytest.param(
            came_to((Kind.REFUSED, "2"), (Kind.ADOPT, "3")),
            "submitted 0, adopted 1, skipped 1, failed to submit 1",
            id="one is refused, one was there",
        ),
        pytest.param(
            came_to((Kind.SUBMIT, "2"), (Kind.SUBMIT, "3"), (Kind.SUBMIT, "4")),
            "submitted 2, adopted 0, skipped 1, failed to submit 0, submitted for others 1",
            id="a retry of a job that it had skipped",
        ),
        pytest.param(
            came_to((Kind.SUBMIT, "2"), (Kind.SUBMIT, "3"), (Kind.SUBMIT, "2")),
            "submitted 2, adopted 0, skipped 1, failed to submit 0, submitted for others 1",
            id="a retry of a job that it had started",
        ),
    ],
)
def test_what_a_retry_beside_it_decided_is_told_apart(totals: Totals, line: str) -> None:
    assert totals.line() == line


def test_the_same_as_json() -> None:
    assert came_to((Kind.SUBMIT, "2"), (Kind.SUBMIT, "9")).as_json() == {
        "submitted": 1,
        "adopted": 0,
        "skipped": 1,
        "failed_to_submit": 0,
        "submitted_for_others": 1,
    }


@pytest.mark.parametrize(
    ("saved", "before", "said"),
    [(0, 2, "logs saved: 0, and 2 before"), (1, 0, "logs saved: 1"), (1, 3, "1, and 3 before")],
)
def test_logs_that_were_saved_before_a_retry_are_not_passed_over(
    saved: int, before: int, said: str
) -> None:
    totals = RetryTotals(
        failed=2,
        by_verdict={},
        retried=2,
        succeeded_after_retry=2,
        failed_for_good=0,
        skipped={},
        logs_saved=saved,
        logs_saved_before=before,
    )
    assert totals_text(totals).endswith(said)
