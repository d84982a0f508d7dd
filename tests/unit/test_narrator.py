"""Who tells of what: two processes on one batch do not both tell of one submission."""

from dataclasses import replace

import pytest
from tests.unit.core.values import (
    PATIENCE,
    at,
    batch,
    called,
    denied,
    listing,
    looked,
    observation,
    view,
)

from runbatch.core.events import Event
from runbatch.core.stage import Stage
from runbatch.narrator import Narrator


@pytest.mark.parametrize("is_others", [False, True])
def test_a_submit_that_another_process_is_making_is_told_by_that_one(*, is_others: bool) -> None:
    heard: list[Event] = []
    narrator = Narrator(batch(), heard.append, lambda _: is_others)
    learned = looked(view(called()), listing(observation()), 30)
    narrator.learned(listing(observation()), learned, at(30), PATIENCE)
    told = [event.text for event in heard]
    assert told == ([] if is_others else ["gwas-37 (its answer was lost; the listing shows it)"])


@pytest.mark.parametrize("is_others", [False, True])
def test_so_is_that_a_denied_submit_was_refused_in_earnest(*, is_others: bool) -> None:
    heard: list[Event] = []
    narrator = Narrator(batch(), heard.append, lambda _: is_others)
    learned = looked(view(denied(missed=2)), listing(), 60)
    narrator.learned(listing(), learned, at(60), PATIENCE)
    assert [event.text for event in heard] == ([] if is_others else ["gwas-37: 403 Forbidden"])


def test_its_end_is_told_by_both() -> None:
    heard: list[Event] = []
    narrator = Narrator(batch(), heard.append, lambda _: True)
    running = replace(called(), uid="37.1", submitted_at=at(0))
    shown = listing(observation(stage=Stage.SUCCEEDED))
    narrator.learned(shown, looked(view(running), shown, 30), at(30), PATIENCE)
    assert [event.text for event in heard] == ["gwas-37 succeeded"]
