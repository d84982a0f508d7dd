"""What decisions are made on is never changed after it was made."""

import importlib
import pkgutil
from dataclasses import is_dataclass

import pytest

from runbatch import core
from runbatch.core.attempt import Attempt, Evidence, Observation
from runbatch.core.batch import Batch, ClusterChoice, Run
from runbatch.core.failure import RetryPolicy
from runbatch.core.journal import Started
from runbatch.core.wish import Wish
from runbatch.core.workload import Workload

MODULES = [
    importlib.import_module(f"{core.__name__}.{each.name}")
    for each in pkgutil.iter_modules(core.__path__)
]
VALUES = {
    each.__name__: each
    for module in MODULES
    for each in vars(module).values()
    if is_dataclass(each) and isinstance(each, type)
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_a_value_of_the_core_is_frozen_and_has_no_room_for_more(name: str) -> None:
    assert VALUES[name].__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(VALUES[name])


@pytest.mark.parametrize(
    "value",
    [
        Observation,
        Evidence,
        Attempt,
        RetryPolicy,
        ClusterChoice,
        Run,
        Batch,
        Wish,
        Workload,
        Started,
    ],
)
def test_a_value_of_many_fields_is_made_by_their_names(value: type) -> None:
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        value("37")
