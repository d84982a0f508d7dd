"""What a key means: the docstring below it, in the class that has it."""

import ast
import inspect
import sys
import textwrap
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
    for statement, below in zip(tree.body, [*tree.body[1:], None], strict=True):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(value=ast.Constant(value=text)):
                found[key] = " ".join(str(text).split())
            case ast.AnnAssign(target=ast.Name(id=key)), _:
                raise ValueError(f"{kind.__name__}.{key}: write a docstring below it.")
    return found


def about(kind: type) -> str:
    """Return the docstring of a class in one line."""
    return " ".join((kind.__doc__ or "").split())
