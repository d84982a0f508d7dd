"""`batch.toml` -> Batch. The shape is checked here, the meaning by `Batch` itself."""

import json
import re
import reprlib
import shlex
import tomllib
from collections.abc import Mapping
from datetime import date, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from runbatch.clusters.kinds import Kind, Table, kind_of, own_keys
from runbatch.config.keyfile import doubtful_keys, read_keys
from runbatch.config.tables import BatchFile, JobsTable, MountTable, RunTable
from runbatch.config.text import read_text
from runbatch.core.batch import (
    DEFAULT_KIND,
    Batch,
    ClusterChoice,
    Mount,
    Run,
    are_integers,
    range_of,
)
from runbatch.core.errors import BatchError
from runbatch.core.failure import RetryPolicy


def load_toml(path: Path) -> Batch:
    """Return the batch that the file describes; raise BatchError that names the place in it."""
    found = _parse(path)
    choice = found.setdefault("cluster", {})
    return _batch_of(_file_of(found), ClusterChoice(**choice), path.absolute())


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise BatchError("", f"not valid TOML: {error}.") from error
    except RecursionError as error:
        raise BatchError("", "not valid TOML: nested too deeply.") from error


def _file_of(found: Mapping[str, Any]) -> BatchFile[Table]:
    """Return the file as its tables have it; the kind of cluster says what `[cluster]` holds."""
    kind, choice = kind_of(DEFAULT_KIND), found["cluster"]
    if isinstance(choice, dict):
        kind = _kind_of(choice.get("kind", DEFAULT_KIND))
        choice = own_keys(kind, choice)
    generic: Any = BatchFile
    shape = generic[kind.table]
    try:
        file: BatchFile[Table] = shape.model_validate({**found, "cluster": choice})
    except ValidationError as error:
        raise _first_error(error, shape) from error
    return file


def _kind_of(name: object) -> Kind:
    try:
        return kind_of(name)
    except BatchError as error:
        raise error.at(f"[cluster] kind = {_AS_TOML.repr(name)}") from error


def _batch_of(file: BatchFile[Table], cluster: ClusterChoice, path: Path) -> Batch:
    folder = path.parent
    keys = _keys_of(file.jobs, folder)
    return Batch(
        prefix=file.prefix,
        keys=keys,
        integer_keys=are_integers(keys),
        variable=file.jobs.variable,
        cap=file.max_concurrent,
        cluster=cluster,
        folder=folder,
        run=_run_of(file.run),
        retry=RetryPolicy(
            exit_codes=tuple(file.retry.exit_codes),
            log_markers=tuple(file.retry.log_markers),
            max_retries=file.retry.max_retries,
            delay_s=file.retry.delay_s,
            infrastructure=file.retry.infrastructure,
        ),
        notes=doubtful_keys(keys, file.jobs.file) if file.jobs.file else (),
        files=(path, *([folder / file.jobs.file] if file.jobs.file else [])),
    )


def _run_of(table: Any) -> Run:
    given = {key: getattr(table, key) for key in table.model_fields_set}
    given["env"] = {name: str(value) for name, value in table.env.items()}
    given["mounts"] = tuple(Mount(**each.model_dump()) for each in table.mounts)
    return Run(**given)


def _keys_of(jobs: JobsTable, folder: Path) -> tuple[str, ...]:
    given = [name for name in ("range", "keys", "file") if getattr(jobs, name) is not None]
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        raise BatchError("[jobs]", f"write one of range, keys or file; {found}.")
    if jobs.range is not None:
        return range_of(*jobs.range)
    if jobs.keys is not None:
        return tuple(str(key) for key in jobs.keys)
    try:
        return read_keys(folder / (jobs.file or ""))
    except BatchError as error:
        raise error.within(f"[jobs] file = {jobs.file!r}") from error


def _first_error(error: ValidationError, shape: type[BatchFile[Table]]) -> BatchError:
    """Return the first thing wrong, in the file's words rather than the library's.

    A misspelt key comes first, and what is missing, perhaps for it, last.
    """
    order = {"extra_forbidden": 0, "missing": 2}
    details = min(error.errors(), key=lambda each: order.get(each["type"], 1))
    return BatchError(_place(details), _problem(details, shape))


