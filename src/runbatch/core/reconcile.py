"""What a listing teaches: each attempt as it must now be remembered.

Level-based: a listing is compared with what is remembered, never with the listing before it, and
the first one after a crash is as good as any other. Nothing here decides what to do.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from runbatch.core.attempt import (
    UNKNOWN_ORIGIN,
    Attempt,
    Listing,
    Observation,
    Outcome,
    Patience,
    Phase,
    Verdict,
)
from runbatch.core.batch import Batch
from runbatch.core.errors import Unreachable
from runbatch.core.job import Job, View
from runbatch.core.names import key_of
from runbatch.core.whose import Claims, Sorted, Stranger, sort_out

ENDED_DOUBT_S = 3600
NO_CLAIMS = Claims()
SUCCEEDED = Outcome(Verdict.SUCCEEDED, "phase Completed")
# These do not undo an end that was seen; a word that nobody knows tells nothing.
_NO_RESTART = (Phase.DELETING, Phase.TERMINATING, Phase.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """An attempt before and after a listing; `before` is None when it was unknown."""

    before: Attempt | None
    after: Attempt

    @property
    def adopts(self) -> bool:
        """Whether the listing shows a workload that no submit was called for, or none of ours."""
        before, after = self.before, self.after
        is_new = before is None or (before.uid is None and after.uid is not None)
        return is_new and (before is None or 0 in (before.calls, after.calls))


@dataclass(frozen=True, slots=True)
class Learned:
    """What a listing changed, and the view after it.

    `strangers` have names of the batch's jobs, and are not the batch's.
    """

    changes: tuple[Change, ...]
    view: View
    strangers: tuple[Stranger, ...] = ()


def _is_believable(listing: Listing, view: View, now: datetime, patience: Patience) -> bool:
    """Whether the listing's gaps mean anything.

    A listing without one row, of anybody's, although workloads were just there, is what a dropped
    connection looks like (Run:ai reference, 9.2).
    """
    if listing.rows > 0 or view.rows_seen_at is None:
        return True
    expected = [each for each in view.attempts if each.listed and each.delete_asked_at is None]
    if not expected:
        return True
    doubt_s = patience.empty_doubt_s
    if all(each.ended_at is not None for each in expected):
        doubt_s = min(doubt_s, ENDED_DOUBT_S)  # ended ones may have been cleared away
    return (now - view.rows_seen_at).total_seconds() >= doubt_s


def _kept_by_doubt(view: View, now: datetime, patience: Patience) -> frozenset[tuple[str, int]]:
    """Return the attempts that no listing without a row can free of their slots.

    The cluster has had their workloads, and no end of them was seen. One whose submit was never
    answered may be missed: it is called again, and keeps its slot.
    """
    held = [each for each in view.attempts if each.ended_at is None and not each.unanswered]
    since = view.rows_seen_at or min((each.last_sign_at for each in held), default=now)
    if (now - since).total_seconds() >= patience.empty_doubt_s:
        return frozenset()
    return frozenset(each.id for each in held)


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
    `empty_doubt_s` is over. Raises Unreachable if one of the batch's own workloads is there and
    cannot be read, or whose it is cannot be told now; another batch's, in the same listing by its
    name, is nothing to us.
    """
    known = view.jobs.keys() | set(batch.keys)
    for name, why in listing.unreadable.items():
        if _key(name, batch, known) is not None:
            raise Unreachable(f"{name} is there, but cannot be read: {why}.")
    if not _is_believable(listing, view, now, patience):
        return Learned((), replace(view, trusted=False))
    if listing.rows == 0:
        asked_before = set(asked_before) - _kept_by_doubt(view, now, patience)
    named = _by_key(listing, batch, known)
    found = sort_out(named, view, batch.prefix, claims, listing.login)
    changes: list[Change] = []
    for key in sorted(view.jobs.keys() | found.ours.keys()):
        job, listed = view.job(key), found.ours.get(key, ())
        changes += _changes(job, dict(_match(job, listed)), asked_before, now, patience)
        changes += _adoptions(job, listed, now)
    changes = [_credited(change, found) for change in changes]
    attempts = {each.id: each for job in view.jobs.values() for each in job.attempts}
    attempts |= {change.after.id: change.after for change in changes}
    rows_seen_at = now if listing.rows > 0 else view.rows_seen_at
    after = View.of(attempts.values(), rows_seen_at=rows_seen_at)
    return Learned(tuple(changes), replace(after, taken=found.taken), found.strangers)


def _credited(change: Change, found: Sorted) -> Change:
    """Return the change, its attempt called by us or, where only a person said yes, by nobody."""
    before, after = change.before, change.after
    if after.uid is None or (before is not None and before.uid == after.uid):
        return change
    calls = 0 if after.uid in found.agreed else max(after.calls, 1)
    return replace(change, after=replace(after, calls=calls))


