"""The one place that decides: what to do now, from what is known now.

`plan` is pure. It is asked anew at each tick and remembers nothing, so the tick after a crash is a
tick like any other. Read `_next_step` first: it is the life of a job.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from runbatch.core.actions import (
    Action,
    Delete,
    Gather,
    Plan,
    Refuse,
    Release,
    Reserve,
    Submit,
    Why,
)
from runbatch.core.attempt import RESTARTED, Attempt, Patience
from runbatch.core.batch import Batch
from runbatch.core.failure import next_retry_at
from runbatch.core.job import Job, View
from runbatch.core.streak import streak_of
from runbatch.core.wish import Wish, is_stale

# A deletion is over in seconds, and the next may wait for its slot.
LEAVING_TAKES = timedelta(seconds=5)


def plan(batch: Batch, view: View, wish: Wish, now: datetime, patience: Patience) -> Plan:
    """Return what to do about the batch's own jobs now.

    Nothing is decided on a listing that cannot be trusted. No more actions take a slot than there
    are free ones; every workload of the prefix counts, also those of jobs that are not this batch's
    to start.
    """
    if not view.trusted:
        return Plan()
    streak = None if wish.keep_going or not wish.start else streak_of(view, patience.since)
    wish = wish if streak is None else wish.starting_nothing()
    jobs = [view.job(key) for key in batch.keys]
    steps = [step for job in jobs if (step := _step(job, batch, wish, now, patience))]
    # Whoever cuts a batch off does not come back to what a crash left behind.
    own = () if wish.cut_off else set(batch.keys)
    steps += _give_back(view, own, now, patience)
    steps.sort(key=_may_be_stuck)
    affordable = _affordable(steps, view, batch.cap, patience.leaving_since(now))
    actions = tuple(
        _unless_taken(each, view) if patience.names_unique else each for each in affordable
    )
    return Plan(
        actions,
        wake_at=_wake_at(jobs, batch, wish, now, patience),
        starved=len(steps) - len(actions),
        done=not steps and not any(_is_awaited(job, batch, wish, now, patience) for job in jobs),
        streak=streak,
    )


def _unless_taken(step: Action, view: View) -> Action:
    """Return the step; for a submit of a name that a stranger's workload has, the refusal."""
    if isinstance(step, Submit) and (taker := view.taken.get(step.key)):
        return Refuse(step, taker)
    return step


def _may_be_stuck(step: Action) -> int:
    """Return how far back a step stands: a workload that is slow to go holds up nobody.

    What was asked to go before may be stuck; what runs may not listen.
    """
    if not isinstance(step, Delete):
        return 0
    return 2 if step.attempt.delete_asked_at is not None else int(step.attempt.ended_at is None)


def _step(job: Job, batch: Batch, wish: Wish, now: datetime, patience: Patience) -> Action | None:
    if wish.delete is not None:
        return _remove(job, wish, now, patience)
    if (double := _spare_double(job, patience)) and not wish.spares(double):
        return _ask_to_go(double, now, patience)
    return _next_step(job, batch, wish, now, patience)


def _next_step(
    job: Job, batch: Batch, wish: Wish, now: datetime, patience: Patience
) -> Action | None:
    """Return the one thing to do about this job now, if there is any."""
    last = job.last
    if last is None:
        return Submit(job.key, 1, why=Why.FIRST) if wish.start else None
    if last.waiting_for_name or (last.was_lost and patience.is_over(last, now)):
        return _make_room(job, last, wish, now, patience)
    if last.was_cut_off:
        return _cut_off_again(last, wish, now, patience)
    if last.is_unjudged or (last.turn in wish.again and last.is_doubtful):
        return Gather(last)
    if job.holds_slot:
        return None
    why = _why_follow(last, batch, wish, now)
    return _follow(job, last, why, patience) if why is not None else None


def _spare_double(job: Job, patience: Patience) -> Attempt | None:
    """Return the younger of a job's live workloads that has not started, if there are several.

    Where no two workloads share a name there cannot be several: such a listing may be wrong.
    """
    if patience.names_unique:
        return None
    return next((each for each in reversed(job.doubled) if each.stage.is_before_running), None)


