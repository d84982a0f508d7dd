"""One workload has its log, two have theirs: what is said is right of one and of several."""

from pathlib import Path

import pytest
from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import at, batch, failed, listed, succeeded, view

from runbatch.core.attempt import Attempt
from runbatch.core.audit import audit_of
from runbatch.core.snapshot import snapshot_of
from runbatch.core.waits import Answer
from runbatch.views.audit import audit_text
from runbatch.views.removal import (
    Removal,
    removal_of,
    removal_question,
    removal_text,
    removed_text,
)
from runbatch.views.summary import headline


def removal(*attempts: Attempt, every: bool = False) -> Removal:
    return removal_of(batch(), view(*attempts), every=every)


ONE = removal(failed("2"))
TWO = removal(failed("2"), succeeded("3"))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(ONE, "would delete 1 ended workload, after saving its log", id="one"),
        pytest.param(TWO, "would delete 2 ended workloads, after saving their logs", id="two"),
        pytest.param(
            removal(), "would delete 0 ended workloads, after saving their logs", id="none"
        ),
        pytest.param(
            removal(listed("2"), every=True),
            "would delete 1 workload in flight, after saving its log",
            id="one in flight",
        ),
    ],
)
def test_what_would_be_deleted(found: Removal, said: str) -> None:
    assert removal_text(found).splitlines()[0] == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(ONE, "Delete 1 ended workload of gwas, once its log is saved?", id="one"),
        pytest.param(TWO, "Delete 2 ended workloads of gwas, once their logs are saved?", id="two"),
    ],
)
def test_what_is_asked_before_it(found: Removal, said: str) -> None:
    assert removal_question(found) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(ONE, "gwas: 1 workload deleted; its log is in /logs.", id="one"),
        pytest.param(TWO, "gwas: 2 workloads deleted; their logs are in /logs.", id="two"),
        pytest.param(removal(), "gwas: 0 workloads deleted.", id="none"),
    ],
)
def test_what_was_deleted(found: Removal, said: str) -> None:
    assert removed_text(found, found.going, Path("/logs")) == said


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (1, "its last line; the ledger has it, and the next submit or retry adds it"),
        (2, "its last 2 lines; the ledger has them, and the next submit or retry adds them"),
    ],
)
def test_what_the_file_of_events_lacks(lacking: int, said: str) -> None:
    found = audit_of(entries(started()))
    lines = audit_text("gwas", found, lacking, Answer(None)).splitlines()
    assert f"  events.jsonl lacks {said}" in lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(Answer(at(0)), "gwas: 1 event", id="the cluster answers"),
        pytest.param(
            Answer(at(0), "No answer."),
            "gwas: 1 event; the jobs are shown as of 2026-01-05 09:30:00 UTC: No answer.",
            id="it does not",
        ),
        pytest.param(
            Answer(None, "No answer."),
            "gwas: 1 event; nothing was heard of the jobs yet: No answer.",
            id="it never did",
        ),
    ],
)
def test_as_of_when_an_audit_speaks(answer: Answer, said: str) -> None:
    found = audit_of(entries(started()))
    assert audit_text("gwas", found, 0, answer).splitlines()[0] == said


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param(("2",), "gwas: the only job succeeded.", id="one"),
        pytest.param(("2", "3"), "gwas: all 2 jobs succeeded.", id="two"),
    ],
)
def test_how_well_it_went(keys: tuple[str, ...], said: str) -> None:
    shown = snapshot_of(batch(*keys), view(*map(succeeded, keys)), succeeded().reserved_at)
    assert headline(shown) == said