def _place(details: ErrorDetails) -> str:
    path = [str(part) for part in details["loc"]]
    # A union's member is named behind its value's place: it is none in the file.
    if _is_of_union(details):
        path.pop()
    # Path parts: section, key, then indices. A key of the file's top has no section.
    is_section = path[0] in BatchFile.model_fields and path[0] not in ("prefix", "max_concurrent")
    place = f"[{path[0]}] {' '.join(path[1:])}".rstrip() if is_section else " ".join(path)
    is_secret = "env" in path  # a value of the user's environment may be one
    if is_secret or details["type"] in ("missing", "extra_forbidden"):
        return place
    if isinstance(details["input"], dict):
        return place
    return f"{place} = {_AS_TOML.repr(details['input'])}"  # cut, however long or deep it is


def _is_of_union(details: ErrorDetails) -> bool:
    """Whether the value may be text or a whole number, and is neither."""
    return details["loc"][-1] in ("str", "int") and details["type"] != "extra_forbidden"


class _AsToml(reprlib.Repr):
    """Shows values as their file has them, not as Python would."""

    def repr_bool(self, value: bool, level: int) -> str:  # noqa: ARG002, FBT001  # as Repr calls it
        return str(value).lower()

    def repr_datetime(self, value: date | time, level: int) -> str:  # noqa: ARG002
        return value.isoformat()

    def repr_tuple(self, value: tuple[Any, ...], level: int) -> str:
        return self.repr_list(list(value), level)

    repr_date = repr_time = repr_datetime


_AS_TOML = _AsToml()
_LISTS = ("range", "keys", "command", "log_markers")  # of which a text can be understood
_LONGEST_HINT = 200
_RANGE = re.compile(r"\[?([0-9]{1,9})\s*(?:-|,|\.\.|:|to)\s*([0-9]{1,9})\]?")
_MEANINGS = {
    "model_type": "write a table.",
    "dict_type": 'write a table, like { NAME = "value" }.',
    "tuple_type": 'write a list, like ["a", "b"].',
    "list_type": 'write a list, like ["a", "b"].',
    "too_short": "write two whole numbers, the first and the last.",
    "too_long": "write two whole numbers, the first and the last.",
    "int_type": "write a whole number, without quotes.",
    "float_type": "write a number, without quotes.",
    "string_type": "write text, in quotes.",
    "bool_type": "write true or false.",
}


def _problem(details: ErrorDetails, shape: type[BatchFile[Table]]) -> str:
    match details["type"]:
        case "missing":
            return "is missing; write it (an example: runbatch init)."
        case "extra_forbidden":
            return f"there is no such key{_suggestion(details, shape)}."
        case "string_type" if _is_of_union(details):
            return "write text, in quotes, or a whole number."
        case kind if kind in _MEANINGS:
            meant = _list_meant(details)
            return f"write a list: {meant}." if meant else _MEANINGS[kind]
        case "literal_error":
            return f"write {details['ctx']['expected']}."
        case _:
            return f"this cannot be taken: {details['msg'][0].lower()}{details['msg'][1:]}."


def _list_meant(details: ErrorDetails) -> str | None:
    """Return the list, as TOML has it, that a text was probably meant to be; None if unknown."""
    key, text = details["loc"][-1], details["input"]
    is_list = details["type"] in ("list_type", "tuple_type") and key in _LISTS
    if not is_list or not isinstance(text, str):
        return None
    if key == "range":
        ends = _RANGE.fullmatch(text.strip())
        return f"[{ends[1]}, {ends[2]}]" if ends else "[2, 187]"
    try:
        words = shlex.split(text) if key == "command" else re.split(r"\s*,\s*", text.strip())
    except ValueError:  # a quote that is not closed
        words = text.split()
    written = json.dumps(words, ensure_ascii=False)
    return written if len(written) <= _LONGEST_HINT else None


_OF_VALUES = {"run": RunTable, "mounts": MountTable}


def _suggestion(details: ErrorDetails, shape: type[BatchFile[Table]]) -> str:
    table: Any = shape
    *sections, wrong = [part for part in details["loc"] if isinstance(part, str)]
    for section in sections:
        found = table.model_fields[section].annotation
        table = _OF_VALUES.get(section, found)
    allowed = list(table.model_fields)
    close = get_close_matches(wrong, allowed, n=1, cutoff=0.7)
    return f"; did you mean {close[0]}" if close else f"; allowed are {', '.join(allowed)}"
