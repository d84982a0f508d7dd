"""`list`: which workloads, which page of them, and in which shape (Run:ai facts, 4, 7 and 8)."""

import json
from collections.abc import Iterable
from typing import Any

from .call import Answer, Call
from .errors import CallError
from .shapes import other_id, row, shown_phase
from .switches import JsonShape, Trouble
from .tables import table, yaml
from .workload import Phase, Workload

OLD_PAGE = 50
NEW_PAGE = 100
LARGEST_PAGE = 500
DELETED_KEPT_S = 14 * 86_400.0  # Run:ai facts, 13

Row = dict[str, Any]


def list_workloads(call: Call) -> Answer:
    """Print the workloads that are asked for, as far as the faults of this call allow it."""
    project = "" if call.parsed.yes("all") else call.project()
    rows = [] if call.fault(Trouble.EMPTY_LIST) else _rows(call, project)
    page, following = _page(call, rows)
    text = _text(call, page, following)
    if call.fault(Trouble.CUT_LIST):
        text = text[: len(text) // 2]
    return Answer(0, text)


def _rows(call: Call, project: str) -> list[Row]:
    stale = call.fault(Trouble.STALE_LIST)
    moment_s = call.cluster.now_s - (stale.seconds if stale else 0.0)
    wanted = [w for w in _candidates(call, moment_s) if _is_asked_for(call, w, project)]
    shown = [each for w in wanted if call.is_visible(w) for each in _shown(call, w, moment_s)]
    status = call.parsed.text("status").lower()
    rows = [found for found in shown if status in ("", found["phase"].lower())]
    return rows[::-1] if call.cluster.switches.newest_first else rows


def _candidates(call: Call, moment_s: float) -> Iterable[Workload]:
    if call.parsed.yes("deleted"):
        return call.gone_since(call.cluster.now_s - DELETED_KEPT_S)
    live = call.cluster.workloads.values()
    if moment_s >= call.cluster.now_s:
        return live
    return sorted([*live, *call.gone_since(moment_s)], key=lambda w: w.ordinal)


def _is_asked_for(call: Call, workload: Workload, project: str) -> bool:
    asked = workload.request
    kind = call.parsed.command.kind or call.parsed.text("type").lower()
    return project in ("", asked.project) and kind in ("", asked.kind)


def _row(call: Call, workload: Workload, moment_s: float) -> Row | None:
    """Return one row, None for a workload that was not there at the moment."""
    cluster = call.cluster
    is_gone = workload.phase is Phase.GONE
    phase = workload.phase if moment_s >= cluster.now_s else workload.phase_at(moment_s)
    if phase is None or (phase is Phase.GONE and not call.parsed.yes("deleted")):
        return None
    word = "Deleting" if is_gone and phase is Phase.GONE else shown_phase(cluster, workload, phase)
    return row(cluster, workload, phase, _odd_word(call, workload) or word)


def _shown(call: Call, workload: Workload, moment_s: float) -> list[Row]:
    """Return the rows that show a workload: one, but for what goes wrong with its id."""
    found = _row(call, workload, moment_s)
    if found is None:
        return []
    cluster = call.cluster
    other = {**found, "id": other_id(cluster.chance, workload.uid)}
    if cluster.strikes(Trouble.OTHER_ID, workload, call.number):
        return [other]
    if cluster.strikes(Trouble.NO_ID, workload, call.number):
        return [{**found, "id": None}]
    if cluster.strikes(Trouble.TWO_IDS, workload, call.number):
        return [other, found]
    return [found]


def _odd_word(call: Call, workload: Workload) -> str:
    """Return another word for the phase of one row, drawn anew in each call."""
    fault = call.cluster.strikes(Trouble.ODD_PHASE, workload, call.number)
    return fault.text if fault else ""


def _page(call: Call, rows: list[Row]) -> tuple[list[Row], int | None]:
    """Return the rows of the page, and the number of the first row after it if there is one.

    Old programs print 50 rows; new ones print all, and one page with `--no-pagination`.
    """
    parsed = call.parsed
    is_old = not call.cluster.settings.modern or {"limit", "offset"} & set(parsed.flags)
    if is_old:
        if "next-token" in parsed.flags:
            raise CallError("--offset cannot be used with --next-token")  # unconfirmed text
        start, size = parsed.number("offset", 0), parsed.number("limit", OLD_PAGE)
        _check_size(size)
    else:
        size = parsed.number("page-size", NEW_PAGE)
        _check_size(size)
        start = parsed.number("next-token", 0)
        if not parsed.yes("no-pagination"):
            size = parsed.number("max-items", len(rows))
    end = start + size
    return rows[start:end], end if end < len(rows) else None


def _check_size(size: int) -> None:
    if not 1 <= size <= LARGEST_PAGE:
        raise CallError(f"page size must be between 1 and {LARGEST_PAGE}")  # unconfirmed text


def _text(call: Call, rows: list[Row], following: int | None) -> str:
    parsed = call.parsed
    if parsed.yes("json") or parsed.yes("raw"):
        return json.dumps(_shaped(call, rows, following)) + "\n"
    if parsed.yes("yaml"):
        return yaml(_shaped(call, rows, following))
    text = _table(call, rows)
    if following is not None and parsed.yes("no-pagination"):
        text += f"\nNext token: {following}\n"  # that it follows the table: 2.1; text unconfirmed
    return text


def _shaped(call: Call, rows: list[Row], following: int | None) -> Any:
    """Return the rows in the shape of the program's build; `--raw` is the REST response."""
    usual = JsonShape.OBJECT if call.cluster.settings.modern else JsonShape.BARE
    shape = call.cluster.switches.json_shape or usual
    if call.parsed.yes("raw"):
        shape = JsonShape.OBJECT
    if shape is JsonShape.BARE:
        return rows
    return {shape.value: rows} if following is None else {shape.value: rows, "next": following}


def _table(call: Call, rows: list[Row]) -> str:
    """Return the table: the status is always its third column (Run:ai facts, 8)."""
    modern = call.cluster.settings.modern
    head = ["Workload", "Type", "Status", "Project"]
    pods, share = ("Running/Req.Pods", "GPU Alloc.")
    if not modern:
        head.append("Preemptible")
        pods, share = ("Running/Requested Pods", "GPU Allocation")
    lines = [_line(found, modern) for found in rows]
    return table([*head, pods, share], lines, not call.parsed.yes("no-headers"))


def _line(found: Row, modern: bool) -> list[str]:
    cells = [found["name"], found["type"], found["phase"], found["projectName"]]
    if not modern:
        cells.append("Yes" if found["preemptible"] else "No")
    return [*cells, f"{found['runningPods']}/1", "0.00"]
