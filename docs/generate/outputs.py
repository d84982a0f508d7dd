"""json.md and output.schema.json: what `--json` prints."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from docs.generate.markdown import block, code, codes, document, page, table
from docs.generate.meanings import meanings_of
from docs.generate.schemas import (
    enumerations_of,
    schema_of_shape,
    shape_name,
    shapes_below,
    words_of,
)

from runbatch.views.audit import AuditJson
from runbatch.views.preview import PreviewJson
from runbatch.views.removal import RemovalJson
from runbatch.views.retries import ChosenJson, RetryJson
from runbatch.views.totals import SubmitJson
from runbatch.views.waits import StatusJson

# What each command prints, the most wanted first.
OUTPUTS: dict[str, type] = {
    "status --json": StatusJson,
    "submit --json": SubmitJson,
    "retry --json": RetryJson,
    "submit --dry-run --json": PreviewJson,
    "check --json": PreviewJson,
    "retry --dry-run --json": ChosenJson,
    "audit --json": AuditJson,
    "delete --json": RemovalJson,
    "delete --dry-run --json": RemovalJson,
}

_INTRODUCTION = """\
Where there is a result, `--json` prints it as one JSON document on stdout; messages go to stderr.
Keys are added; none is renamed or given another meaning while `schema` stays 1. So pass over keys
that you do not know. Every key below is always there; what is not known is `null`. Times are ISO
8601 in UTC, like `2026-01-05T09:31:10Z`."""

_EXAMPLES = """
$ runbatch status --json | jq .counts
$ runbatch status --json | jq -r '.jobs[] | select(.state == "failed") | [.key, .verdict] | @tsv'
$ runbatch audit --json | jq '.promises[] | select(.held | not)'
"""


def outputs_schema() -> str:
    """Return the schemas of all outputs as one file, each by its name under `$defs`."""
    shapes = {name: schema_of_shape(shape) for name, shape in _shapes().items()}
    return document({"title": "What runbatch prints as JSON", "$defs": shapes})


def outputs_page() -> str:
    """Return the page."""
    return page(_parts())


def _shapes() -> dict[str, type]:
    return {name: each for shape in OUTPUTS.values() for name, each in shapes_below(shape).items()}


def _parts() -> Iterator[str]:
    shapes = _shapes()
    yield "# JSON output"
    yield _INTRODUCTION
    yield table(["command", "prints"], _commands())
    yield block("console", _EXAMPLES)
    schema = "[output.schema.json](output.schema.json)"
    yield f"{schema} says the same as JSON Schema, each shape by its name under `$defs`."
    for name, shape in shapes.items():
        yield f"## {name}"
        yield " ".join((shape.__doc__ or "").split())
        yield table(["key", "type", "meaning"], _rows(shape))
    yield "## Words"
    yield "These stand where a type above names them, and no others."
    for name, kind in _enumerations(shapes).items():
        yield f"### {name}"
        yield _meaning(kind)
        yield codes(words_of(kind))


def _commands() -> Iterator[list[str]]:
    for words, shape in OUTPUTS.items():
        yield [code(f"runbatch {words}"), _link(shape_name(shape))]


def _meaning(kind: type[Enum]) -> str:
    """Return what an enumeration's words are, without the code's own sources."""
    return re.sub(r" \(.*?\)", "", (kind.__doc__ or "").splitlines()[0])


def _enumerations(shapes: dict[str, type]) -> dict[str, type[Enum]]:
    found = (enumerations_of(shape) for shape in shapes.values())
    return {name: kind for each in found for name, kind in each.items()}


def _rows(shape: type) -> Iterator[list[str]]:
    meanings = meanings_of(shape)
    for name, hint in get_type_hints(shape, include_extras=True).items():
        yield [code(name), _words(hint), meanings[name]]


def _words(hint: Any) -> str:
    """Return a type in words."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_typeddict(hint):
        return _link(shape_name(hint))
    return _COMPOSED[get_origin(hint)](*get_args(hint))


def _union(*members: Any) -> str:
    return " or ".join(_words(member) for member in members)


def _list(item: Any) -> str:
    return f"list of {_words(item)}"


def _dict(key: Any, value: Any) -> str:
    of_words = f" by {_words(key)}" if key is not str else " by name"
    return f"{_words(value)}{of_words}"


def _text(_: Any, kind: type) -> str:
    return "time" if kind is datetime else _link(kind.__name__)


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


_PLAIN = {str: "text", int: "number", bool: "`true` or `false`", NoneType: "`null`"}
_COMPOSED: dict[Any, Callable[..., str]] = {
    UnionType: _union,
    Union: _union,
    list: _list,
    dict: _dict,
    Annotated: _text,
}
