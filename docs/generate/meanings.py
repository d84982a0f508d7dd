"""What a key means: the docstring below it, in the class that has it."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from typing import Any


def meanings_of(kind: type) -> dict[str, str]:
    """Return what each key of a class means, those of its bases first.

    Raises ValueError for a key without a docstring: there is no reference without it.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for base in tree.bases:
        # A TypedDict does not remember its bases; its module knows them.
        above: Any = getattr(sys.modules[kind.__module__], ast.unparse(base), None)
        if getattr(above, "__module__", "").startswith("runbatch."):
            found |= meanings_of(above)
    return found | dict(_meanings(kind.__name__, tree.body))


def _meanings(owner: str, body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            if (text := _text(below)) is None:
                raise ValueError(f"{owner}.{name}: write a docstring below it.")
            yield name, text


def _text(statement: ast.stmt | None) -> str | None:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split())
        case _:
            return None
