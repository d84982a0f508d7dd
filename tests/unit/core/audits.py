"""Short ways to write what an audit is made from, and to read what it found."""

from dataclasses import replace
from typing import Any

from tests.unit.core.test_journal import entries, started
from tests.unit.core.values import called, failed

from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt
from runbatch.core.audit import Audit, Remark, audit_of
from runbatch.core.failure import RetryPolicy
from runbatch.core.journal import Changed, Did, Happening
from runbatch.core.promises import Promise

KEYS = ("1", "2", "3")
QUICK = RetryPolicy(delay_s=1)
SAVED = failed("1", seconds=1, log="/log", calls=1)


def start(key: str, number: int = 1, why: Why | None = Why.FIRST, **changes: Any) -> Changed:
    return Changed(Did.CALLED, called(key, number, calls=1, **changes), why)


def known(attempt: Attempt) -> Changed:
    return Changed(Did.REMEMBERED, attempt)


def audited(*happenings: Happening, cap: int = 2, retry: RetryPolicy = QUICK) -> Audit:
    """The audit of these, behind the beginning of a run: the first of them is line 2."""
    begun = replace(started(cap, *KEYS, retry=retry), batch_id="ours")
    return audit_of(entries(begun, *happenings))


def breaches(audit: Audit) -> dict[Promise, tuple[Remark, ...]]:
    return {each.promise: each.breaches for each in audit.checked if each.breaches}
