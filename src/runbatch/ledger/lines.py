"""Between an `Entry` and its line of JSON, schema 1: see docs/reference/events.md.

Fields are added, never renamed and never given another meaning, while the schema stays 1.
"""

import json
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from runbatch.core.errors import BatchError
from runbatch.core.events import Event
from runbatch.core.journal import Changed, Ended, Entry, Happening, Started
from runbatch.ledger import earlier
from runbatch.ledger.rows import TIMES

SCHEMA = 1
WORDS: dict[type[Happening], str] = {
    Started: "run started",
    Ended: "run ended",
    Changed: "attempt",
    Event: "told",
}


# Most commands need neither of these: each is made when it is first used.
@cache
def _entry() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


@cache
def _kinds() -> dict[str, TypeAdapter[Any]]:
    return {word: TypeAdapter(kind) for kind, word in WORDS.items()}


def line_of(entry: Entry) -> str:
    """Return the entry as one line of JSON, without its end."""
    head = _entry().dump_python(entry, mode="json")
    what = head.pop("what")
    values = {"schema": SCHEMA, **head, "event": WORDS[type(entry.what)], **what}
    return json.dumps(values, separators=(",", ":"))


def entry_of(line: str) -> Entry:
    """Return the entry of a line; raise ValueError, with a text for people, if it holds none."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON.") from error
    kind = _kinds().get(str(values.get("event"))) if isinstance(values, dict) else None
    if kind is None:
        raise ValueError("it is not an event of runbatch.")
    if values.get("schema") != SCHEMA:
        raise ValueError("it was written by a newer runbatch; update this one.")
    if isinstance(attempt := values.get("attempt"), dict):
        earlier.add_stage(attempt)
        earlier.add_cause(attempt.get("evidence"))
    try:
        what = kind.validate_python(values)
        entry = _entry().validate_python(values | {"what": what})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"a field cannot be read, {where}: {first['msg']}.") from error
    except BatchError as error:
        raise ValueError(f"a value is out of its range, {error}") from error
    if any(at.tzinfo is None for at in _times(entry)):
        raise ValueError("a time lacks its offset from UTC.")
    return entry


def _times(entry: Entry) -> list[datetime]:
    what = entry.what
    times = [getattr(what.attempt, name) for name in TIMES] if isinstance(what, Changed) else []
    return [at for at in (entry.at, *times) if at is not None]
