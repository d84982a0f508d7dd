"""What `delete` would remove, and what it removed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch
from runbatch.core.job import View
from runbatch.views.json import SCHEMA
from runbatch.views.text import plural, printable, short_list


@dataclass(frozen=True, slots=True)
class Removal:
    """The batch's workloads that are to go, and those that are left since they are in flight."""

    batch: Batch
    going: tuple[Attempt, ...]
    left: tuple[Attempt, ...]

    @property
    def running(self) -> tuple[Attempt, ...]:
        """Return those that are to be cut off before their end."""
        return tuple(each for each in self.going if each.ended_at is None)

    def gone(self, view: View) -> tuple[Attempt, ...]:
        """Return those that were to go and are no longer there."""
        after = {each.id: each for each in view.attempts}
        return tuple(each for each in self.going if not _is_there(after.get(each.id)))


def _is_there(attempt: Attempt | None) -> bool:
    return attempt is not None and (attempt.listed or attempt.holds_slot)


def removal_of(batch: Batch, view: View, *, every: bool) -> Removal:
    """Return what is to go: the workloads that have ended, or `every` one."""
    there = [each for key in batch.keys for each in view.job(key).attempts if _is_there(each)]
    going = tuple(each for each in there if every or each.ended_at is not None)
    return Removal(batch, going, tuple(each for each in there if each not in going))


def removal_text(removal: Removal) -> str:
    """Return what would be removed, for people."""
    return "\n".join(_lines(removal))


def _lines(removal: Removal) -> Iterator[str]:
    yield f"would delete {_count(removal)}, after saving their logs"
    if removal.going:
        yield f"  {_names(removal.batch, removal.going)}"
    if removal.left:
        yield f"would leave {plural(len(removal.left), 'workload')} in flight (--all deletes them)"
        yield f"  {_names(removal.batch, removal.left)}"


def removal_question(removal: Removal) -> str:
    """Return what a person is asked."""
    what = plural(len(removal.going), "workload" if removal.running else "ended workload")
    cut_off = f"{len(removal.running)} in flight will be cut off. " if removal.running else ""
    return f"{cut_off}Delete {what} of {removal.batch.prefix}, once their logs are saved?"


def removed_text(removal: Removal, after: View, logs: Path) -> str:
    """Return what was removed, for people."""
    gone = removal.gone(after)
    count = f"{removal.batch.prefix}: {plural(len(gone), 'workload')} deleted"
    saved = f"; their logs are in {printable(str(logs))}" if gone else ""
    left = f"\n{plural(len(removal.left), 'workload')} in flight left alone" if removal.left else ""
    return f"{count}{saved}.{left}"


class RemovalJson(TypedDict):
    """`runbatch delete --json`: the keys of the jobs whose workloads are to go."""

    schema: int
    """1. Keys are added; none is renamed or given another meaning while it stays 1."""
    batch: str
    """The batch's prefix."""
    delete: list[str]
    """Those whose workloads are to go."""
    in_flight: list[str]
    """Those of them that are cut off before their end, with `--all`."""
    deleted: list[str]
    """Those of them whose workloads are gone; none after `--dry-run`."""
    leave: list[str]
    """Those whose workloads are left, since they are in flight."""


def removal_json(removal: Removal, gone: tuple[Attempt, ...]) -> RemovalJson:
    """Return what is to go, what of it is `gone`, and what is left, as plain values."""
    return {
        "schema": SCHEMA,
        "batch": removal.batch.prefix,
        "delete": _keys(removal.going),
        "in_flight": _keys(removal.running),
        "deleted": _keys(gone),
        "leave": _keys(removal.left),
    }


def _keys(attempts: tuple[Attempt, ...]) -> list[str]:
    return [each.key for each in attempts]


def _count(removal: Removal) -> str:
    ended = len(removal.going) - len(removal.running)
    if not removal.running:
        return plural(ended, "ended workload")
    return f"{plural(len(removal.going), 'workload')}, {len(removal.running)} of them in flight"


def _names(batch: Batch, attempts: tuple[Attempt, ...]) -> str:
    return short_list([batch.workload_name(each.key) for each in attempts])
