"""Small pieces of Markdown, as a code host and the site both show it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

SAID = "Generated from the code by docs/generate. Do not edit it: run make reference."


def page(parts: Iterable[str]) -> str:
    """Return the page of these parts; its first line says where it comes from."""
    return "\n\n".join([f"<!-- {SAID} -->", *parts]) + "\n"


def document(value: dict[str, Any]) -> str:
    """Return a JSON Schema as a file, whose first key says where it comes from."""
    schema = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$comment": SAID, "$schema": schema, **value}, indent=2) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; no cell can end it."""
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    safe = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(safe)} |"


def block(language: str, text: str) -> str:
    """Return a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def code(text: object) -> str:
    """Return a word as code."""
    return f"`{text}`"


def codes(words: Iterable[object]) -> str:
    """Return words as code, with commas."""
    return ", ".join(map(code, words))
