"""The batch's past, told from its journal: slots over time, what each attempt was, what was said.

Values only. The report draws them, and nothing in them needs the cluster or the ledger.
"""

from dataclasses import dataclass
from datetime import datetime

from runbatch.core.job import View


@dataclass(frozen=True, slots=True)
class Level:
    """From `at` on so many jobs were in flight, under this cap: the next level ends it."""

    at: datetime
    in_flight: int
    cap: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """One attempt in one state, from `start` to `end`; with `end` None it still is.

    `state` is "submitting", "in doubt", "waiting for name", or a phase's word.
    """

    key: str
    number: int
    state: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """What people were told, but for what an attempt's own changes tell."""

    at: datetime
    kind: str
    text: str
    key: str | None


@dataclass(frozen=True, slots=True)
class History:
    """All of a batch's past, oldest first; `view` is how the last entry leaves its jobs."""

    levels: tuple[Level, ...]
    stretches: tuple[Stretch, ...]
    told: tuple[Told, ...]
    view: View
