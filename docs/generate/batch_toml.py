"""batch-toml.md and batch.schema.json: what a batch.toml may say."""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from docs.generate.markdown import table, type_of
from docs.generate.meanings import about, meanings_of
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

_INTRODUCTION = """\
One file describes a batch: `batch.toml` in the current folder, or the one that `-b FILE` names. It
is [TOML](https://toml.io). A key that is not on this page is refused, and what was meant is named.
`runbatch check` tells what is wrong with a file, and where, and touches nothing.

[batch.schema.json](batch.schema.json) is its JSON Schema: editors complete and check by it.

`runbatch init` writes this file, which works as it is:"""


def batch_schema() -> dict[str, Any]:
    """Return the JSON Schema of a batch.toml: its shape, its limits, and what each key means."""
    schema = BatchFile.model_json_schema()
    for model in TABLES.values():
        meanings = meanings_of(model)
        for key, value in _properties(schema, model).items():
            _tidy(value)
            value.setdefault("description", meanings[key])
    for definition in schema["$defs"].values():
        del definition["title"]
    return schema


def _properties(schema: Mapping[str, Any], model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    whole = schema if model is BatchFile else schema["$defs"][model.__name__]
    properties: dict[str, dict[str, Any]] = whole["properties"]
    return properties


def _tidy(value: dict[str, Any]) -> None:
    """Leave out what TOML cannot say, null, and what says nothing: titles and whole defaults."""
    value.pop("title", None)
    members = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
    if len(members) == 1:
        del value["anyOf"]
        value |= members[0]
    if value.get("default", {}) is None or isinstance(value.get("default"), dict):
        del value["default"]


def batch_toml_page() -> Iterator[str]:
    """Yield the parts of the page: a table of keys for each table of the file."""
    schema = batch_schema()
    template = (files("runbatch.config") / "template.toml").read_text("utf-8")
    yield f"# batch.toml\n\n{_INTRODUCTION}"
    yield f"```toml\n{template.strip()}\n```"
    for name, model in TABLES.items():
        heading = {"": "At the top", "[run] mounts": "Each of [run] mounts"}.get(name, name)
        yield f"## {heading}\n\n{about(model)}"
        yield table(["key", "value", "default", "meaning"], _rows(model, schema))


def _rows(model: type[BaseModel], schema: Mapping[str, Any]) -> Iterator[list[str]]:
    for key, value in _properties(schema, model).items():
        if "$ref" not in value:  # a table of its own
            limits = ", ".join(_limits(value))
            said = type_of(value, lambda _: "table") + (f", {limits}" if limits else "")
            yield [f"`{key}`", said, _default(model, key), value["description"]]


def _default(model: type[BaseModel], key: str) -> str:
    """Return the default as TOML has it; JSON is the same."""
    field = model.model_fields[key]
    if field.is_required():
        return "required"
    return "" if field.default is None else f"`{json.dumps(field.default)}`"


def _limits(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the limits of a value, or of what is in it, in words."""
    match value:
        case {"minimum": low, "maximum": high}:
            yield f"{low} to {high}"
        case {"exclusiveMinimum": low, "maximum": high}:
            yield f"above {low}, at most {high}"
        case {"minimum": low}:
            yield f"{low} or more"
        case {"maxLength": most}:
            yield f"at most {most} characters"
        case {"minItems": 1, "maxItems": most}:
            yield f"at most {most}"
        case {"items": items}:
            yield from _limits(items)
