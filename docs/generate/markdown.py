"""Small pieces of Markdown, as a code host and the site both show it."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

SAID = "Generated from the code by docs/generate. Do not edit it: run make reference."
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "table of texts",
    "date-time": "time",
}


def page(parts: Iterable[str]) -> str:
    """Return the page of these parts; its first line says where it comes from."""
    return "\n\n".join([f"<!-- {SAID} -->", *parts]) + "\n"


def document(schema: dict[str, Any]) -> str:
    """Return a JSON Schema as a file, whose first key says where it comes from."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps({"$comment": SAID, "$schema": draft, **schema}, indent=2) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; no cell can end it."""
    cells = ([cell.replace("|", r"\|") for cell in row] for row in [head, *rows])
    first, *others = (f"| {' | '.join(row)} |" for row in cells)
    return "\n".join([first, "|" + "---|" * len(head), *others])


def console(lines: Iterable[str]) -> str:
    """Return commands as a person types them."""
    return "\n".join(["```console", *(f"$ {line}" for line in lines), "```"])


def type_of(schema: Mapping[str, Any], named: Callable[[str], str]) -> str:
    """Return the type of a value in words; `named` says what stands for a shape with a name."""
    match schema:
        case {"$ref": reference}:
            return named(reference.rpartition("/")[2])
        case {"anyOf": members}:
            return " or ".join(type_of(each, named) for each in members)
        case {"enum": words}:
            return " or ".join(f"`{json.dumps(each)}`" for each in words)
        case {"items": items}:
            return "list of " + re.sub(r"\b(text|number|table)\b", r"\1s", type_of(items, named))
        case {"propertyNames": keys, "additionalProperties": values}:
            return f"{type_of(values, named)} by {type_of(keys, named)}".replace(
                "by text", "by name"
            )
    return _WORDS[schema.get("format", schema["type"])]
