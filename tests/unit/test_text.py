"""Texts that people read and type."""

import pytest

from runbatch.views.text import all_of, typed

ADVICE = "correct it, then runbatch submit --rerun KEYS"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        pytest.param(["6"], "6", id="one"),
        pytest.param(["6", "7", "sample-a.1"], "6,7,sample-a.1", id="some"),
        pytest.param([str(key) for key in range(8)], "0,1,2,3,4,5,6,7", id="as many as one types"),
        pytest.param([str(key) for key in range(9)], "KEYS", id="too many"),
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
