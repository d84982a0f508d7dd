"""JSON Schemas of the outputs, from their types."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from docs.generate.meanings import meanings_of

_TYPES = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


def shape_name(shape: type) -> str:
    """Return what a shape is called in the schemas and on the page."""
    return shape.__name__.removesuffix("Json")


def words_of(kind: type[Enum]) -> list[str]:
    """Return the words of an enumeration."""
    return [str(each.value) for each in kind]


def shapes_below(shape: type) -> dict[str, type]:
    """Return the shape and all that it is made of, by name, each behind what it is part of."""
    found = {shape_name(shape): shape}
    for hint in get_type_hints(shape, include_extras=True).values():
        for part in _parts(hint):
            if is_typeddict(part):
                found |= shapes_below(part)
    return found


def enumerations_of(shape: type) -> dict[str, type[Enum]]:
    """Return the enumerations whose words stand in the shape itself."""
    hints = get_type_hints(shape, include_extras=True).values()
    parts = [part for hint in hints for part in _parts(hint)]
    kinds = [part for part in parts if isinstance(part, type) and issubclass(part, Enum)]
    return {kind.__name__: kind for kind in kinds}


def _parts(hint: Any) -> list[Any]:
    """Return a type and every type within it."""
    return [hint, *(part for each in get_args(hint) for part in _parts(each))]


def schema_of_shape(shape: type) -> dict[str, Any]:
    """Return the schema of one shape; those within it are named."""
    hints, meanings = get_type_hints(shape, include_extras=True), meanings_of(shape)
    return {
        "description": " ".join((shape.__doc__ or "").split()),
        "type": "object",
        "required": list(hints),
        "properties": {
            name: _schema(hint) | {"description": meanings[name]} for name, hint in hints.items()
        },
    }


def _schema(hint: Any) -> dict[str, Any]:
    if hint in _TYPES:
        return {"type": _TYPES[hint]}
    if is_typeddict(hint):
        return {"$ref": f"#/$defs/{shape_name(hint)}"}
    return _SCHEMAS[get_origin(hint)](*get_args(hint))


def _union(*members: Any) -> dict[str, Any]:
    return {"anyOf": [_schema(member) for member in members]}


def _list(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": _schema(item)}


def _dict(key: Any, value: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": _schema(key),
        "additionalProperties": _schema(value),
    }


def _text(plain: Any, kind: type) -> dict[str, Any]:
    """Return the schema of a text that is a time, or one of an enumeration's words."""
    if kind is datetime:
        return _schema(plain) | {"format": "date-time"}
    return _schema(plain) | {"enum": words_of(kind)}


_SCHEMAS: dict[Any, Callable[..., dict[str, Any]]] = {
    UnionType: _union,
    Union: _union,
    list: _list,
    dict: _dict,
    Annotated: _text,
}
