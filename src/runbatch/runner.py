"""The loop: observe, record, plan, act. It decides nothing; it carries out what `plan` says.

One thread. The ledger is written before the cluster is called, so a stop or a crash between any two
steps is picked up by the next tick, whoever makes it.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from runbatch.clock import Clock
from runbatch.clusters.base import Cluster, Deadline
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
from runbatch.core.attempt import Attempt, Listing
from runbatch.core.batch import Batch
from runbatch.core.errors import (
    Busy,
    ClusterError,
    Denied,
    NameTaken,
    NoLog,
    Rejected,
    Unauthorized,
)
from runbatch.core.events import Event, Kind
from runbatch.core.job import View
from runbatch.core.journal import TOLD
from runbatch.core.planner import plan
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.wish import Wish
from runbatch.core.workload import workload_of
from runbatch.deletions import ask_to_go, most_together
from runbatch.evidence import Findings, gather
from runbatch.ledger.archive import Incoming
from runbatch.ledger.store import Ledger
from runbatch.narrator import Narrator

# What the cluster does not answer for so long, about one attempt, it may never answer.
MOST_SILENCE = timedelta(minutes=15)
# That there is no log is believed once it was said for so long, and of so old an end at once.
NO_LOG_AGREED = timedelta(minutes=4)
LOGS_ARE_GONE_AFTER = timedelta(days=1)
# Of so many the evidence is gathered before the first of them is retried.
MOST_GATHERED = 8
# So many refusals in a row are not about one job.
MOST_REFUSALS = 3
# A workload that the cluster agreed so often to delete, and that is still there, is for a person.
MOST_ASKED = 2
ASKED_IN_VAIN = (
    "the cluster agreed twice to delete it, and nothing shows that it is gone; "
    "delete it by hand, or ask an admin."
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the cluster is looked at, and how soon one submit may follow another."""

    poll_interval_s: float
    submit_interval_s: float


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told: of each event, and of the batch's state after each tick."""

    event: Callable[[Event], None] = lambda _: None
    snapshot: Callable[[Snapshot], None] = lambda _: None


