"""What an audit found, on one screen and as JSON."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from runbatch.core.audit import Audit, Checked, Remark
from runbatch.core.job import State
from runbatch.core.promises import Promise
from runbatch.core.waits import Answer
from runbatch.ledger.archive import ALL_WHOLE, Shortened
from runbatch.views.json import SCHEMA, Time
from runbatch.views.text import plural, printable
from runbatch.views.waits import ClusterJson, answer_json, as_of

_MOST_SHOWN = 5


class PeakJson(TypedDict):
    """When the most slots were held."""

    in_flight: int
    """How many were held then."""
    cap: int
    """The most that were allowed then."""
    at: Time
    """When that was first so."""


class RemarkJson(TypedDict):
    """Something to be said of a line of the events, or of a job."""

    line: int | None
    """The number of the line, its `seq`."""
    key: str | None
    """The job it is about."""
    at: Time | None
    """The time of the line."""
    text: str
    """What is to be said."""


class PromiseJson(TypedDict):
    """A promise, and whether it was kept."""

    promise: str
    """The promise's short name, such as `cap`."""
    text: str
    """The promise, as it reads when it was kept."""
    held: bool
    """Whether it was kept."""
    breaches: list[RemarkJson]
    """What broke it; empty if nothing did."""


class LogsJson(TypedDict):
    """How many saved logs hold less than was printed, or may."""

    only_ends: int
    """How many are only the end of a log: their first line says what is missing."""
    empty: int
    """How many are of a failed attempt, and empty: it printed nothing, or the cluster gave none."""


class AuditJson(TypedDict):
    """`runbatch audit --json`: what a replay of the events found."""

    schema: int
    """1. Keys are added; none is renamed or given another meaning while it stays 1."""
    batch: str
    """The batch's prefix."""
    held: bool
    """Whether every promise was kept."""
    events: int
    """How many events there are."""
    lacking: int
    """How many of the last lines the file of events lacks; the ledger has them."""
    most_in_flight: PeakJson
    """When the most slots were held."""
    counts: dict[Annotated[str, State], int]
    """How many jobs stand where: as the cluster shows them now, or else as it was last heard."""
    cluster: ClusterJson
    """Whether the cluster answers; `heard_at` is as of when `counts` are."""
    logs: LogsJson
    """What the saved logs lack: no breach."""
    above_cap: list[RemarkJson]
    """How more came to be in flight than the cap allows, though no slot was taken: no breach."""
    promises: list[PromiseJson]
    """Each promise that could be checked."""


def audit_text(
    prefix: str, audit: Audit, lacking: int, answer: Answer, logs: Shortened = ALL_WHOLE
) -> str:
    """Return the audit for people; the file lacks so many of its last lines."""
    return "\n".join(_lines(prefix, audit, lacking, as_of(answer), logs))


def _lines(
    prefix: str, audit: Audit, lacking: int, as_of_when: str, logs: Shortened
) -> Iterator[str]:
    peak = audit.peak
    spoken = f"; {as_of_when}" if as_of_when else ""
    yield f"{printable(prefix)}: {plural(audit.entries, 'event')}{spoken}"
    yield f"  time            {_time(audit.since)} to {_time(audit.until)}"
    yield f"  most in flight  {peak.in_flight} of {peak.cap}, first at {_time(peak.at)}"
    jobs = (f"{count} {state.value.replace('_', ' ')}" for state, count in audit.counts.items())
    yield f"  jobs            {', '.join(jobs)}"
    if lacks := ", ".join(_shortened(logs)):
        yield f"  logs            {lacks}"
    if lacking:
        lines, them = ("line", "it") if lacking == 1 else (f"{lacking} lines", "them")
        problem = f"events.jsonl lacks its last {lines}; the ledger has {them}"
        yield f"  {problem}, and the next submit or retry adds {them}"
    if audit.above:
        yield "above the cap, though no slot was taken"
        yield from _remarks(audit.above)
    yield "promises"
    for checked in audit.checked:
        yield from _checked(checked)
    if Promise.LEDGER not in (checked.promise for checked in audit.checked):
        yield f"  --      {Promise.LEDGER.value}: there is no ledger here"
    yield "Every promise was kept." if audit.held else _summary(audit)


def _shortened(logs: Shortened) -> Iterator[str]:
    if logs.only_ends:
        are = "is only the end of its log" if logs.only_ends == 1 else "are only ends of logs"
        yield f"{plural(logs.only_ends, 'saved log')} {are}"
    if logs.empty:
        are = "of a failure is" if logs.empty == 1 else "of failures are"
        yield f"{plural(logs.empty, 'saved log')} {are} empty"


def _checked(checked: Checked) -> Iterator[str]:
    yield f"  {'BROKEN' if checked.breaches else 'ok    '}  {checked.promise.value}"
    yield from _remarks(checked.breaches)


def _remarks(remarks: Collection[Remark]) -> Iterator[str]:
    for remark in tuple(remarks)[:_MOST_SHOWN]:
        yield f"            {_place(remark)}: {printable(remark.text)}"
    if len(remarks) > _MOST_SHOWN:
        yield f"            and {len(remarks) - _MOST_SHOWN} more: runbatch audit --json"


def _place(remark: Remark) -> str:
    """Return which line it is about, and which job: `line 7, job 37, 2026-01-05 09:31:10 UTC`."""
    parts = [
        f"line {remark.seq}" if remark.seq is not None else "",
        f"job {printable(remark.key)}" if remark.key is not None else "",
        _time(remark.at) if remark.at is not None else "",
    ]
    return ", ".join(filter(None, parts))


def _summary(audit: Audit) -> str:
    broken = sum(bool(checked.breaches) for checked in audit.checked)
    return f"{plural(broken, 'promise')} of {len(audit.checked)} broken."


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def audit_json(
    prefix: str, audit: Audit, lacking: int, answer: Answer, logs: Shortened = ALL_WHOLE
) -> AuditJson:
    """Return the audit as plain values."""
    return {
        "schema": SCHEMA,
        "batch": prefix,
        "held": audit.held,
        "events": audit.entries,
        "lacking": lacking,
        "most_in_flight": {
            "in_flight": audit.peak.in_flight,
            "cap": audit.peak.cap,
            "at": audit.peak.at.astimezone(UTC).isoformat(),
        },
        "counts": {state.value: count for state, count in audit.counts.items()},
        "cluster": answer_json(answer),
        "logs": {"only_ends": logs.only_ends, "empty": logs.empty},
        "above_cap": [_remark_json(remark) for remark in audit.above],
        "promises": [
            {
                "promise": checked.promise.name.lower(),
                "text": checked.promise.value,
                "held": not checked.breaches,
                "breaches": [_remark_json(remark) for remark in checked.breaches],
            }
            for checked in audit.checked
        ],
    }


def _remark_json(remark: Remark) -> RemarkJson:
    at = remark.at.astimezone(UTC).isoformat() if remark.at is not None else None
    return {"line": remark.seq, "key": remark.key, "at": at, "text": remark.text}
