"""What `runai ... list --json` printed -> rows -> observations.

The exact shape is unconfirmed (Run:ai facts, 7), so every likely one is read; what
cannot be read is an error, and never an empty list. A row is somebody else's only if it says so in
words that are known: a doubtful one is counted as ours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from runbatch.clusters.runai.phases import stage_of
from runbatch.clusters.shell.values import values_in
from runbatch.clusters.shell.words import text_of
from runbatch.core.attempt import Observation, Origin
from runbatch.core.errors import Unreachable
from runbatch.core.identity import NO_ID
from runbatch.core.workload import ATTEMPT_VARIABLE, origin_of

_ROWS_UNDER = ("workloads", "items", "data", "workspaces", "trainings", "entries")
_PROJECTS_UNDER = ("projects", "items", "data")
_COMPLAINTS = ("error", "errors", "code")
_TYPES = ("workspace", "training", "inference", "distributed")
_NEVER = "0001-01-01"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one answer; `next` is where the program says that others begin."""

    rows: tuple[Row, ...]
    next: str | None = None


def parse_page(text: str, under: Sequence[str] = _ROWS_UNDER) -> Page:
    """Return the rows that were printed; raise Unreachable if the text is cut or makes no sense.

    Whatever an update printed around them is passed over (Run:ai facts, 16).
    """
    found = (_page_of(value, under) for value in values_in(text))
    pages = [page for page in found if page is not None]
    if len(pages) != 1:
        raise Unreachable("Run:ai: the list is cut short or is not the expected JSON.")
    return pages[0]


def _page_of(value: Any, under: Sequence[str]) -> Page | None:
    if isinstance(value, list):
        return Page(tuple(value)) if _are_rows(value) else None
    if not isinstance(value, dict) or any(value.get(name) for name in _COMPLAINTS):
        return None
    lists = [value[name] for name in under if isinstance(value.get(name), list)]
    lists = lists or _only_workloads(value)
    if not lists and any(name in value for name in under[:2]):
        lists = [[]] if all(value.get(name) is None for name in under) else []
    if not lists or not _are_rows(lists[0]):
        return None
    following = value.get("next")
    return Page(tuple(lists[0]), text_of(following) if following else None)


def _only_workloads(value: Mapping[str, Any]) -> list[list[Any]]:
    """Return the one list of the object, under whatever name, if each of its rows is a workload."""
    lists = [each for each in value.values() if isinstance(each, list)]
    only = lists[0] if len(lists) == 1 and _are_rows(lists[0]) else []
    return [only] if only and all(_is_workload(row) for row in only) else []


def _is_workload(row: Row) -> bool:
    return isinstance(_name(row), str) and bool(_phase_word(row))


def _are_rows(value: list[Any]) -> bool:
    return all(isinstance(row, dict) for row in value)


def shows_project(text: str, project: str) -> bool:
    """Whether a list of projects shows this one, by its whole name.

    Where that is no list of a known shape, whether the name stands in it as a word of its own.
    """
    try:
        rows = parse_page(text, _PROJECTS_UNDER).rows
        return any(name_of(row).lower() == project.lower() for row in rows)
    except Unreachable:
        word = rf"(?<![-.\w]){re.escape(project)}(?![-.\w])"
        return re.search(word, text, re.IGNORECASE) is not None


def observations(rows: Sequence[Row], project: str, kind: str, beginning: str) -> list[Observation]:
    """Return the workloads whose names begin so, in our project and of our type."""
    ours = (row for row in rows if is_ours(row, project, kind))
    return [_observation(row) for row in ours if name_of(row).startswith(beginning)]


def is_ours(row: Row, project: str, kind: str) -> bool:
    """Whether nothing says that the row is of another project or type, or was deleted."""
    if is_deleted(row):
        return False
    where = row.get("projectName") or row.get("project")
    if isinstance(where, str) and where.lower() != project.lower() and not where.isdigit():
        return False
    what = str(row.get("type") or "").lower()
    return not any(what.startswith(other) for other in _TYPES if other != kind)


def is_deleted(row: Row) -> bool:
    """Whether the row says that it was deleted; it may still leave, and keep its name so long.

    So it is never listed: rows of what is long gone look the same, and would hold slots for weeks
    (Run:ai facts, 13). A slot that it held is freed by several good listings without it.
    """
    at = row.get("deletedAt")
    return bool(at) and not str(at).startswith(_NEVER)


def name_of(row: Row) -> str:
    """Return a row's name; raise Unreachable if it has none: it might be one of ours."""
    name = _name(row)
    if not isinstance(name, str):
        raise Unreachable("Run:ai: a row of the list has no name.")
    return name


def _name(row: Row) -> Any:
    return row.get("name") or row.get("workloadName") or _metadata(row).get("name")


def _observation(row: Row) -> Observation:
    stage, phase = stage_of(_phase_word(row))
    return Observation(
        name=name_of(row),
        uid=_uid(row),
        stage=stage,
        phase=phase,
        number=_number(row),
        created_at=_birth(row),
        origin=origin_in(row),
        ended_at=_time(row.get("completedAt")),
        reason=text_of(row["phaseReason"]) if row.get("phaseReason") else None,
    )


def _uid(row: Row) -> str:
    """Return what tells this workload from the next of its name; its birth, where it has no id."""
    meta = _metadata(row)
    own = (row.get(name) for name in ("id", "uuid", "workloadId"))
    found = (text_of(each).strip() for each in (*own, meta.get("uid"), meta.get("id")) if each)
    return next(filter(None, found), text_of(f"{NO_ID}{row.get('createdAt') or None}"))


def _phase_word(row: Row) -> str:
    found = row.get("phase") or row.get("status") or row.get("actualPhase") or ""
    if isinstance(found, dict):
        found = found.get("phase") or ""
    return text_of(found)


def origin_in(row: Row) -> Origin:
    """Return who submitted the workload and which job it was told it is, as far as the row shows.

    What stands there in a form that nobody knows tells nothing.
    """
    owner = row.get("submittedBy")
    return origin_of(_environment(row), text_of(owner) if isinstance(owner, str) else None)


def _environment(row: Row) -> dict[str, str]:
    """Return the workload's variables, where the row shows them."""
    found = row.get("environmentVariables")
    if isinstance(found, list):
        found = {
            str(each.get("name")): each.get("value") for each in found if isinstance(each, dict)
        }
    if not isinstance(found, dict):
        return {}
    return {name: text_of(value) for name, value in found.items() if value is not None}


def _number(row: Row) -> int | None:
    """Return the attempt that the workload was told it is, where the row shows its variables."""
    text = _environment(row).get(ATTEMPT_VARIABLE, "")
    return int(text) if re.fullmatch("[1-9][0-9]{0,5}", text) else None


def _time(text: Any) -> datetime | None:
    """Return the time in UTC; None for what is none, names no zone, or is Go's zero time."""
    try:
        at = datetime.fromisoformat(str(text))
        return at.astimezone(UTC) if at.tzinfo is not None and at.year > 1 else None
    except (ValueError, OverflowError):
        return None


def _birth(row: Row) -> datetime | None:
    """Return when it was created, to the second: it is compared with nothing but its like.

    Another answer may round it, or leave out the zone.
    """
    try:
        at = datetime.fromisoformat(str(row.get("createdAt")))
    except ValueError:
        return None
    return _time(at.replace(microsecond=0, tzinfo=at.tzinfo or UTC))


def _metadata(row: Row) -> Mapping[str, Any]:
    found = row.get("metadata") or row.get("meta")
    return found if isinstance(found, dict) else {}