def _remove(job: Job, wish: Wish, now: datetime, patience: Patience) -> Action | None:
    """Return the step that brings the job's workload nearer to being gone, if it is to go."""
    leaving = _leaving(job, wish, patience)
    there = [each for each in leaving if each.uid and (each.listed or each.holds_slot)]
    if not there:
        return None
    newest = there[-1]
    return Gather(newest) if newest.is_unjudged else _ask_to_go(newest, now, patience)


def _leaving(job: Job, wish: Wish, patience: Patience) -> list[Attempt]:
    """Return what of the job is to go, and may still be there: several listings must agree."""
    turns = wish.delete or frozenset()
    meant = [each for each in job.attempts if each.turn in turns and not wish.spares(each)]
    may_go = [each for each in meant if wish.cut_off or each.ended_at is not None]
    return [each for each in may_go if each.holds_slot or each.missed < patience.agreeing_listings]


def _cut_off_again(last: Attempt, wish: Wish, now: datetime, patience: Patience) -> Delete | None:
    """Return the deletion once more, if the first was long ago and no listing showed it since.

    A `delete --all` that was killed left it so. Only the cluster's own word on it frees its slot
    where nothing else is listed.
    """
    silent_s = (now - last.last_sign_at).total_seconds()
    may_ask = silent_s >= patience.grace_s and not wish.spares(last)
    return _ask_to_go(last, now, patience) if may_ask else None


def _ask_to_go(attempt: Attempt, now: datetime, patience: Patience) -> Delete | None:
    """Return the deletion; once asked for, it is given time before it is asked for again."""
    asked_at = attempt.delete_asked_at
    if asked_at is None or (now - asked_at).total_seconds() >= patience.grace_s:
        return Delete(attempt)
    return None


def _why_follow(last: Attempt, batch: Batch, wish: Wish, now: datetime) -> Why | None:
    """Return why an attempt that has ended is to be followed by another, if it is."""
    if wish.spares(last):
        return None
    if last.turn in wish.rerun:
        return Why.RERUN
    was_restarted = wish.start and last.outcome == RESTARTED
    if was_restarted or (last.turn in wish.stale and is_stale(last)):
        return Why.REFUSED_BEFORE if last.refusal is not None else Why.VANISHED
    due_at = _retry_at(last, batch, wish)
    # What somebody else deleted is left alone.
    if due_at is not None and due_at <= now and not last.was_removed_by_others:
        return Why.RETRY
    return None


def _retry_at(last: Attempt | None, batch: Batch, wish: Wish) -> datetime | None:
    """Return when a retry is due, if one is wished for."""
    if last is None or not wish.retry or wish.spares(last):
        return None
    is_meant = wish.only is None or last.turn in wish.only
    return next_retry_at(last, batch.retry) if is_meant else None


def _follow(job: Job, last: Attempt, why: Why, patience: Patience) -> Action:
    """Return the first step to the attempt after this one; one the cluster refused never was."""
    if last.refusal is not None:
        return Submit(*last.id, instead_of=last, why=why)
    # A person may start a job as often as they like: the retries are left for what breaks.
    number, reruns = last.number + 1, last.reruns + (why is Why.RERUN)
    holder = job.holder
    if holder is not None and patience.names_unique:
        return Reserve(job.key, number, follows=holder.ended_at, why=why, reruns=reruns)
    return Submit(job.key, number, why=why, reruns=reruns)


def _make_room(
    job: Job, last: Attempt, wish: Wish, now: datetime, patience: Patience
) -> Action | None:
    """Return the step that brings an attempt without a workload nearer to its name.

    This is the second look: it stands on a listing that was asked for after the slot was taken, and
    only the workload that was decided on, and whose end has not changed, is deleted.
    """
    holder = job.holder if patience.names_unique else None
    if holder is None:
        # An earlier workload that one listing lacked may still be there, and have the name.
        missing = any(each.holds_slot for each in job.attempts if each is not last)
        return None if missing else _take_name(job, last)
    if holder.ended_at is None:
        return Release(last, "it is running again")
    if holder.holds_slot:
        return None  # it is leaving, or nobody knows what it does
    if holder.ended_at != last.follows:
        return Release(last, "it has ended in another way since")
    if wish.spares(holder):
        return Release(last, "it cannot be deleted now; retry asks again")
    return _ask_to_go(holder, now, patience)


