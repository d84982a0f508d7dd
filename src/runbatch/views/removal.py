"""What `delete` would remove, and what it removed."""

from collections.abc import Iterator, Sequence
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
    """The batch's workloads that are to go, and those that are left.

    `left` are in flight. `others` bear the batch's prefix, but are none of its file's jobs.
    `doubtful` are to go should a listing ever show them: their submit was never answered. `foreign`
    were not submitted by this ledger, and are left without a person's yes to them.
    """

    batch: Batch
    going: tuple[Attempt, ...]
    left: tuple[Attempt, ...]
    others: tuple[Attempt, ...]
    doubtful: tuple[Attempt, ...]
    foreign: tuple[Attempt, ...] = ()

    @property
    def running(self) -> tuple[Attempt, ...]:
        """Return those that are to be cut off before their end."""
        return tuple(each for each in self.going if each.ended_at is None)

    @property
    def turns(self) -> frozenset[tuple[str, int, int]]:
        """Return what `Wish.delete` is to name."""
        return frozenset(each.turn for each in (*self.going, *self.doubtful))

    def gone(self, view: View) -> tuple[Attempt, ...]:
        """Return those that were to go and are no longer there."""
        after = {each.id: each for each in view.attempts}
        return tuple(each for each in self.going if not _is_there(after.get(each.id)))


def _is_there(attempt: Attempt | None) -> bool:
    return attempt is not None and (attempt.listed or attempt.holds_slot)


def _has_workload(attempt: Attempt) -> bool:
    return _is_there(attempt) and not attempt.waiting_for_name


def removal_of(batch: Batch, view: View, *, every: bool, foreign: bool = False) -> Removal:
    """Return what is to go: the workloads that have ended, or `every` one.

    Those that this ledger did not submit go only with `foreign`.
    """
    own = [each for key in batch.keys for each in view.job(key).attempts if _has_workload(each)]
    keys = frozenset(batch.keys)
    spared = [each for each in own if each.agreed and not foreign]
    known = [each for each in own if not each.unanswered and each not in spared]
    return Removal(
        batch,
        going=tuple(each for each in known if every or each.ended_at is not None),
        left=tuple(each for each in known if not every and each.ended_at is None),
        others=tuple(
            each for each in view.attempts if _has_workload(each) and each.key not in keys
        ),
        doubtful=tuple(each for each in own if every and each.unanswered),
        foreign=tuple(spared),
    )


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
    """Those whose workloads are left: in flight, or none of the file's jobs."""


def removal_json(removal: Removal, gone: Sequence[Attempt]) -> RemovalJson:
    """Return what is to go, what of it is `gone`, and what is left, as plain values."""
    return {
        "schema": SCHEMA,
        "batch": removal.batch.prefix,
        "delete": _keys(removal.going),
        "in_flight": _keys(removal.running),
        "deleted": _keys(gone),
        "leave": _keys((*removal.left, *removal.others, *removal.foreign)),
    }


def removal_text(removal: Removal) -> str:
    """Return what would be removed, for people."""
    return "\n".join(_lines(removal))


def _lines(removal: Removal) -> Iterator[str]:
    yield f"would delete {_count(removal)}, after saving {_logs(removal.going)}"
    if removal.going:
        yield f"  {_names(removal.batch, removal.going)}"
    for why, attempts in _left(removal):
        yield f"would leave {plural(len(attempts), 'workload')}: {why}"
        yield f"  {_names(removal.batch, attempts)}"


def _left(removal: Removal) -> Iterator[tuple[str, Sequence[Attempt]]]:
    """Yield what is left alone, and why."""
    if removal.left:
        yield "in flight (--all deletes them)", removal.left
    if removal.others:
        yield "of this prefix, but none of this file's jobs", removal.others
    if removal.foreign:
        yield f"not submitted by this ledger{_of(removal.foreign)}; see --foreign", removal.foreign


def removal_question(removal: Removal) -> str:
    """Return what a person is asked."""
    what = plural(len(removal.going), "workload" if removal.running else "ended workload")
    cut_off = f"{len(removal.running)} in flight will be cut off. " if removal.running else ""
    strange = [each for each in removal.going if each.agreed]
    if strange:
        cut_off += f"This ledger did not submit {len(strange)} of them{_of(strange)}. "
    return (
        f"{cut_off}Delete {what} of {removal.batch.prefix}, once {_logs_are(removal.going)} saved?"
    )


def removed_text(removal: Removal, gone: Sequence[Attempt], logs: Path) -> str:
    """Return what was removed, for people."""
    return "\n".join(_removed_lines(removal, gone, logs))


def _removed_lines(removal: Removal, gone: Sequence[Attempt], logs: Path) -> Iterator[str]:
    count = f"{removal.batch.prefix}: {plural(len(gone), 'workload')} deleted"
    yield f"{count}; {_logs_are(gone)} in {printable(str(logs))}." if gone else f"{count}."
    ids = frozenset(each.id for each in gone)
    if still := [each for each in removal.going if each.id not in ids]:
        yield f"{plural(len(still), 'workload')} still there: {_names(removal.batch, still)}"
    for why, attempts in _left(removal):
        yield f"{plural(len(attempts), 'workload')} left alone: {why}"


def _of(attempts: Sequence[Attempt]) -> str:
    """Return whose the workloads are, as far as the cluster tells."""
    owners = sorted({each.origin.owner for each in attempts if each.origin.owner is not None})
    return f", but {' or '.join(map(printable, owners))} did" if owners else ""


def _logs(attempts: Sequence[Attempt]) -> str:
    return "its log" if len(attempts) == 1 else "their logs"


def _logs_are(attempts: Sequence[Attempt]) -> str:
    return f"{_logs(attempts)} {'is' if len(attempts) == 1 else 'are'}"


def _keys(attempts: Sequence[Attempt]) -> list[str]:
    return [each.key for each in attempts]


def _count(removal: Removal) -> str:
    every, running = len(removal.going), len(removal.running)
    if not running:
        return plural(every, "ended workload")
    which = " in flight" if running == every else f", {running} of them in flight"
    return f"{plural(every, 'workload')}{which}"


def _names(batch: Batch, attempts: Sequence[Attempt]) -> str:
    return short_list([batch.workload_name(each.key) for each in attempts])
