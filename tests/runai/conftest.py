"""A Run:ai cluster of one's own for each test."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.runai.rig import Rig, make_rig

MakeRig = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> MakeRig:
    numbers = count(1)

    def made(**words: Any) -> Rig:
        return make_rig(tmp_path / str(next(numbers)), **words)

    return made
