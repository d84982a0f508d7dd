"""Texts that people read and type."""

import pytest
from tests.unit.core.values import batch

from runbatch.config.keys import parse_keys
from runbatch.views.text import all_of, short_keys, typed

ADVICE = "correct it, then runbatch submit --rerun KEYS"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(["6"], "6", id="one"),
        pytest.param(["6", "7", "sample-a.1"], "6,7,sample-a.1", id="some"),
        pytest.param(list("acegikmo"), "a,c,e,g,i,k,m,o", id="as many as one types"),
        pytest.param(list("acegikmoq"), "KEYS", id="too many"),
        pytest.param(["1", "4", *map(str, range(7, 100))], "1,4,7-99", id="many in a row"),
        pytest.param([str(key) for key in range(1, 19, 2)], "KEYS", id="too many, not in a row"),
        pytest.param(["a", "b c"], "KEYS", id="a blank"),
        pytest.param(["$(id)"], "KEYS", id="what a shell would run"),
        pytest.param(["a,b"], "KEYS", id="a comma"),
        pytest.param(["-x"], "KEYS", id="like an option"),
    ],
)
def test_advice_names_the_keys_where_they_can_be_typed(keys: list[str], words: str) -> None:
    assert typed(ADVICE, keys) == f"correct it, then runbatch submit --rerun {words}"


def test_advice_names_commands_as_they_are_typed_for_this_batch() -> None:
    advice = "runbatch retry or runbatch submit --rerun KEYS starts runbatch."
    assert typed(advice, ["6"], lambda command: f"rb {command} -b KEYS") == (
        "rb retry -b KEYS or rb submit -b KEYS --rerun 6 starts runbatch."
    )


def test_all_of_one_is_the_only_one() -> None:
    assert [all_of(count, "job") for count in (1, 2)] == ["the only job", "all 2 jobs"]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param(["7", "8"], "7, 8", id="two are no row"),
        pytest.param(["7", "8", "9"], "7-9", id="three are"),
        pytest.param(["1", "4", "7", "8", "9", "11"], "1, 4, 7-9, 11", id="rows among others"),
        pytest.param(["9", "8", "7"], "9, 8, 7", id="the other way round"),
        pytest.param(["9", "10", "11"], "9-11", id="over a power of ten"),
        pytest.param(["07", "08", "09"], "07, 08, 09", id="written with a nought in front"),
        pytest.param(["a", "1", "2", "3", "b"], "a, 1-3, b", id="words among them"),
        pytest.param(
            [str(10**9 + each) for each in range(3)],
            "1000000000, 1000000001, 1000000002",
            id="longer than a row's ends may be",
        ),
        pytest.param(["\x1b1", "2", "3"], "\\x1b1, 2, 3", id="what is no number"),
        pytest.param(
            [str(key) for key in range(1, 31, 2)],
            "1, 3, 5, 7, 9, 11, 13, 15 and 7 more",
            id="more than are shown",
        ),
        pytest.param(
            [*map(str, range(1, 17, 2)), *map(str, range(20, 25)), "30"],
            "1, 3, 5, 7, 9, 11, 13, 15 and 6 more",
            id="rows are counted by their jobs",
        ),
    ],
)
def test_keys_in_a_row_are_shown_as_one(keys: list[str], text: str) -> None:
    assert short_keys(keys) == text


@pytest.mark.parametrize("chosen", [(2, 3, 4), (2, 4, 5, 6, 187), tuple(range(2, 188))])
def test_keys_are_read_back_as_they_are_typed(chosen: tuple[int, ...]) -> None:
    keys = [str(key) for key in chosen]
    command = typed("runbatch submit --rerun KEYS", keys)
    assert parse_keys([command.split()[-1]], batch()) == set(keys)
