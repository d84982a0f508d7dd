"""A fixed part of what `make simulate` plays."""

import pytest
from tests.simulation.seeds import Tally, play, play_all

CHUNKS = 10
SEEDS_A_CHUNK = 15


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_promise_is_broken(chunk: int) -> None:
    first = 1_000_000 + chunk * SEEDS_A_CHUNK
    tally = play_all(range(first, first + SEEDS_A_CHUNK))
    assert tally.broken == {}
    assert tally.seeds == SEEDS_A_CHUNK


def test_a_seed_is_one_history() -> None:
    assert play(7)[1] == play(7)[1]


def test_a_kind_that_never_happened_is_told() -> None:
    assert "the disk is full" in Tally().never
