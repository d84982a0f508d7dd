"""Records of breaches, written by the code before it was mended: `audit` says what happened."""

from pathlib import Path

from runbatch.core.audit import audit_of
from runbatch.core.promises import Promise
from runbatch.ledger import events

FOLDER = Path(__file__).parent / "breaches"


def test_a_success_that_another_id_had_started_again() -> None:
    path = FOLDER / "another_id.jsonl"
    audit = audit_of(tuple(events.entries(path, events.read(path))))
    found = {each.promise: [(it.seq, it.text) for it in each.breaches] for each in audit.checked}
    assert {promise: texts for promise, texts in found.items() if texts} == {
        Promise.SUCCEEDED: [(14, "attempt 1 had succeeded; started again for: vanished")],
        Promise.RETRIES: [
            (14, "started for: vanished; but before it attempt 1: succeeded (phase Completed)")
        ],
        Promise.NAMES: [
            (6, "adopted without a person's yes, although this ledger did not submit it"),
        ],
        Promise.REAL: [(12, "attempt 2, which no submit made, vanished; attempt 1 was listed")],
    }


def test_a_colleagues_workload_that_was_adopted_and_deleted() -> None:
    path = FOLDER / "a_colleagues_workload.jsonl"
    audit = audit_of(tuple(events.entries(path, events.read(path))))
    found = {each.promise: [(it.seq, it.text) for it in each.breaches] for each in audit.checked}
    said = "without a person's yes, although this ledger did not submit it"
    assert {promise: texts for promise, texts in found.items() if texts} == {
        Promise.NAMES: [
            (2, f"adopted {said}"),
            (10, f"delete asked {said}"),
            (18, f"delete asked {said}"),
        ],
    }
