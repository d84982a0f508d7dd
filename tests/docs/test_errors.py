"""Each message that the page of error messages quotes is one that the code says."""

import ast
import re
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT

import runbatch

PAGE = ROOT / "docs" / "reference" / "errors.md"
MESSAGES = re.findall(r"^- `(.+)`$", PAGE.read_text("utf-8"), re.MULTILINE)
# Between these the words stand in the code as they are; what is shorter says nothing.
GAP = re.compile(r"^\[[A-Z]+\] |…|\d+| = |[:;.,)] |[.)]$")
SHORTEST = 8


def said() -> str:
    """Return all text constants of the package."""
    trees = (
        ast.parse(path.read_text("utf-8")) for path in Path(runbatch.__file__).parent.rglob("*.py")
    )
    nodes = (node for tree in trees for node in ast.walk(tree))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant))
    return "\n".join(map(str, texts))  # also of bytes


@pytest.fixture(scope="module")
def source() -> str:
    return said()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_message_is_one_of_the_code(source: str, message: str) -> None:
    parts = [part.strip() for part in GAP.split(message)]
    assert [part for part in parts if len(part) >= SHORTEST and part not in source] == []
