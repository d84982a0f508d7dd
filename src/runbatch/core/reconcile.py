"""What a listing teaches: each attempt as it must now be remembered.

Level-based: a listing is compared with what is remembered, never with the listing before it, and
the first one after a crash is as good as any other. Nothing here decides what to do.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from runbatch.core import identity, whose
from runbatch.core.attempt import (
    RESTARTED,
    UNKNOWN_ORIGIN,
    Attempt,
    Listing,
    Observation,
    Outcome,
    Patience,
    Verdict,
)
from runbatch.core.batch import Batch
from runbatch.core.job import Job, View
from runbatch.core.names import key_of
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims, Stranger

ENDED_DOUBT_S = 3600
NO_CLAIMS = Claims()
# These do not undo an end that was seen; a word that nobody knows tells nothing.
_NO_RESTART = (Stage.LEAVING, Stage.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """An attempt before and after a listing; `before` is None when it was unknown: adopted."""

    before: Attempt | None
    after: Attempt

    @property
    def adopts(self) -> bool:
        """Whether the attempt is new, or got its workload by a person's yes alone."""
        return self.before is None or self.after.agreed > self.before.agreed


@dataclass(frozen=True, slots=True)
class Learned:
    """What a listing changed, and the view after it; `forgotten` are no attempts any more.

    `unreadable` tells of the batch's own workloads, by key, why one that is there cannot be read.
    `strangers` have names of the batch's jobs, and are not the batch's.
    """

    changes: tuple[Change, ...]
    view: View
    forgotten: tuple[Attempt, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    strangers: tuple[Stranger, ...] = ()


def _is_believable(listing: Listing, view: View, now: datetime, patience: Patience) -> bool:
    """Whether the listing's gaps mean anything.

    A listing without one row, of anybody's, although workloads were just there, is what a dropped
    connection looks like.
    """
    if listing.rows > 0 or view.rows_seen_at is None:
        return True
    expected = [each for each in view.attempts if each.listed and each.delete_asked_at is None]
    if not expected:
        return True
    if patience.believes_emptiness(view.rows_seen_at, now):
        return True
    # Ended ones may have been cleared away, and no slot is at stake.
    waited_s = (now - view.rows_seen_at).total_seconds()
    return all(each.ended_at is not None for each in expected) and waited_s >= ENDED_DOUBT_S


def _kept_by_doubt(view: View, now: datetime, patience: Patience) -> frozenset[tuple[str, int]]:
    """Return the attempts that no listing without a row can free of their slots.

    The cluster has had their workloads, or may have, and no end of them was seen. One whose submit
    was never answered may be missed: it is called again, and keeps its slot.
    """
    held = [each for each in view.attempts if each.ended_at is None and not each.was_lost]
    signs = (
        (each, max(each.last_sign_at, view.rows_seen_at or each.last_sign_at)) for each in held
    )
    return frozenset(each.id for each, at in signs if not patience.believes_emptiness(at, now))


def learn(
    batch: Batch,
    view: View,
    listing: Listing,
    asked_before: Collection[tuple[str, int]],
    now: datetime,
    patience: Patience,
    claims: Claims = NO_CLAIMS,
) -> Learned:
    """Return every attempt that the listing changes, and the view after it.

    Absence is held only against attempts that were called before the listing was asked for
    (`asked_before`): another process may have submitted one since. A listing that cannot be
    believed changes nothing, and its view is not trusted; one without a row frees no slot before
    `empty_doubt_s` is over. Of a workload that is there and cannot be read only its own job is held
    up. Raises Unreachable if whose a workload is cannot be told now.
    """
    known = view.jobs.keys() | set(batch.keys)
    if not _is_believable(listing, view, now, patience):
        return Learned((), replace(view, trusted=False))
    if listing.rows == 0:
        asked_before = set(asked_before) - _kept_by_doubt(view, now, patience)
    rows = _by_key(listing, batch, known)
    unreadable = _unreadable(listing, batch, known)
    found = whose.sort_out(rows, view, batch.prefix, claims, listing.login)
    changes: list[Change] = []
    for key in sorted(view.jobs.keys() | found.ours.keys() | unreadable.keys()):
        job = view.job(key)
        if key in unreadable:
            changes += _held_up(job, now)
            continue
        matched, unknown = identity.sort_out(job, found.ours.get(key, ()))
        changes += _changes(job, matched, asked_before, listing.restarted, now, patience)
        changes += _adoptions(job, unknown, now)
    changes = [_noting_the_yes(change, found.agreed) for change in changes]
    attempts = {each.id: each for job in view.jobs.values() for each in job.attempts}
    attempts |= {change.after.id: change.after for change in changes}
    names_unique = patience.names_unique
    jobs = View.of(attempts.values(), names_unique=names_unique).jobs.values()
    forgotten = {each.id: each for job in jobs for each in _outlived(job, now, patience)}
    kept = [each for each in attempts.values() if each.id not in forgotten]
    rows_seen_at = now if listing.rows > 0 else view.rows_seen_at
    after = View.of(kept, rows_seen_at=rows_seen_at, names_unique=names_unique)
    return Learned(
        tuple(each for each in changes if each.after.id not in forgotten),
        replace(after, taken=found.taken),
        tuple(forgotten.values()),
        unreadable,
        found.strangers,
    )


def _noting_the_yes(change: Change, agreed: Collection[str]) -> Change:
    """Return the change; an attempt got its workload by a person's yes alone, where it did."""
    before, after = change.before, change.after
    is_known = before is not None and before.uid == after.uid
    return (
        change
        if is_known or after.uid not in agreed
        else replace(change, after=replace(after, agreed=True))
    )


def _by_key(listing: Listing, batch: Batch, known: Collection[str]) -> dict[str, list[Observation]]:
    """Return by key the workloads that have names of the batch's jobs; others are dropped here."""
    found: dict[str, list[Observation]] = {}
    for observation in listing.observations:
        key = _key(observation.name, batch, known)
        if key is not None:
            found.setdefault(key, []).append(observation)
    return found


def _unreadable(listing: Listing, batch: Batch, known: Collection[str]) -> dict[str, str]:
    """Return by its key why one of the batch's own workloads cannot be read."""
    keys = {_key(name, batch, known): why for name, why in listing.unreadable.items()}
    return {key: why for key, why in keys.items() if key is not None}


def _held_up(job: Job, now: datetime) -> Iterator[Change]:
    """Yield the change of a job whose workload is there and tells nothing.

    An end that was seen stands. Else it may run for all that is known, and holds its slot: also one
    that nobody here started.
    """
    calls = (each for each in reversed(job.attempts) if not each.waiting_for_name)
    before = job.holder or next((each for each in calls if each.holds_slot), None)
    has_ended = before is not None and before.ended_at is not None
    if has_ended or (before is None and job.holds_slot):
        return
    number = job.last.number + 1 if job.last is not None else 1
    attempt = before or _unknown(job, number, now)
    silent = Observation(name=job.key, uid="", stage=Stage.UNKNOWN)
    yield Change(before, _seen(attempt, silent, now))


def _key(name: str, batch: Batch, known: Collection[str]) -> str | None:
    return key_of(name, batch.prefix, integers=batch.integer_keys, known=known)


def _changes(
    job: Job,
    matched: Mapping[tuple[str, int], Observation],
    asked_before: Collection[tuple[str, int]],
    restarted: Collection[str],
    now: datetime,
    patience: Patience,
) -> Iterator[Change]:
    """Yield each of the job's attempts that is not as it was."""
    for attempt in job.attempts:
        after = attempt
        if attempt.id in matched:
            after = _seen(attempt, matched[attempt.id], now)
        elif attempt.uid in restarted and attempt.ended_at is None:
            after = _vanished(replace(attempt, missed=max(attempt.missed, 1)), now, RESTARTED)
        elif attempt.id in asked_before:
            after = _missed(attempt, now, patience)
        if after != attempt:
            yield Change(attempt, after)


def _adoptions(job: Job, strangers: Collection[Observation], now: datetime) -> Iterator[Change]:
    """Yield a new attempt for each workload that none of the job's attempts can be."""
    number = job.last.number if job.last is not None else 0
    for observation in strangers:
        number = max(number + 1, observation.number or number)
        yield Change(None, _seen(_unknown(job, number, now), observation, now))


def _unknown(job: Job, number: int, now: datetime) -> Attempt:
    """Return a new attempt that nobody here began; for all that is known it is a retry."""
    reruns = job.last.reruns if job.last is not None else 0
    return Attempt(key=job.key, number=number, reserved_at=now, reruns=reruns)


def _seen(attempt: Attempt, observation: Observation, now: datetime) -> Attempt:
    """Return the attempt as the listing shows it; one that runs again has not ended after all."""
    attempt = identity.named(attempt, observation)
    if attempt.listed and attempt.seen_stage is observation.stage and observation.stage.ended:
        return attempt
    seen = replace(
        attempt,
        seen_stage=observation.stage,
        phase=observation.phase,
        node=observation.node or attempt.node,
        called_at=attempt.called_at or now,
        submitted_at=attempt.submitted_at or now,
        refusal=None,
        denial=None,
        seen_at=now,
        missed=0,
        origin=attempt.origin if observation.origin == UNKNOWN_ORIGIN else observation.origin,
    )
    if observation.stage.ended:
        return _ended(attempt, seen, observation, now)
    if seen.ended_at is not None and observation.stage not in _NO_RESTART:
        return _running_again(seen)
    return seen


def _ended(before: Attempt, seen: Attempt, observation: Observation, now: datetime) -> Attempt:
    """Return the attempt with its end, at the earlier of now and the cluster's own time for it.

    But not before we last saw or asked for it: the two clocks may differ, and a delay that is
    counted from its end would seem to be over. An end that is known stays, unless the cluster
    turned a failure into a success. A log that was saved before the end is not the whole one.
    """
    completed = observation.stage is Stage.SUCCEEDED
    turned = completed and not before.is_verdict(Verdict.SUCCEEDED)
    known = before.ended_at is not None and not before.is_verdict(Verdict.VANISHED)
    if known and not turned:
        return seen
    told_at = observation.ended_at or now
    alive_at = before.seen_at or before.submitted_at or before.called_at or told_at
    ended_at = min(now, max(told_at, alive_at))
    outcome = before.outcome if before.is_verdict(Verdict.SUCCEEDED) else None
    if completed:
        outcome = Outcome(Verdict.SUCCEEDED, f"phase {seen.word}")
    return replace(seen, ended_at=ended_at, outcome=outcome, evidence=None, log=None)


def _running_again(seen: Attempt) -> Attempt:
    """Return the attempt without an end, which the cluster undid.

    A log that was saved is not the whole one any more. A verdict stays until there is another: the
    listing may be an old one, and what was found out must not be lost with it.
    """
    outcome = None if seen.is_verdict(Verdict.VANISHED) else seen.outcome
    return replace(seen, ended_at=None, delete_asked_at=None, log=None, outcome=outcome)


def _missed(attempt: Attempt, now: datetime, patience: Patience) -> Attempt:
    """Return the attempt after one more good listing without it; patience over, it has vanished.

    A submit nobody answered does not vanish: it never was, and is called again by the planner. One
    that the cluster denied was refused in earnest: only now may its slot be free.
    """
    if attempt.waiting_for_name or attempt.refusal is not None:
        return attempt
    missed = replace(attempt, missed=min(attempt.missed + 1, patience.agreeing_listings))
    if missed.ended_at is not None or not patience.is_over(missed, now):
        return missed
    if missed.denial is not None:
        return replace(missed, refusal=missed.denial, denial=None)
    return missed if missed.unanswered else _vanished(missed, now)


def _outlived(job: Job, now: datetime, patience: Patience) -> Iterator[Attempt]:
    """Yield the newest attempts that no submit made, and that are gone while others stand.

    A listing showed them, perhaps one that had a workload's id wrong; they must not outrank what is
    listed, nor an end that was seen: an absence undoes none. A success is one wherever it was seen.
    """
    for count in reversed(range(1, len(job.attempts))):
        earlier, newest = job.attempts[:count], job.attempts[count]
        if not _is_gone_for_good(newest, now, patience) or not _stands(earlier, newest):
            return
        yield newest


def _is_gone_for_good(attempt: Attempt, now: datetime, patience: Patience) -> bool:
    was_adopted = attempt.calls == 0 and attempt.uid is not None
    if not was_adopted or attempt.listed or attempt.is_verdict(Verdict.SUCCEEDED):
        return False
    return attempt.ended_as(Verdict.VANISHED) or patience.is_over(attempt, now)


def _stands(earlier: Sequence[Attempt], newest: Attempt) -> bool:
    """Whether one of the earlier attempts is listed, or the last of them has an end to go by."""
    if any(each.listed for each in earlier):
        return True
    before = earlier[-1]
    has_end = before.ended_at is not None and not before.is_verdict(Verdict.VANISHED)
    return has_end and newest.ended_as(Verdict.VANISHED)


def erased(attempt: Attempt, now: datetime) -> Attempt:
    """Return an attempt that was cut off, now that the cluster says its workload is no more."""
    return _vanished(replace(attempt, missed=max(attempt.missed, 1)), now)


def _vanished(gone: Attempt, now: datetime, known: Outcome | None = None) -> Attempt:
    """Return the attempt as one that is gone, its end unseen; but a verdict that it had stands.

    A mount failure is the exception: that its job is started again is right.
    """
    if gone.outcome is not None and not gone.is_verdict(Verdict.MOUNT_FAILURE):
        return replace(gone, ended_at=now)
    if gone.was_cut_off:
        source = "deleted before it ended"
    elif known is not None:
        return replace(gone, ended_at=now, outcome=known)
    else:
        source = "its end was not seen" if gone.seen_at else "accepted, but never listed"
    return replace(gone, ended_at=now, outcome=Outcome(Verdict.VANISHED, source))
