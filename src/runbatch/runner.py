"""The loop: observe, record, plan, act. It decides nothing; it carries out what `plan` says.

One thread. The ledger is written before the cluster is called, so a stop or a crash between any two
steps is picked up by the next tick, whoever makes it.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from runbatch.clock import Clock
from runbatch.clusters.base import Cluster
from runbatch.core import events
from runbatch.core.attempt import Attempt, Listing, Phase
from runbatch.core.batch import Batch
from runbatch.core.errors import ClusterError, NameTaken, Rejected, Unauthorized
from runbatch.core.events import Event, Kind
from runbatch.core.job import View
from runbatch.core.planner import Action, Delete, Gather, Plan, Release, Reserve, Submit, Wish, plan
from runbatch.core.reconcile import Learned
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.workload import workload_of
from runbatch.evidence import Findings, gather
from runbatch.ledger.store import Ledger

# After so many looks in vain a failed attempt is judged by what is known without its log.
MOST_SILENCES = 5
# So many refusals in a row are not about one job.
MOST_REFUSALS = 3
# A deletion that takes so many times the cluster's grace is told of.
STUCK_AFTER = 2
_BEFORE_RUNNING = (Phase.CREATING, Phase.PENDING, Phase.INITIALIZING)


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
        self._may_submit_at = clock.now()
        self._last_said: dict[Kind, str] = {}
        self._told: set[str] = set()
        self._silence: str | None = None
        self._refusals = 0
        self._silences: Counter[tuple[str, int]] = Counter()

    def run(self, command: str) -> Snapshot:
        """Tick until nothing is left to do, or `stopped`; return the batch as it then is.

        `command` is what others are told is running. Raises LedgerError.
        """
        run = self._ledger.begin_run(command, self._clock.now())
        try:
            while not self._stopped():
                looked_at = self._clock.now()
                left = self.tick()
                if left.done:
                    break
                self._ledger.tick_run(run, self._clock.now())
                self._sleep_until(self._next_look(left, looked_at), self._pace.poll_interval_s)
        finally:
            self._ledger.tick_run(run, self._clock.now(), ended=True)
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
        self._tell_waiting(planned, view)
        if not self._perform_all(planned, looked_at):
            return Plan()
        view = replace(self._ledger.view(), trusted=view.trusted)
        self._ears.snapshot(self._snapshot(view))
        return self._plan(view)

    def _plan(self, view: View) -> Plan:
        now = self._clock.now()
        return plan(self._batch, view, self._wish, now, self._cluster.patience)

    def _observe(self) -> View:
        """Return what is known after one listing; not trusted if there was none to believe."""
        before = self._ledger.view()
        try:
            listing = self._cluster.list(self._batch.prefix)
        except ClusterError as error:
            self._tell_silence(_of_silence(error, before))
            return replace(before, trusted=False)
        learned = self._ledger.record(
            listing, before.called, self._batch, self._clock.now(), self._cluster.patience
        )
        self._tell_learned(listing, learned)
        return learned.view

    def _tell_learned(self, listing: Listing, learned: Learned) -> None:
        """Tell what a listing taught, and whether the cluster is to be believed again."""
        if not learned.view.trusted:
            text = "The cluster lists nothing at all, though jobs were just there."
            self._tell_silence(f"{text} Nothing is submitted until it does.")
        elif self._silence is not None:
            self._silence = None
            self._tell(Event(Kind.OK, "The cluster answers again."))
        for reason in sorted(_reasons(listing) - self._told):
            self._told.add(reason)
            self._tell(Event(Kind.PENDING, f"Jobs wait for the cluster: {reason}."))
        self._tell_stuck(learned.view)
        for change in learned.changes:
            if event := events.of_change(change, self._batch):
                self._tell(event)

    def _tell_silence(self, text: str) -> None:
        """Tell, once per change, why the cluster is not believed."""
        if text != self._silence:
            self._silence = text
            self._tell(Event(Kind.TROUBLE, text))

    def _tell_stuck(self, view: View) -> None:
        """Tell, once each, which workloads hold a slot until a person does something."""
        for key in sorted(view.in_flight):
            why = self._why_stuck(view.job(key).holder)
            if why is not None and (told := f"{key} {why}") not in self._told:
                self._told.add(told)
                name = self._batch.workload_name(key)
                self._tell(Event(Kind.TROUBLE, f"{name} {why}", key))

    def _why_stuck(self, holder: Attempt | None) -> str | None:
        if holder is None:
            return None
        if holder.phase is Phase.STOPPED:
            return "is Stopped and keeps its slot; resume or delete it."
        if holder.delete_asked_at is None:
            return None
        waited_s = (self._clock.now() - holder.delete_asked_at).total_seconds()
        is_long = waited_s >= STUCK_AFTER * self._cluster.patience.grace_s
        return "is still being deleted; ask an admin." if is_long else None

    def _perform_all(self, planned: Plan, looked_at: datetime) -> bool:
        """Carry out the plan as far as it goes; return False if the cluster was asked in vain.

        Then nothing is tried again before the usual interval is over.
        """
        failed = [action.attempt for action in planned.actions if isinstance(action, Gather)]
        went_well = self._gather(failed)
        until = looked_at + timedelta(seconds=self._pace.poll_interval_s)
        for action in planned.actions:
            done = self._perform(action)
            went_well = went_well and done
            # A plan grows old: past the interval the world is looked at anew, and planned anew.
            is_over = self._stopped() or self._clock.now() >= until
            if is_over or (isinstance(action, Submit) and not done):
                break
        return went_well

    def _perform(self, action: Action) -> bool:
        """Carry out one action; return False if the cluster did not do what was asked."""
        match action:
            case Submit():
                return self._submit(action)
            case Reserve():
                self._reserve(action)
            case Delete():
                return self._delete(action.attempt)
            case Release():
                self._ledger.release(action.attempt)
                name = self._batch.workload_name(action.attempt.key)
                self._tell(Event(Kind.SKIP, f"{name}: {action.why}", action.attempt.key))
            case Gather():
                pass  # all of them are gathered side by side, before anything else
        return True

    def _reserve(self, action: Reserve) -> None:
        now = self._clock.now()
        new = Attempt(key=action.key, number=action.number, reserved_at=now, follows=action.follows)
        self._ledger.reserve(new, None, self._batch.cap)

    def _submit(self, action: Submit) -> bool:
        self._sleep_until(self._may_submit_at, self._pace.submit_interval_s)
        if self._stopped():
            return False
        attempt = self._called(action)
        if not self._ledger.reserve(attempt, action.instead_of, self._batch.cap):
            return True
        self._may_submit_at = self._clock.now() + timedelta(seconds=self._pace.submit_interval_s)
        try:
            uid = self._cluster.submit(workload_of(self._batch, attempt.key, attempt.number))
        except Rejected as error:
            self._refused(attempt, error)
        except ClusterError as error:
            # Not known, or not ours to conclude: the slot stays taken until a listing tells.
            name = self._batch.workload_name(attempt.key)
            text = f"{name}: {error} The next listings tell whether it was submitted."
            self._tell(Event(Kind.TROUBLE, text, attempt.key))
            return isinstance(error, NameTaken)
        else:
            self._refusals = 0
            self._ledger.submitted(attempt, uid, self._clock.now())
            self._last_said.pop(Kind.WAIT, None)
            self._tell(events.of_submit(attempt.key, attempt.number, self._batch))
        return True

    def _refused(self, attempt: Attempt, error: Rejected) -> None:
        """Remember and tell a refusal; where each job is refused, raise the error for all."""
        self._ledger.refused(attempt, str(error))
        name = self._batch.workload_name(attempt.key)
        self._tell(Event(Kind.REFUSED, f"{name}: {error}", attempt.key))
        self._refusals += 1
        if self._refusals == MOST_REFUSALS:
            text = f"{error} {MOST_REFUSALS} jobs in a row were refused; no more are submitted."
            raise Rejected(text) from error

    def _called(self, action: Submit) -> Attempt:
        """Return the attempt as it is from the moment its submit call begins."""
        now = self._clock.now()
        attempt = action.instead_of or Attempt(
            key=action.key, number=action.number, reserved_at=now
        )
        return replace(attempt, called_at=now, calls=attempt.calls + 1, refusal=None, missed=0)

    def _gather(self, attempts: Collection[Attempt]) -> bool:
        """Judge failed attempts by all the evidence, save their logs, and say so.

        Return False if the cluster did not answer for one of them. It is asked again at the next
        look; but not for ever: what can never be read is judged without.
        """
        answered = True
        for found in gather(attempts, self._batch.prefix, self._cluster):
            self._silences[found.attempt.id] += found.error is not None
            if found.error and self._silences[found.attempt.id] < MOST_SILENCES:
                name = self._batch.workload_name(found.attempt.key)
                self._tell_once(Kind.TROUBLE, f"{name}: {found.error} Its log is asked for again.")
                answered = False
            else:
                self._judge(found)
        return answered

    def _judge(self, found: Findings) -> None:
        after = found.judged(self._batch.retry)
        if found.error is None:
            self._ledger.save_log(found.attempt, found.log, _description(after))
        self._ledger.judged(after)
        self._tell(events.of_verdict(after, self._batch))

    def _delete(self, attempt: Attempt) -> bool:
        """Save the log, then the intention, then ask the workload to go."""
        try:
            if attempt.log is None:
                (found,) = gather([attempt], self._batch.prefix, self._cluster)
                if found.error is not None:
                    raise found.error
                self._ledger.save_log(attempt, found.log, _description(attempt))
            self._ledger.delete_asked(attempt, self._clock.now())
            self._cluster.delete(*self._workload_of(attempt))
        except ClusterError as error:
            self._tell(Event(Kind.TROUBLE, str(error), attempt.key))
            return False
        name = self._batch.workload_name(attempt.key)
        self._tell(Event(Kind.DELETE, f"{name} (its log is saved)", attempt.key))
        return True

    def _workload_of(self, attempt: Attempt) -> tuple[str, str]:
        return self._batch.workload_name(attempt.key), attempt.uid or ""

    def _snapshot(self, view: View) -> Snapshot:
        return snapshot_of(self._batch, view, self._clock.now())

    def _next_look(self, left: Plan, looked_at: datetime) -> datetime:
        if left.actions:
            return looked_at
        usual = looked_at + timedelta(seconds=self._pace.poll_interval_s)
        return min(usual, left.wake_at or usual)

    def _sleep_until(self, at: datetime, at_most_s: float) -> None:
        """Sleep until then; should the clock be set back meanwhile, not for longer than usual."""
        seconds = min((at - self._clock.now()).total_seconds(), at_most_s)
        if seconds > 0:
            self._clock.sleep(seconds)

    def _tell(self, event: Event) -> None:
        self._ears.event(event)

    def _tell_once(self, kind: Kind, text: str) -> None:
        """Tell it unless it was the last thing told of its kind."""
        if self._last_said.get(kind) != text:
            self._last_said[kind] = text
            self._tell(Event(kind, text))

    def _tell_waiting(self, planned: Plan, view: View) -> None:
        """Say so when jobs wait for nothing but a free slot."""
        if not planned.starved or planned.actions:
            return
        active = len(view.in_flight)
        text = f"{active} active jobs in batch (max: {self._batch.cap})."
        self._tell_once(Kind.WAIT, f"{text} Waiting {self._pace.poll_interval_s:g}s...")


def _description(attempt: Attempt) -> str:
    """Return what is known of how the attempt ended, as JSON."""
    evidence = asdict(attempt.evidence) if attempt.evidence else {}
    known = {"uid": attempt.uid, "phase": attempt.phase.value if attempt.phase else None}
    return json.dumps({"key": attempt.key, "number": attempt.number, **known, **evidence}, indent=2)


def _reasons(listing: Listing) -> set[str]:
    """Return what the cluster says that workloads wait for, before they run."""
    waiting = (each for each in listing.observations if each.phase in _BEFORE_RUNNING)
    return {each.reason for each in waiting if each.reason}


def _of_silence(error: ClusterError, before: View) -> str:
    """Return what a person must know when the cluster does not answer."""
    if isinstance(error, Unauthorized):
        running = f"{len(before.in_flight)} running jobs are not affected"
        return f"{error}; {running}, submitting goes on by itself."
    return f"{error} Nothing is submitted until it answers again."
