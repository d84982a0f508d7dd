"""A ledger that an earlier version wrote opens, and the batch goes on with it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.core.values import batch

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.job import State
from runbatch.ledger.store import FILE_NAME, Ledger

LEDGERS = sorted((Path(__file__).parent.parent / "ledgers").glob("*.sqlite3"))


def test_there_are_ledgers_of_the_landed_versions() -> None:
    assert len(LEDGERS) >= 7


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.stem)
@pytest.mark.parametrize("read_only", [True, False], ids=["looked at", "opened"])
def test_an_old_ledger_tells_what_it_knew(path: Path, tmp_path: Path, *, read_only: bool) -> None:
    shutil.copy(path, tmp_path / FILE_NAME)
    ledger = Ledger(tmp_path, read_only=read_only)
    try:
        jobs = ledger.view().jobs
    finally:
        ledger.close()
    assert {key: job.state for key, job in jobs.items()} == {
        "1": State.SUCCEEDED,
        "2": State.FAILED,
        "3": State.FAILED,
    }
    verdicts = [job.last.outcome.verdict for job in jobs.values() if job.last and job.last.outcome]
    assert Verdict.CONFIGURATION_ERROR in verdicts


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.stem)
def test_a_batch_goes_on_with_an_old_ledger(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path / FILE_NAME)
    ledger = Ledger(tmp_path)
    now = datetime.now(UTC) + timedelta(hours=1)
    try:
        ledger.begin_invocation("submit", batch(), now)
        ledger.reserve(Attempt(key="4", number=1, reserved_at=now), None, 2)
        assert ledger.view().in_flight == {"4"}
    finally:
        ledger.close()
