"""batch-toml.md and batch.schema.json: what a batch.toml may say."""

import json
from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from importlib.resources import files
from operator import or_
from typing import Annotated, Any

from docs.generate.markdown import table, type_of
from docs.generate.meanings import about, meanings_of
from pydantic import BaseModel, Field

from runbatch.clusters.kinds import BUILT_IN, Kind, kind_of
from runbatch.config.tables import (
    BatchFile,
    JobsTable,
    MountTable,
    RetryTable,
    RunTable,
)
from runbatch.core.batch import Mount, Run

KINDS = {name: kind_of(name) for name in BUILT_IN}
# The mounts are tables within a table.
TABLES: dict[str, type[BaseModel]] = {
    "": BatchFile,
    **{f'[cluster] kind = "{name}"': kind.table for name, kind in KINDS.items()},
    "[jobs]": JobsTable,
    "[run]": RunTable,
    "[run] mounts": MountTable,
    "[retry]": RetryTable,
}

# Whose fields a table's keys are, and where their meanings stand.
VALUES: dict[type[BaseModel], type] = {RunTable: Run, MountTable: Mount}

_INTRODUCTION = """\
One file describes a batch: `batch.toml` in the current folder, or the one that `-b FILE` names. It
is [TOML](https://toml.io). A key that is not on this page is refused, and what was meant is named.
`runbatch check` tells what is wrong with a file, and where, and touches nothing.

[batch.schema.json](batch.schema.json) is its JSON Schema: editors complete and check by it.

`runbatch init` writes this file, which works as it is:"""


def batch_schema() -> dict[str, Any]:
    """Return the JSON Schema of a batch.toml: its shape, its limits, and what each key means."""
    tables: Any = reduce(or_, (kind.table for kind in KINDS.values()))
    generic: Any = BatchFile
    shape = generic[Annotated[tables, Field(discriminator="kind")]]
    schema: dict[str, Any] = shape.model_json_schema()
    schema["title"] = "batch.toml"
    schema["required"].remove("cluster")  # the default kind needs no key
    for model in TABLES.values():
        meanings = meanings_of(VALUES.get(model, model))
        for key, value in _properties(schema, model).items():
            _tidy(value)
            value.setdefault("description", meanings[key])
    for definition in schema["$defs"].values():
        del definition["title"]
    _let_other_kinds_keys_be(schema)
    schema["allOf"] = [_needs(name, kind) for name, kind in KINDS.items() if kind.run_needs]
    return schema


def _let_other_kinds_keys_be(schema: Mapping[str, Any]) -> None:
    """Say that a kind passes over the keys of others, which `--cluster` may choose."""
    all_keys = {key: name for name, kind in KINDS.items() for key in kind.table.model_fields}
    for kind in KINDS.values():
        properties = _properties(schema, kind.table)
        for key in sorted(all_keys.keys() - properties.keys()):
            properties[key] = {"description": f"Without meaning here, see `{all_keys[key]}`."}


def _needs(name: str, kind: Kind) -> dict[str, Any]:
    """Return that a batch on this kind of cluster needs these keys of [run]."""
    chosen = {"properties": {"kind": {"const": name}}, "required": ["kind"]}
    return {
        "if": {"properties": {"cluster": chosen}, "required": ["cluster"]},
        "then": {"properties": {"run": {"required": list(kind.run_needs)}}},
    }


def _properties(schema: Mapping[str, Any], model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = _definition(schema, model)["properties"]
    return properties


def _definition(schema: Mapping[str, Any], model: type[BaseModel]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema if model is BatchFile else schema["$defs"][model.__name__]
    return found


def _tidy(value: dict[str, Any]) -> None:
    """Leave out what TOML cannot say, null, and what says nothing: titles and whole defaults."""
    value.pop("title", None)
    if "const" in value:
        value["enum"] = [value.pop("const")]
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
    needed = _definition(schema, model).get("required", ())
    for key, value in _properties(schema, model).items():
        is_table = "$ref" in value or "oneOf" in value
        if key in model.model_fields and not is_table:  # which is shown by itself
            limits = ", ".join(_limits(value))
            said = type_of(value, lambda _: "table") + (f", {limits}" if limits else "")
            yield [f"`{key}`", said, _default(model, key, needed), value["description"]]


def _default(model: type[BaseModel], key: str, needed: Collection[str]) -> str:
    """Return the default as TOML has it; JSON is the same."""
    field = model.model_fields[key]
    if key in needed:
        return "required"
    default = field.get_default(call_default_factory=True)
    return "" if default is None else f"`{json.dumps(default)}`"


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
