"""Which jobs a person asked to be run again, until each of them was: a stop forgets none of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from runbatch.core.job import State, View


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that is to be run again, and its last attempt's turn when that was asked for, at `at`.

    Its turn is another once it was started again. One that was never started has the turn `(key, 0,
    0)`; so has one that was in flight, and so counts as started. All of one request share its `at`.
    """

    turn: tuple[str, int, int]
    at: datetime

    @property
    def key(self) -> str:
        """Return the job's key."""
        return self.turn[0]

    def is_open(self, view: View) -> bool:
        """Whether the job was not yet started again."""
        last = view.job(self.key).last
        return self.turn == (last.turn if last is not None else (self.key, 0, 0))

    def is_under_way(self, view: View) -> bool:
        """Whether the job was not yet started again, or has not ended since."""
        return self.is_open(view) or view.job(self.key).holds_slot


def ask(
    keys: Collection[str],
    view: View,
    stored: Collection[Asked],
    now: datetime,
    *,
    failed_only: bool = False,
) -> tuple[Asked, ...]:
    """Return what is to be stored once a person has named these keys.

    If a request is under way for one of them, that is gone on with: what it has started again is
    not asked for again, and keys that are new join it. Else this is a new request. Requests of
    which nothing is under way are over, and dropped. With `failed_only` no job is asked for anew
    that has not failed.
    """
    named = frozenset(keys)
    going = {each.at for each in stored if each.key in named and each.is_under_way(view)}
    rest = [each for each in stored if each.at in going or each.key not in named]
    unfinished = {each.at for each in rest if each.is_under_way(view)}
    at = min(going, default=now)
    kept = [
        replace(each, at=at) if each.at in going else each for each in rest if each.at in unfinished
    ]
    known = {each.key for each in kept}
    new = sorted(named - known)
    if failed_only:
        new = [key for key in new if view.job(key).state is State.FAILED]
    return (*kept, *(_anew(key, view, at) for key in new))


def going_on(
    asked: Iterable[Asked], keys: Collection[str], view: View, now: datetime
) -> tuple[datetime, int, int] | None:
    """Return the request that is gone on with: since when, how many were started, of how many.

    None if that is a new one, of `now`.
    """
    named = [each for each in asked if each.key in keys]
    if not named or named[0].at == now:
        return None
    started = sum(not each.is_open(view) for each in named)
    return named[0].at, started, len(named)


def turns_of(asked: Iterable[Asked], keys: Collection[str]) -> frozenset[tuple[str, int, int]]:
    """Return the `Wish.rerun` for these keys; of those started again the turn is none any more."""
    return frozenset(each.turn for each in asked if each.key in keys)


def _anew(key: str, view: View, at: datetime) -> Asked:
    job = view.job(key)
    if job.last is None or job.holds_slot:
        return Asked((key, 0, 0), at)
    return Asked(job.last.turn, at)
