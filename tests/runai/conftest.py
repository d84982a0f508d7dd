"""A Run:ai cluster of one's own for each test, and what its own record must say in the end."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.runai.rig import Rig, make_rig

from runbatch.core.job import State

MakeRig = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> MakeRig:
    numbers = count(1)

    def made(**words: Any) -> Rig:
        return make_rig(tmp_path / str(next(numbers)), **words)

    return made


def assert_promises_kept(rig: Rig, *, cap: int, created: int = 1) -> None:
    """The cap held, each job was created so often, none twice at once, nothing else was touched."""
    truth = rig.standin.truth()
    assert rig.most_active() <= cap
    assert truth.overlapping(rig.is_ours) == set()
    for key in rig.batch.keys:
        assert truth.created(f"{rig.batch.prefix}-{key}") == created, key
    assert truth.names(None) <= {rig.batch.workload_name(key) for key in rig.batch.keys}
    assert not truth.calls_of("delete")
    assert not truth.calls_of("suspend")


def assert_all_succeeded(rig: Rig) -> None:
    snapshot = rig.run()
    assert snapshot.counts[State.SUCCEEDED] == len(rig.batch.keys), snapshot.counts
