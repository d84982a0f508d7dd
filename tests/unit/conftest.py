"""A ledger on a real file for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runbatch.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()
