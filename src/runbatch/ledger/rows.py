"""Between an `Attempt` and its row. Times are ISO 8601 in UTC, evidence is JSON."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from runbatch.core.attempt import (
    UNKNOWN_ORIGIN,
    Attempt,
    Cause,
    Evidence,
    Origin,
    Outcome,
    Verdict,
)
from runbatch.core.batch import MOST_JOBS
from runbatch.core.stage import Stage
from runbatch.ledger import earlier
from runbatch.ledger.trouble import Damaged

TIMES = (
    "reserved_at",
    "called_at",
    "submitted_at",
    "seen_at",
    "ended_at",
    "delete_asked_at",
    "follows",
    "created_at",
)
_NUMBERS = ("number", "calls", "missed", "reruns")
_PLAIN = (
    "key", "number", "refusal", "denial", "uid", "other_uid", "node", "calls", "missed", "log",
    "reruns", "phase",
)  # fmt: skip
_ORIGIN = tuple(field.name for field in fields(Origin))
COLUMNS = (
    *_PLAIN, *TIMES, "seen_stage", "evidence", "verdict", "source", "origin", "agreed", "open",
)  # fmt: skip


def row_of(attempt: Attempt) -> tuple[Any, ...]:
    """Return the values of the attempt's row, in the order of COLUMNS."""
    outcome = attempt.outcome
    return (
        *(getattr(attempt, name) for name in _PLAIN),
        *(to_text(getattr(attempt, name)) for name in TIMES),
        attempt.seen_stage.value if attempt.seen_stage else None,
        json.dumps(asdict(attempt.evidence)) if attempt.evidence else None,
        outcome.verdict.value if outcome else None,
        outcome.source if outcome else None,
        None if attempt.origin == UNKNOWN_ORIGIN else json.dumps(asdict(attempt.origin)),
        int(attempt.agreed),
        int(attempt.may_hold_slot),
    )


@lru_cache(maxsize=2 * MOST_JOBS)
def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """Return the attempt that a row, in the order of COLUMNS, remembers.

    Kept in mind: from one look to the next most rows stay as they are. Raises Damaged.
    """
    values = dict(zip(COLUMNS, row, strict=True))
    try:
        return _attempt_of(values)
    except (ValueError, TypeError, AttributeError) as error:
        name = f"attempt {values['number']!r} of job {values['key']!r}"
        raise Damaged(f"{name} is damaged: {error}") from error


def _attempt_of(values: dict[str, Any]) -> Attempt:
    if odd := [name for name in _NUMBERS if not isinstance(values[name], int)]:
        raise ValueError(f"{odd[0]} is no number")
    verdict, source = values.pop("verdict"), values.pop("source")
    earlier.add_stage(values)
    stage, evidence = values.pop("seen_stage"), values.pop("evidence")
    agreed, _ = bool(values.pop("agreed")), values.pop("open")
    origin = json.loads(values.pop("origin") or "{}")
    for name in TIMES:
        values[name] = from_text(values[name])
    return Attempt(
        **values,
        seen_stage=Stage(stage) if stage else None,
        evidence=_evidence_of(evidence),
        outcome=Outcome(Verdict(verdict), source) if verdict else None,
        agreed=agreed,
        origin=Origin(**{name: origin.get(name) for name in _ORIGIN}),
    )


def _evidence_of(text: str | None) -> Evidence | None:
    if text is None:
        return None
    found = json.loads(text)
    earlier.add_cause(found)
    known = {field.name for field in fields(Evidence)}
    values = {name: value for name, value in found.items() if name in known}
    events, cause = tuple(values.get("events", ())), Cause(found["cause"])
    return Evidence(**values | {"events": events, "cause": cause})


def to_text(at: datetime | None) -> str | None:
    """Return the time as the ledger writes it."""
    return at.astimezone(UTC).isoformat() if at is not None else None


def from_text(text: str | None) -> Any:
    """Return the time the ledger wrote: an aware datetime, or None; raise Damaged."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise Damaged(f"{text!r} is no time") from error
    if at.tzinfo is None:
        raise Damaged(f"the time {text} lacks its offset from UTC")
    return at