def _by_key(listing: Listing, batch: Batch, known: Collection[str]) -> dict[str, list[Observation]]:
    """Return by key the workloads that have names of the batch's jobs; others are dropped here."""
    found: dict[str, list[Observation]] = {}
    for observation in listing.observations:
        key = _key(observation.name, batch, known)
        if key is not None:
            found.setdefault(key, []).append(observation)
    return found


def _key(name: str, batch: Batch, known: Collection[str]) -> str | None:
    return key_of(name, batch.prefix, integers=batch.integer_keys, known=known)


def _changes(
    job: Job,
    matched: Mapping[tuple[str, int], Observation],
    asked_before: Collection[tuple[str, int]],
    now: datetime,
    patience: Patience,
) -> Iterator[Change]:
    """Yield each of the job's attempts that is not as it was."""
    for attempt in job.attempts:
        after = attempt
        if attempt.id in matched:
            after = _seen(attempt, matched[attempt.id], now)
        elif attempt.id in asked_before:
            after = _missed(attempt, now, patience)
        if after != attempt:
            yield Change(attempt, after)


def _match(
    job: Job, observations: Collection[Observation]
) -> Iterator[tuple[tuple[str, int], Observation]]:
    """Yield which attempt each workload is: by uid, else the newest one if it has none yet."""
    uids = {attempt.uid: attempt.id for attempt in job.attempts if attempt.uid is not None}
    for observation in observations:
        if observation.uid in uids:
            yield uids[observation.uid], observation
        elif job.last is not None and job.last.uid is None:
            yield job.last.id, observation


def _adoptions(job: Job, observations: Collection[Observation], now: datetime) -> Iterator[Change]:
    """Yield a new attempt for each workload that none of the job's attempts can be."""
    number = job.last.number if job.last is not None else 0
    if job.last is not None and job.last.uid is None:
        return
    known = {attempt.uid for attempt in job.attempts}
    for observation in observations:
        if observation.uid not in known:
            known.add(observation.uid)  # a list read page by page may show it twice
            number = max(number + 1, observation.number or number)
            adopted = Attempt(key=job.key, number=number, reserved_at=now)
            yield Change(None, _seen(adopted, observation, now))


def _seen(attempt: Attempt, observation: Observation, now: datetime) -> Attempt:
    """Return the attempt as the listing shows it; one that runs again has not ended after all."""
    if attempt.listed and attempt.phase is observation.phase and attempt.phase.ended:
        return attempt
    seen = replace(
        attempt,
        uid=observation.uid,
        phase=observation.phase,
        node=observation.node or attempt.node,
        called_at=attempt.called_at or now,
        submitted_at=attempt.submitted_at or now,
        refusal=None,
        seen_at=now,
        missed=0,
        origin=attempt.origin if observation.origin == UNKNOWN_ORIGIN else observation.origin,
    )
    if observation.phase.ended:
        return _ended(attempt, seen, observation, now)
    if seen.ended_at is not None and observation.phase not in _NO_RESTART:
        return _running_again(seen)
    return seen


def _ended(before: Attempt, seen: Attempt, observation: Observation, now: datetime) -> Attempt:
    """Return the attempt with its end, at the earlier of now and the cluster's own time for it.

    But not before we last saw or asked for it: the two clocks may differ, and a delay that is
    counted from its end would seem to be over. An end that is known stays, unless the cluster
    turned a failure into a success. A log that was saved before the end is not the whole one.
    """
    completed = observation.phase is Phase.COMPLETED
    turned = completed and not before.is_verdict(Verdict.SUCCEEDED)
    known = before.ended_at is not None and not before.is_verdict(Verdict.VANISHED)
    if known and not turned:
        return seen
    told_at = observation.ended_at or now
    alive_at = before.seen_at or before.submitted_at or before.called_at or told_at
    ended_at = min(now, max(told_at, alive_at))
    outcome = SUCCEEDED if completed or before.is_verdict(Verdict.SUCCEEDED) else None
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

    A submit nobody answered does not vanish: it never was, and is called again by the planner.
    """
    if attempt.waiting_for_name or attempt.refusal is not None:
        return attempt
    missed = replace(attempt, missed=min(attempt.missed + 1, patience.agreeing_listings))
    if missed.ended_at is None and not missed.unanswered and patience.is_over(missed, now):
        return _vanished(missed, now)
    return missed


def erased(attempt: Attempt, now: datetime) -> Attempt:
    """Return an attempt that was cut off, now that the cluster says its workload is no more."""
    return _vanished(replace(attempt, missed=max(attempt.missed, 1)), now)


def _vanished(gone: Attempt, now: datetime) -> Attempt:
    """Return the attempt as one that is gone, its end unseen; but a verdict that it had stands.

    A mount failure is the exception: that its job is started again is right.
    """
    if gone.outcome is not None and not gone.is_verdict(Verdict.MOUNT_FAILURE):
        return replace(gone, ended_at=now)
    if gone.was_cut_off:
        source = "deleted before it ended"
    else:
        source = "its end was not seen" if gone.seen_at else "accepted, but never listed"
    return replace(gone, ended_at=now, outcome=Outcome(Verdict.VANISHED, source))
