"""A folder to work in, and a journal that jobs keep."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.shell import Journal, Shell, processes_in


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """Yield an empty folder; whatever a failed test left running there is ended after it."""
    yield Shell(tmp_path)
    for process in processes_in(tmp_path / "state"):
        process.kill()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")