def _take_name(job: Job, last: Attempt) -> Action:
    """Return the submit, now that the name is free; unless somebody else freed it."""
    if last.follows is not None and not _was_deleted_by_us(job, last):
        return Release(last, "somebody deleted it")
    return Submit(*last.id, instead_of=last)


def _was_deleted_by_us(job: Job, last: Attempt) -> bool:
    followed = (each for each in job.attempts if each.ended_at == last.follows)
    return any(each.delete_asked_at is not None for each in followed)


def _give_back(
    view: View, own: Collection[str], now: datetime, patience: Patience
) -> Iterator[Release]:
    """Yield the slots that a crash left taken for jobs which are not to be started by us.

    A batch may be narrowed: then nobody would come back to them. Whoever comes back to the wider
    batch finds the job as it was before.
    """
    for key, job in view.jobs.items():
        last = job.last
        if key in own or last is None or not (last.was_lost or last.waiting_for_name):
            continue
        silent_s = (now - last.last_sign_at).total_seconds()
        is_over = patience.is_over(last, now) if last.was_lost else silent_s >= patience.grace_s
        if is_over:
            yield Release(last, "it was never submitted, and nobody is to come back to it")


def _affordable(
    steps: Collection[Action], view: View, cap: int, leaving_since: datetime | None
) -> Iterator[Action]:
    """Yield the steps that need no free slot, and of the others as many as there are free ones.

    Should more be in flight than the cap allows, since some came to life by themselves, then a slot
    that was taken for a workload yet to be made is one too many as well: it waits. A workload that
    has ended holds a slot again while it is being deleted, unless `leaving_since` is None.
    """
    in_flight, leaving = view.in_flight, view.leaving(leaving_since)
    occupied = in_flight | leaving
    free = cap - view.slots - len(leaving)
    yet_to_be_made = {step.key for step in steps if isinstance(step, Submit)} & set(in_flight)
    room = free + len(yet_to_be_made)
    for step in steps:
        if isinstance(step, Submit) and step.key in in_flight:
            if room <= 0:
                continue
            room -= 1
        elif _takes_a_slot(step, occupied, leaving_since):
            if free <= 0:
                continue
            free -= 1
        yield step


def _takes_a_slot(step: Action, occupied: Collection[str], leaving_since: datetime | None) -> bool:
    """Whether a step needs a slot that its job has not yet, be it that of what is leaving."""
    if isinstance(step, Delete):
        return leaving_since is not None and step.attempt.key not in occupied
    return isinstance(step, Submit | Reserve) and step.key not in occupied


def _is_awaited(job: Job, batch: Batch, wish: Wish, now: datetime, patience: Patience) -> bool:
    """Whether the invocation is not over while this job stands as it does."""
    last = job.last
    if last is None:
        return False
    if wish.delete is not None:
        return bool(_leaving(job, wish, patience))
    if last.unanswered or last.waiting_for_name or (wish.wait and job.is_unfinished):
        return True
    if job.is_unfinished and last.missed:
        return True  # in doubt: a few more listings tell
    if job.is_unfinished and wish.retry and not wish.once and last.number > 1:
        return True
    # What somebody deleted is left alone; but one listing without it does not prove that.
    is_there = not last.was_removed_by_others or not patience.is_over(last, now)
    return is_there and _retry_at(last, batch, wish) is not None


def _wake_at(
    jobs: Collection[Job], batch: Batch, wish: Wish, now: datetime, patience: Patience
) -> datetime | None:
    """Return when to look again, which may be sooner than usual: for a retry or a deletion."""
    if wish.delete is not None:
        leaving = (each for job in jobs for each in _leaving(job, wish, patience))
        is_asked = any(each.delete_asked_at is not None for each in leaving)
        return now + LEAVING_TAKES if is_asked else None
    due = (_retry_at(job.last, batch, wish) for job in jobs)
    return min((at for at in due if at is not None and at > now), default=None)