class Runner:
    """Carries out one invocation's wish for a batch, tick by tick, until it is done or stopped."""

    def __init__(
        self,
        batch: Batch,
        cluster: Cluster,
        ledger: Ledger,
        wish: Wish,
        clock: Clock,
        pace: Pace,
        *,
        ears: Ears | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._batch = batch
        self._cluster = cluster
        self._ledger = ledger
        self._wish = wish
        self._clock = clock
        self._pace = pace
        self._ears = ears or Ears()
        self._stopped = stopped
        self._ahead = timedelta(0)
        self._may_submit_at = clock.now()
        # What another process waited for tells nothing: its clock may have been another.
        self._patience = replace(cluster.patience, since=clock.now())
        self._narrator = Narrator(batch, self._hear, self._is_others)
        self._called_turns: set[tuple[str, int, int]] = set()
        self._refusals = 0
        self._asked: Counter[tuple[str, int, int]] = Counter()  # to go; the cluster said yes
        self._listed_at = clock.now()
        self._act_until = clock.now()
        self._silent_since: dict[tuple[str, int], datetime] = {}
        self._no_submit: str | None = None  # why none is possible now

    def run(self, command: str) -> Snapshot:
        """Tick until nothing is left to do, or `stopped`; return the batch as it then is.

        `command` is what others are told is running. Raises LedgerError.
        """
        self._keep_up()
        unique = self._patience.names_unique
        invocation = self._ledger.begin_invocation(
            command, self._batch, self._now(), names_unique=unique
        )
        try:
            if self._wish.delete is None:
                self._narrator.differing(
                    self._ledger.differing_variables(self._cluster.inherited())
                )
            while not self._stopped():
                looked_at = self._now()
                left = self.tick()
                if left.done:
                    break
                self._ledger.tick_invocation(invocation, self._now())
                self._sleep_until(self._next_look(left, looked_at), self._pace.poll_interval_s)
        finally:
            self._ledger.tick_invocation(invocation, self._now(), ended=True)
        return self._snapshot(self._ledger.view())

    def tick(self) -> Plan:
        """Look at the cluster once, remember what it says, act on it; return what is left to do.

        Whatever is left is never acted on before the next look: a deletion, for example, stands on
        a listing that was asked for after its slot was taken.
        """
        looked_at = self._clock.now()
        view = self._observe()
        planned = self._plan(view)
        self._ears.snapshot(self._snapshot(view))
        if planned.streak is not None:
            self._narrator.given_up(planned.streak)
        self._narrator.waiting(planned, view, self._now(), self._pace.poll_interval_s)
        took = self._clock.now() - looked_at
        if not self._perform_all(planned, took):
            return Plan()
        view = replace(self._ledger.view(), trusted=view.trusted, taken=view.taken)
        self._ears.snapshot(self._snapshot(view))
        return self._plan(view)

    def _plan(self, view: View) -> Plan:
        now = self._now()
        return plan(self._batch, view, self._wish, now, self._patience)

    def _observe(self) -> View:
        """Return what is known after one listing; not trusted if there was none to believe."""
        self._keep_up()
        before = self._ledger.view()
        try:
            listing = self._cluster.list(self._batch.prefix)
            now = self._now()
            doubted_since = self._doubted_since(listing, now)
            patience = self._patience = replace(self._patience, doubted_since=doubted_since)
            self._listed_at = now
            self._no_submit = listing.no_submit
            called, agreed = before.called, self._wish.adopt
            learned = self._ledger.record(listing, called, self._batch, now, patience, agreed)
        except ClusterError as error:
            self._silent_since.clear()  # it is silent on all: that tells nothing of one attempt
            self._patience = replace(self._patience, doubted_since=None)
            self._narrator.no_answer(error, before)
            return replace(before, trusted=False)
        self._narrator.learned(listing, learned, now, patience)
        return learned.view

    def _doubted_since(self, listing: Listing, now: datetime) -> datetime | None:
        """Return since when no listing proved an absence, this one neither; None if it does.

        After a long break it begins anew: nobody knows what a listing would have shown meanwhile.
        """
        if listing.proves_absence:
            return None
        usual_s = self._pace.poll_interval_s + self._patience.grace_s
        is_after_break = (now - self._listed_at).total_seconds() > usual_s
        return now if is_after_break else self._patience.doubted_since or now

    def _perform_all(self, planned: Plan, look_took: timedelta) -> bool:
        """Carry out the plan as far as it goes; return False if the cluster was asked in vain.

        Then nothing is tried again before the usual interval is over. As much time goes into it as
        into the look, at least: thousands of workloads take longer to list than one interval.
        """
        actions = [action for action in planned.actions if self._is_possible(action)]
        went_well = len(actions) == len(planned.actions)
        interval = timedelta(seconds=self._pace.poll_interval_s)
        self._act_until = self._now() + max(interval - look_took, look_took)
        for together in _in_turns(actions):
            done = self._perform(*together)
            went_well = went_well and done
            if self._is_over() or (isinstance(together[0], Submit) and not done):
                break
        # Last, since a log may take minutes: what is known to be retried need not wait for it.
        failed = [action.attempt for action in planned.actions if isinstance(action, Gather)]
        return self._gather_few(failed) and went_well

    def _is_over(self) -> bool:
        """Whether no more of the plan is to be carried out.

        It grows old: past the interval the world is looked at anew, and planned anew.
        """
        return self._stopped() or self._now() >= self._act_until

    def _is_possible(self, action: Action) -> bool:
        """Whether it does not lead to a submit, be it by making room for one, or one can be."""
        makes_room = isinstance(action, Delete) and self._wish.delete is None
        return self._no_submit is None or not (isinstance(action, Submit | Reserve) or makes_room)

    def _perform(self, action: Action, *more: Action) -> bool:
        """Carry out one action; return False if the cluster did not do what was asked.

        There are `more` of them only of deletions.
        """
        match action:
            case Submit():
                return self._submit(action)
            case Refuse():
                self._refuse(action)
            case Reserve():
                self._reserve(action)
            case Delete():
                deletions = (each for each in (action, *more) if isinstance(each, Delete))
                return self._delete([each.attempt for each in deletions])
            case Release():
                self._ledger.release(action.attempt, self._now())
                self._narrator.tell(Kind.SKIP, action.attempt, action.why)
            case Gather():
                pass  # they are gathered side by side, behind all else
        return True

    def _reserve(self, action: Reserve) -> None:
        now = self._now()
        new = replace(_begun(action, now), follows=action.follows)
        self._take_slot(new, None, action.why)

    def _take_slot(self, new: Attempt, instead_of: Attempt | None, why: Why | None) -> bool:
        since = self._patience.leaving_since(self._now())
        return self._ledger.reserve(new, instead_of, self._batch.cap, why, since)

    def _submit(self, action: Submit) -> bool:
        self._sleep_until(self._may_submit_at, self._pace.submit_interval_s)
        if self._stopped():
            return False
        attempt = self._called(action)
        if not self._take_slot(attempt, action.instead_of, action.why):
            return True
        self._may_submit_at = self._now() + timedelta(seconds=self._pace.submit_interval_s)
        try:
            number, batch_id = attempt.number, self._ledger.batch_id()
            workload = workload_of(self._batch, attempt.key, number, batch_id)
            uid = self._cluster.submit(workload, Deadline(lambda: self._age_s(attempt)))
        except Rejected as error:
            self._refused(attempt, error)
        except ClusterError as error:
            # Not known, or not ours to conclude: the slot stays taken until a listing tells.
            text = f"{error} The next listings tell whether it was submitted."
            self._narrator.tell(Kind.TROUBLE, attempt, text)
            if isinstance(error, Denied):
                self._ledger.denied(attempt, str(error), self._now())
                self._count_refusal(error)
            return isinstance(error, NameTaken | Denied)
        else:
            self._refusals = 0
            self._ledger.submitted(attempt, uid, self._now())
            self._narrator.submitted(attempt)
        return True

    def _refuse(self, action: Refuse) -> None:
        """Remember and tell that the job's name is taken by a workload that is not ours.

        The cluster is not called. This invocation leaves the job alone, the next submit tries anew.
        """
        submit, now = action.submit, self._now()
        attempt = submit.instead_of
        if attempt is None:
            attempt = Attempt(key=submit.key, number=submit.number, reserved_at=now)
            if not self._take_slot(attempt, None, submit.why):
                return
        text = f"The name is taken by {action.taker}"
        self._ledger.refused(attempt, text, now)
        self._narrator.tell(Kind.REFUSED, attempt, text)
        self._spare(attempt)

    def _refused(self, attempt: Attempt, error: Rejected) -> None:
        """Remember and tell a refusal that cannot have had an effect: it frees the slot."""
        self._ledger.refused(attempt, str(error), self._now())
        self._narrator.tell(Kind.REFUSED, attempt, str(error))
        self._count_refusal(error)

    def _count_refusal(self, error: Rejected | Denied) -> None:
        """Raise Rejected for all jobs once so many were refused in a row."""
        self._refusals += 1
        if self._refusals == MOST_REFUSALS:
            text = f"{error} {MOST_REFUSALS} submits in a row were refused; no more are submitted."
            raise Rejected(text) from error

    def _called(self, action: Submit) -> Attempt:
        """Return the attempt as it is from the moment its submit call begins."""
        now = self._now()
        before = action.instead_of or _begun(action, now)
        attempt = replace(before, called_at=now, calls=before.calls + 1)
        attempt = replace(attempt, refusal=None, denial=None, missed=0)
        self._called_turns.add(attempt.turn)
        return attempt

    def _age_s(self, attempt: Attempt) -> float:
        """Return how long ago the attempt's call was begun, and so what others go by."""
        return (self._now() - (attempt.called_at or self._now())).total_seconds()

    def _is_others(self, attempt: Attempt) -> bool:
        """Whether another process has called the attempt since this one began."""
        began_at = self._patience.since
        is_later = attempt.called_at and began_at and attempt.called_at >= began_at
        return bool(is_later) and attempt.turn not in self._called_turns

    def _gather_few(self, failed: Sequence[Attempt]) -> bool:
        """Judge so many that the first need not wait for the last one's log: the next look goes on.

        Those that the cluster does not answer for hold up no others.
        """
        for first in range(0, len(failed), MOST_GATHERED):
            if self._stopped() or self._gather(failed[first : first + MOST_GATHERED]):
                return first == 0
        return not failed

    def _gather(self, attempts: Collection[Attempt]) -> bool:
        """Judge failed attempts by all the evidence, save their logs, and say so.

        Return False if the cluster did not answer for one of them. It is asked again at the next
        look; but not for ever: what can never be read is judged without.
        """
        answered = True
        with (
            closing(self._ledger.incoming()) as incoming,
            closing(gather(attempts, self._batch.prefix, self._cluster, incoming)) as findings,
        ):
            for found in findings:
                if found.attempt.is_unjudged:
                    answered = self._judge(found) and answered
                else:
                    self._correct(found)
                if self._stopped():
                    break  # each may take minutes; whoever comes next asks for the others
        return answered

    def _is_silent_for_good(self, attempt: Attempt, error: ClusterError) -> bool:
        """Whether nothing was to be had of the attempt for so long that nothing may ever be.

        A cluster that is busy, or wants a login, says that it will answer. That there is no log is
        an answer, which several looks in a row agree on.
        """
        if isinstance(error, Busy | Unauthorized):
            return False
        since = self._silent_since.setdefault(attempt.id, self._now())
        most = NO_LOG_AGREED if isinstance(error, NoLog) else MOST_SILENCE
        return self._now() - since >= most

    def _judge(self, found: Findings) -> bool:
        """Judge a failed attempt; return False if it has to be asked for again."""
        error = None if found.is_enough else found.error
        if error is not None and not self._is_silent_for_good(found.attempt, error):
            text = f"{error} Its log is asked for again."
            self._narrator.tell_once(Kind.TROUBLE, found.attempt, text)
            return False
        after = self._remember(found)
        self._narrator.judged(after)
        return True

    def _correct(self, found: Findings) -> None:
        """Judge once more what was judged on weak evidence; only a stronger one changes that."""
        self._wish = replace(self._wish, again=self._wish.again - {found.attempt.turn})
        after = self._remember(found)
        if after.outcome != found.attempt.outcome:
            self._narrator.corrected(found.attempt, after)

    def _remember(self, found: Findings) -> Attempt:
        """Save the log if there is one, and the verdict; return the attempt with it."""
        after, now = found.judged(self._batch), self._now()
        if found.log is not None:
            self._ledger.save_log(found.attempt, found.file, _description(after), now)
        self._ledger.judged(after, now)
        return after

    def _delete(self, attempts: Sequence[Attempt]) -> bool:
        """Save the logs, then the intention, then ask the workloads to go; return False on trouble.

        What the disk must know is written down for a group of them together, before they are asked.
        """
        wanted = [each for each in attempts if not self._was_asked_in_vain(each)]
        went_well = True
        gone: list[Attempt] = []

        def groups() -> Iterator[Sequence[Attempt]]:
            nonlocal went_well
            most = most_together(self._cluster)
            for first in range(0, len(wanted), most):
                if first and self._is_over():
                    return
                self._ledger.erased(gone, self._now())
                gone.clear()
                group = wanted[first : first + most]
                saved = self._save_logs(group)
                went_well = went_well and len(saved) == len(group)
                yield self._asked_to_go(saved)

        with closing(ask_to_go(groups(), self._batch.prefix, self._cluster)) as answers:
            for attempt, answer in answers:
                if isinstance(answer, ClusterError):
                    self._not_deleted(attempt, answer)
                    went_well = False
                else:
                    gone += [attempt] if answer else []
                    self._deleted(attempt, is_gone=answer)
        self._ledger.erased(gone, self._now())
        return went_well

    def _asked_to_go(self, saved: Sequence[Attempt]) -> Sequence[Attempt]:
        """Write down that these are asked to go; return those of which that is still to be done.

        Those of which the end is another by now are for the next look to decide.
        """
        why = Why.AGREED if self._wish.foreign else None
        now, cap = self._now(), self._batch.cap
        since = self._patience.leaving_since(now)
        return self._ledger.delete_asked(saved, now, cap, why=why, leaving_since=since)

    def _was_asked_in_vain(self, attempt: Attempt) -> bool:
        """Whether the cluster agreed so often that asking is of no use: a person is told."""
        if self._asked[attempt.turn] < MOST_ASKED:
            return False
        self._narrator.tell(Kind.TROUBLE, attempt, ASKED_IN_VAIN)
        self._spare(attempt)
        return True

    def _deleted(self, attempt: Attempt, *, is_gone: bool) -> None:
        before = self._asked[attempt.turn]
        self._asked[attempt.turn] += 1
        what = "deleted" if is_gone else "asked to go"
        if before and not is_gone:
            what = "still there, asked to go once more"
        why = "" if before or self._wish.delete is not None else _why_to_go(attempt)
        self._narrator.tell(Kind.DELETE, attempt, f"{what}{why}; its log is saved")

    def _not_deleted(self, attempt: Attempt, error: ClusterError) -> None:
        self._narrator.tell_once(Kind.TROUBLE, attempt, f"{error} It is not deleted yet.")
        if self._is_silent_for_good(attempt, error):
            self._spare(attempt)

    def _save_logs(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Save what logs are not saved yet; return the attempts whose logs are saved."""
        saved = {each.id for each in attempts if each.log is not None}

        missing = [each for each in attempts if each.log is None]

        def found(incoming: Incoming) -> Iterator[tuple[Attempt, Path | None, str]]:
            for each in self._gathered(missing, incoming):
                if each.log is None and each.error and not self._has_no_log(each):
                    self._not_deleted(each.attempt, each.error)
                else:
                    saved.add(each.attempt.id)
                    yield each.attempt, each.file, _description(each.attempt)

        if missing:
            with closing(self._ledger.incoming()) as incoming:
                self._ledger.save_logs(found(incoming), self._now())
        return [each for each in attempts if each.id in saved]

    def _gathered(self, attempts: Sequence[Attempt], incoming: Incoming) -> Iterator[Findings]:
        """Yield the evidence of each, unless we are stopped; few logs at a time are fetched."""
        for first in range(0, len(attempts), MOST_GATHERED):
            if self._stopped() and first:
                return
            few = attempts[first : first + MOST_GATHERED]
            with closing(gather(few, self._batch.prefix, self._cluster, incoming)) as findings:
                yield from findings

    def _has_no_log(self, found: Findings) -> bool:
        """Whether it is sure that there is no log: one answer that says so may be wrong."""
        attempt, error = found.attempt, found.error
        if not isinstance(error, NoLog):
            return False
        ended_at = attempt.ended_at or self._now()
        is_old = self._now() - ended_at >= LOGS_ARE_GONE_AFTER
        return is_old or attempt.never_ran or self._is_silent_for_good(attempt, error)

    def _spare(self, attempt: Attempt) -> None:
        """Leave the attempt and its workload alone from now on: it cannot be deleted."""
        self._wish = replace(self._wish, spare=self._wish.spare | {attempt.turn})

    def _hear(self, event: Event) -> None:
        """Remember what no change of an attempt tells, and pass everything on."""
        if event.kind in TOLD:
            self._ledger.told(event, self._now())
        self._ears.event(event)

    def _snapshot(self, view: View) -> Snapshot:
        return snapshot_of(self._batch, view, self._now())

    def _now(self) -> datetime:
        """Return the batch's time: no other process's was ahead of it when we looked last."""
        return self._clock.now() + self._ahead

    def _keep_up(self) -> None:
        """Go by whichever clock is ahead, of those that work on the batch.

        Two machines' clocks differ, and so do those of two processes when somebody set the clock in
        between. What one has just submitted must not look old to the other; and the seconds that
        are skipped were waited by nobody.
        """
        latest, now = self._ledger.latest_tick(), self._now()
        if latest is not None and latest > now:
            self._ahead += latest - now
            self._patience = replace(self._patience, since=latest, doubted_since=None)
            self._silent_since.clear()

    def _next_look(self, left: Plan, looked_at: datetime) -> datetime:
        if left.actions:
            return looked_at
        usual = looked_at + timedelta(seconds=self._pace.poll_interval_s)
        return min(usual, left.wake_at or usual)

    def _sleep_until(self, at: datetime, at_most_s: float) -> None:
        """Sleep until then; should the clock be set back meanwhile, not for longer than usual."""
        seconds = min((at - self._now()).total_seconds(), at_most_s)
        if seconds > 0:
            self._clock.sleep(seconds)


def _in_turns(actions: Sequence[Action]) -> Iterator[tuple[Action, ...]]:
    """Yield the actions one by one, in their order; but deletions in a row together."""
    for is_deletion, group in groupby(actions, key=lambda action: isinstance(action, Delete)):
        row = tuple(group)
        yield from (row,) if is_deletion else ((action,) for action in row)


def _begun(action: Submit | Reserve, now: datetime) -> Attempt:
    """Return the new attempt that the action begins."""
    return Attempt(key=action.key, number=action.number, reserved_at=now, reruns=action.reruns)


def _why_to_go(attempt: Attempt) -> str:
    is_double = attempt.ended_at is None
    return ", since its job has another workload" if is_double else " to make room for the next"


def _description(attempt: Attempt) -> str:
    """Return what is known of how the attempt ended, as JSON."""
    evidence = asdict(attempt.evidence) if attempt.evidence else {}
    known = {"uid": attempt.uid, "phase": attempt.phase}
    return json.dumps({"key": attempt.key, "number": attempt.number, **known, **evidence}, indent=2)
