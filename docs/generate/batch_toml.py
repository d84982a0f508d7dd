"""batch-toml.md and batch.schema.json: what a batch.toml may say."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from docs.generate.markdown import block, code, document, page, table
from docs.generate.meanings import meanings_of
from pydantic import BaseModel

from runbatch.config.tables import (
    BatchFile,
    ClusterTable,
    JobsTable,
    MountTable,
    RetryTable,
    RunTable,
)

# The mounts are tables within a table.
TABLES: dict[str, type[BaseModel]] = {
    "": BatchFile,
    "[cluster]": ClusterTable,
    "[jobs]": JobsTable,
    "[run]": RunTable,
    "[run] mounts": MountTable,
    "[retry]": RetryTable,
}

# Else two headings would be alike: the key, and the table of each of its values.
_HEADINGS = {"": "At the top", "[run] mounts": "Each of [run] mounts"}
_MODELS = {model.__name__: model for model in TABLES.values()}

_INTRODUCTION = """\
One file describes a batch: `batch.toml` in the current folder, or the one that `-b FILE` names. It
is [TOML](https://toml.io). A key that is not on this page is refused, and what was meant is named.
`runbatch check` tells what is wrong with a file, and where, and touches nothing.

[batch.schema.json](batch.schema.json) is its JSON Schema: editors complete and check by it."""

_EXAMPLE = "`runbatch init` writes this one, which works as it is:"


def batch_schema() -> str:
    """Return the schema as a file."""
    return document(schema_of_batch())


def schema_of_batch() -> dict[str, Any]:
    """Return the JSON Schema of a batch.toml: its shape, its limits, and what each key means."""
    schema = BatchFile.model_json_schema()
    for name, properties in _properties(schema):
        meanings = meanings_of(_MODELS[name])
        for key, value in properties.items():
            _tidy(value)
            value.setdefault("description", meanings[key])
    for definition in schema["$defs"].values():
        del definition["title"]
    return schema


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each table's keys, by the name of its model."""
    yield BatchFile.__name__, schema["properties"]
    for name, definition in schema["$defs"].items():
        yield name, definition["properties"]


def _tidy(value: dict[str, Any]) -> None:
    """Leave out what TOML cannot say, null, and what says nothing: titles and whole defaults."""
    value.pop("title", None)
    members = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
    if len(members) == 1:
        del value["anyOf"]
        value |= members[0]
    if value.get("default", {}) is None or isinstance(value.get("default"), dict):
        del value["default"]


def batch_toml_page() -> str:
    """Return the page."""
    return page(_parts())


def _parts() -> Iterator[str]:
    schema = schema_of_batch()
    keys = {name: _keys(model, schema) for name, model in TABLES.items()}
    yield "# batch.toml"
    yield _INTRODUCTION
    yield table(["key", "type", "default"], _overview(keys))
    yield _EXAMPLE
    yield block("toml", (files("runbatch.config") / "template.toml").read_text("utf-8"))
    for name, model in TABLES.items():
        yield f"## {_HEADINGS.get(name, name)}"
        yield " ".join((model.__doc__ or "").split())
        for key, value in keys[name].items():
            yield f"### {_full(name, key)}"
            yield f"{_type(value)}{_limits(value)} · {_default(model, key)}"
            yield value["description"]


def _keys(model: type[BaseModel], schema: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the schema of each key of a table; a table itself is no key."""
    whole = model is BatchFile
    properties = schema["properties"] if whole else schema["$defs"][model.__name__]["properties"]
    return {key: value for key, value in properties.items() if "$ref" not in value}


def _overview(keys: Mapping[str, Mapping[str, dict[str, Any]]]) -> Iterator[list[str]]:
    for name, values in keys.items():
        for key, value in values.items():
            full = _full(name, key)
            anchor = full.replace("[", "").replace("]", "").replace(" ", "-")
            default = _default(TABLES[name], key).removeprefix("default ")
            yield [f"[{code(full)}](#{anchor})", _type(value), default]


def _full(name: str, key: str) -> str:
    return f"{name} {key}".strip()


def _default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    if field.is_required():
        return "required"
    return "no default" if field.default is None else f"default {code(_toml(field.default))}"


def _toml(value: Any) -> str:
    """Return a value as TOML has it; JSON is the same but for an empty table."""
    return json.dumps(value)


def _type(value: Mapping[str, Any]) -> str:
    """Return the type of a value in words."""
    if "enum" in value:
        return " or ".join(code(json.dumps(each)) for each in value["enum"])
    if "anyOf" in value:
        return " or ".join(_type(member) for member in value["anyOf"])
    if "$ref" in value:
        return "table"
    if value["type"] == "array":
        fixed = f"{value['minItems']} " if _is_pair(value) else ""
        return f"list of {fixed}{_plural(_type(value['items']))}"
    if value["type"] == "object":
        return "table of texts"
    return _TYPES[value["type"]]


_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
}


def _plural(words: str) -> str:
    return " or ".join(f"{word}s" for word in words.split(" or "))


def _is_pair(value: Mapping[str, Any]) -> bool:
    return "minItems" in value and value["minItems"] == value.get("maxItems")


def _limits(value: Mapping[str, Any]) -> str:
    """Return the limits of a value, or of what is in it, in words."""
    found = list(_said(value))
    return f": {', '.join(found)}" if found else ""


def _said(value: Mapping[str, Any]) -> Iterator[str]:
    low, above, high = (value.get(each) for each in ("minimum", "exclusiveMinimum", "maximum"))
    match low, above, high:
        case None, None, None:
            pass
        case _, None, None:
            yield f"{low} or more"
        case None, _, _:
            yield f"above {above}, at most {high}"
        case _:
            yield f"{low} to {high}"
    if "pattern" in value and value["pattern"] in _PATTERNS:
        yield _PATTERNS[value["pattern"]]
    if "maxLength" in value:
        yield f"at most {value['maxLength']} characters"
    if "maxItems" in value and not _is_pair(value):
        yield f"at most {value['maxItems']}"
    if "items" in value:
        yield from _said(value["items"])


def _pattern(model: type[BaseModel], key: str) -> str:
    found = model.model_json_schema()["properties"][key]
    value = found if "pattern" in found else found["anyOf"][0]
    return str(value["pattern"])


_PATTERNS = {
    _pattern(BatchFile, "prefix"): "lower-case letters, digits and dashes, a letter first",
    _pattern(JobsTable, "variable"): "letters, digits and `_`, no digit first",
    _pattern(RunTable, "memory"): "a number and a unit",
    _pattern(MountTable, "path"): "begins with `/`",
}
