"""A new world for each test."""

from pathlib import Path
from typing import Any

import pytest
from tests.simulation.world import MakeWorld, World, make_batch


@pytest.fixture
def make_world(tmp_path: Path) -> MakeWorld:
    def make(**batch: Any) -> World:
        return World(tmp_path / "ledger", make_batch(**batch))

    return make
