"""json.md and output.schema.json: what `--json` prints, from the types that are printed."""

import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from docs.generate.markdown import console, table, type_of
from docs.generate.meanings import about, meanings_of

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
_PLAIN = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}

_INTRODUCTION = """\
Where there is a result, `--json` prints it as one JSON document on stdout; messages go to stderr.
Keys are added; none is renamed or given another meaning while `schema` stays 1. So pass over keys
that you do not know. Every key below is always there; what is not known is `null`. Times are ISO
8601 in UTC, like `2026-01-05T09:31:10Z`."""
_EXAMPLES = """\
runbatch status --json | jq .counts
runbatch status --json | jq -r '.jobs[] | select(.state == "failed") | [.key, .verdict] | @tsv'
runbatch audit --json | jq '.promises[] | select(.held | not)'"""
_SCHEMA = """\
[output.schema.json](output.schema.json) says the same as JSON Schema, each shape by its name under
`$defs`."""


def name_of(kind: type) -> str:
    """Return what a shape or an enumeration is called in the schemas and on the page."""
    return kind.__name__.removesuffix("Json")


def output_schema() -> dict[str, Any]:
    """Return the schemas of all outputs, each by its name under `$defs`."""
    found: dict[str, Any] = {}
    for shape in OUTPUTS.values():
        _define(shape, found)
    return {"title": "What runbatch prints as JSON", "$defs": found}


def _define(kind: type, found: dict[str, Any]) -> None:
    """Add the schema of a shape or an enumeration, and of each that it is made of."""
    if name_of(kind) in found:
        return
    if issubclass(kind, Enum):
        words = [str(each.value) for each in kind]
        first = re.sub(r" \(.*?\)", "", about(kind).partition(". ")[0].rstrip("."))
        found[name_of(kind)] = {"description": f"{first}.", "type": "string", "enum": words}
        return
    hints, meanings = get_type_hints(kind, include_extras=True), meanings_of(kind)
    found[name_of(kind)] = {
        "description": about(kind),
        "type": "object",
        "required": list(hints),
        "properties": {
            key: _schema(hint) | {"description": meanings[key]} for key, hint in hints.items()
        },
    }
    for part in (part for hint in hints.values() for part in _parts(hint)):
        if is_typeddict(part) or (isinstance(part, type) and issubclass(part, Enum)):
            _define(part, found)


def _parts(hint: Any) -> list[Any]:
    """Return a type and every type within it."""
    return [hint, *(part for each in get_args(hint) for part in _parts(each))]


def _schema(hint: Any) -> dict[str, Any]:
    arguments = get_args(hint)
    match get_origin(hint):
        case _ if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        case found if found in (UnionType, Union):
            return {"anyOf": [_schema(each) for each in arguments]}
        case found if found is list:
            return {"type": "array", "items": _schema(arguments[0])}
        case found if found is dict:
            names, values = map(_schema, arguments)
            return {"type": "object", "propertyNames": names, "additionalProperties": values}
        case found if found is Annotated and arguments[1] is datetime:
            return {"type": "string", "format": "date-time"}
    return {"$ref": f"#/$defs/{name_of(arguments[1] if arguments else hint)}"}


def json_page() -> Iterator[str]:
    """Yield the parts of the page."""
    shapes = output_schema()["$defs"]
    yield "# JSON output"
    yield _INTRODUCTION
    commands = ([f"`runbatch {typed}`", _link(name_of(each))] for typed, each in OUTPUTS.items())
    yield table(["command", "prints"], commands)
    yield console(_EXAMPLES.splitlines())
    yield _SCHEMA
    for name, shape in shapes.items():
        if "properties" in shape:
            yield f"## {name}\n\n{shape['description']}"
            yield table(["key", "type", "meaning"], _rows(shape["properties"]))
    yield "## Words\n\nThese stand where a type above names them, and no others."
    for name, shape in shapes.items():
        if "enum" in shape:
            yield f"### {name}\n\n{shape['description']}"
            yield ", ".join(f"`{each}`" for each in shape["enum"])


def _rows(properties: dict[str, Any]) -> Iterator[list[str]]:
    for key, schema in properties.items():
        yield [f"`{key}`", type_of(schema, _link), schema["description"]]


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"
