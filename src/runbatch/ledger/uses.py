"""From which folder, and for which definition, a batch was worked on, and since when.

A prefix names the batch: a file in another folder, or one that was changed, goes on with the same
ledger. What succeeded before tells by its time which folder and definition it was of.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch
from runbatch.ledger import rows
from runbatch.ledger.variables import differing, digests_of

_MOST_KEPT = 50
# What a job only asks for changes nothing of what it does; each variable is told by itself.
_UNTELLING = ("cpu", "memory", "guard", "env")
_EVER_TOLD = {"image": "None", "mounts": "()"}


@dataclass(frozen=True, slots=True)
class Use:
    """One folder and definition, and since when they hold; of each field a few bits of a digest."""

    since: str
    folder: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EarlierUse:
    """How many jobs succeeded elsewhere, by folder; and with which other fields, and how many."""

    elsewhere: Mapping[str, int]
    changed: tuple[str, ...] = ()
    with_others: int = 0


def use_of(batch: Batch, mark: str, now: datetime) -> Use:
    """Return what this batch's definition is from now on; `mark` keys the digests."""
    run = asdict(batch.run)
    given = {name: repr(run[name]) for name in batch.run.given if name not in _UNTELLING}
    fields = {f"[run] {name}": value for name, value in (_EVER_TOLD | given).items()}
    fields |= {f"[run] env {name}": value for name, value in batch.run.env.items()}
    fields["[jobs] variable"] = repr(batch.variable)
    return Use(rows.to_text(now) or "", str(batch.folder), digests_of(fields, mark))


def added(uses: Sequence[Use], new: Use) -> list[Use]:
    """Return the uses with the new one, unless it is what the last one was."""
    last = uses[-1] if uses else None
    is_same = last is not None and (last.folder, last.fields) == (new.folder, new.fields)
    return [*uses] if is_same else [*uses, new][-_MOST_KEPT:]


def to_text(uses: Iterable[Use]) -> str:
    """Return the uses as the ledger keeps them."""
    return json.dumps([asdict(each) for each in uses])


def from_text(text: str | None) -> list[Use]:
    """Return the uses that were kept so."""
    return [Use(**each) for each in json.loads(text or "[]")]


def earlier_use(uses: Sequence[Use], now: Use, succeeded: Iterable[Attempt]) -> EarlierUse:
    """Return which of the attempts that succeeded were of another folder, or other fields."""
    elsewhere: dict[str, int] = {}
    changed: set[str] = set()
    with_others = 0
    for attempt in succeeded:
        called_at = rows.to_text(attempt.called_at or attempt.reserved_at) or ""
        use = next((each for each in reversed(uses) if each.since <= called_at), None)
        if use is None:
            continue
        if use.folder != now.folder:
            elsewhere[use.folder] = elsewhere.get(use.folder, 0) + 1
        if names := differing(use.fields, now.fields):
            changed.update(names)
            with_others += 1
    return EarlierUse(elsewhere, tuple(sorted(changed)), with_others)
