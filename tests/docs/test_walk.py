"""A newcomer's walk: the tutorial's commands, word for word, print what the tutorial shows."""

from pathlib import Path

import pytest
from tests.docs.walk import Command, File, Reader, difference, steps_of

DOCS = Path(__file__).parents[2] / "docs"


def test_the_tutorial(tmp_path: Path) -> None:
    steps = list(steps_of((DOCS / "tutorial" / "first-batch.md").read_text("utf-8")))
    assert {step.name for step in steps if isinstance(step, File)} == {"work.py", "batch.toml"}
    reader = Reader(tmp_path)
    try:
        for step in steps:
            reader.do(step)
    finally:
        reader.leave()


def test_another_output_is_shown_beside_the_pages(tmp_path: Path) -> None:
    step = Command(8, "printf 'a 1\\nb 2\\nc 3\\n'", "a ...\nb 3\nc 3\n", may_fail=False)
    with pytest.raises(AssertionError) as caught:
        Reader(tmp_path).do(step)
    assert str(caught.value).splitlines()[2:] == ["  a 1", "- b 3", "+ b 2", "  c 3"]


def test_an_exit_code_that_the_page_does_not_ask_for(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"line 1: \$ false\nended with 1"):
        Reader(tmp_path).do(Command(1, "false", "", may_fail=False))


@pytest.mark.parametrize(
    ("page", "got", "same"),
    [
        ("a\n", "a\nb\n", False),
        ("a\n", "", False),
        ("from ... to ...\n", "from 1 to 2\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n...\nd\n", "a\nb\nc\n", False),
    ],
)
def test_dots_stand_for_any_text_of_a_line_or_any_lines(page: str, got: str, same: bool) -> None:
    assert (difference(page, got) == "") is same
