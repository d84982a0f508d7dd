"""What `runai ... list --json` printed -> rows -> observations.

The exact shape is unconfirmed (Run:ai reference, 2.2 and 11.1), so every likely one is read; what
cannot be read is an error, and never an empty list.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runbatch.core.attempt import Observation, Phase
from runbatch.core.errors import Unreachable

_ROWS_UNDER = ("workloads", "items", "data")
_LINE_START = re.compile(r"^[{\[]", re.MULTILINE)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer; `more` tells that the program says there are others behind."""

    rows: tuple[Row, ...]
    more: bool


def parse_page(text: str) -> Page:
    """Return the rows that were printed; raise Unreachable if the text is cut or makes no sense.

    Whatever an update printed before them is passed over (Run:ai reference, 9.3).
    """
    decoder = json.JSONDecoder()
    for start in _starts(text):
        try:
            value, _ = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError):
            continue
        if (page := _page_of(value)) is not None:
            return page
    raise Unreachable("Run:ai: the list is cut short or is not the expected JSON.")


def _starts(text: str) -> Iterator[int]:
    """Yield where the answer may begin; never inside it, where a cut one holds whole pieces."""
    first = re.search(r"[{\[]", text)
    if first is not None:
        yield first.start()
    yield from (match.start() for match in _LINE_START.finditer(text))


def _page_of(value: Any) -> Page | None:
    if isinstance(value, dict):
        rows = next((value[name] for name in _ROWS_UNDER if name in value), None)
        more = bool(value.get("next"))
    else:
        rows, more = value, False
    if rows is None and value and isinstance(value, dict) and set(value) & set(_ROWS_UNDER):
        rows = []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    return Page(tuple(rows), more)


def observations(rows: Sequence[Row], project: str, kind: str, prefix: str) -> list[Observation]:
    """Return the workloads whose names begin with the prefix, in our project and of our type."""
    ours = (row for row in rows if is_ours(row, project, kind))
    return [_observation(row) for row in ours if name_of(row).startswith(f"{prefix}-")]


def is_ours(row: Row, project: str, kind: str) -> bool:
    """Whether the row is about our project and our type of workload, and not a deleted one."""
    where = row.get("projectName") or row.get("project") or project
    # A cut-off or decorated word still begins with the type's ("Training.", 2.1).
    what = str(row.get("type") or kind).lower()
    return where == project and what.startswith(kind) and not row.get("deletedAt")


def name_of(row: Row) -> str:
    """Return a row's name; raise Unreachable if it has none: it might be one of ours."""
    name = row.get("name") or row.get("workloadName") or _metadata(row).get("name")
    if not isinstance(name, str):
        raise Unreachable("Run:ai: a row of the list has no name.")
    return name


def _observation(row: Row) -> Observation:
    return Observation(
        name=name_of(row),
        uid=_uid(row),
        phase=Phase.parse(_phase_word(row)),
        number=_number(row),
        ended_at=_time(row.get("completedAt")),
        reason=row.get("phaseReason") or row.get("phaseMessage") or None,
    )


def _uid(row: Row) -> str:
    """Return what tells this workload from the next of its name; its birth, where it has no id."""
    found = row.get("id") or row.get("uuid") or row.get("workloadId") or _metadata(row).get("uid")
    return str(found or f"created {row.get('createdAt')}")


def _phase_word(row: Row) -> str:
    found = row.get("phase") or row.get("status") or row.get("actualPhase") or ""
    if isinstance(found, dict):
        found = found.get("phase") or ""
    return str(found)


def _number(row: Row) -> int | None:
    """Return the attempt that the workload was told it is, where the row shows its variables."""
    found = row.get("environmentVariables")
    if isinstance(found, list):
        found = {each.get("name"): each.get("value") for each in found if isinstance(each, dict)}
    text = str(found.get("RUNBATCH_ATTEMPT") or "") if isinstance(found, dict) else ""
    return int(text) if re.fullmatch("[1-9][0-9]{0,5}", text) else None


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _metadata(row: Row) -> Mapping[str, Any]:
    found = row.get("metadata")
    return found if isinstance(found, dict) else {}
