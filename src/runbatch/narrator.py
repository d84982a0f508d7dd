"""What people are told while the loop runs: each thing once, and again only when it changes."""

from collections.abc import Callable, Sequence
from datetime import datetime

from runbatch.core import events
from runbatch.core.actions import Plan, Streak
from runbatch.core.attempt import Attempt, Listing, Patience
from runbatch.core.batch import Batch
from runbatch.core.errors import ClusterError, Unauthorized
from runbatch.core.events import Event, Kind
from runbatch.core.job import Job, View
from runbatch.core.reconcile import Change, Learned
from runbatch.core.stage import Stage
from runbatch.core.waits import NOTHING_LISTED, slots_of

# A deletion that takes so many times the cluster's grace is told of.
STUCK_AFTER = 2
_MOST_VARIABLES = 10


class Narrator:
    """Tells one invocation's story to `hear`; remembers only what it has told."""

    def __init__(
        self, batch: Batch, hear: Callable[[Event], None], is_others: Callable[[Attempt], bool]
    ) -> None:
        """`is_others` tells of an attempt whether another process tells of it."""
        self._batch = batch
        self._is_others = is_others
        self._hear = hear
        self._told: set[str] = set()
        self._silence: Event | None = None
        self._waiting: str | None = None

    def tell(self, kind: Kind, attempt: Attempt, text: str) -> None:
        """Tell something of one job, by its workload's name."""
        name = self._batch.workload_name(attempt.key)
        self._hear(Event(kind, f"{name}: {text}", attempt.key))

    def tell_once(self, kind: Kind, attempt: Attempt, text: str) -> None:
        """Tell something of one job, unless it was told before."""
        if (told := f"{attempt.key} {text}") not in self._told:
            self._told.add(told)
            self.tell(kind, attempt, text)

    def differing(self, variables: Sequence[str]) -> None:
        """Tell which variables of this shell are not as the batch's first jobs got them."""
        if variables:
            shown = ", ".join(variables[:_MOST_VARIABLES])
            more = len(variables) - _MOST_VARIABLES
            names = f"{shown} and {more} more" if more > 0 else shown
            text = f"This shell differs from that of the batch's first jobs in {names}."
            self._hear(Event(Kind.TROUBLE, text))

    def submitted(self, attempt: Attempt) -> None:
        """Tell of a submission; whoever waits after it waits anew."""
        self._waiting = None
        self._hear(events.of_submit(attempt.key, attempt.number, self._batch))

    def judged(self, attempt: Attempt) -> None:
        """Tell a verdict."""
        self._hear(events.of_verdict(attempt, self._batch))

    def corrected(self, before: Attempt, after: Attempt) -> None:
        """Tell a verdict that takes the place of another."""
        self._hear(events.of_correction(before, after, self._batch))

    def no_answer(self, error: ClusterError, before: View) -> None:
        """Tell, once per change, why the cluster was not heard."""
        if isinstance(error, Unauthorized):
            running = f"{before.slots} running jobs are not affected"
            text = f"{error}; {running}, submitting goes on by itself."
        else:
            text = f"{error} Nothing is submitted until it answers again."
        self._tell_silence(Event(Kind.TROUBLE, text))

    def learned(
        self, listing: Listing, learned: Learned, now: datetime, patience: Patience
    ) -> None:
        """Tell what a listing taught, and whether the cluster is to be believed again."""
        if not learned.view.trusted:
            text = f"{NOTHING_LISTED} Nothing is submitted until it does."
            self._tell_silence(Event(Kind.TROUBLE, text))
        elif self._silence is not None:
            self._hear(_end_of(self._silence, listing, patience))
            self._silence = None
        if listing.no_submit and listing.no_submit not in self._told:
            self._told.add(listing.no_submit)
            text = f"{listing.no_submit} Nothing is submitted; all else goes on."
            self._hear(Event(Kind.TROUBLE, text))
        self._tell_what_waits(listing, learned, now, patience)
        for attempt in learned.forgotten:
            self._hear(events.of_forgotten(attempt, self._batch))
        for change in learned.changes:
            self._tell_change(change)

    def _tell_what_waits(
        self, listing: Listing, learned: Learned, now: datetime, patience: Patience
    ) -> None:
        for reason in sorted(_reasons(listing) - self._told):
            self._told.add(reason)
            self._hear(Event(Kind.PENDING, f"Jobs wait for the cluster: {reason}."))
        for key, cause in sorted(learned.unreadable.items()):
            self._tell_unreadable(key, cause)
        for key in sorted(learned.view.in_flight):
            job = learned.view.job(key)
            if job.doubled:
                self.tell_once(Kind.TROUBLE, job.doubled[-1], _of_double(job, patience))
            holder = job.holder
            if holder is not None and (why := _why_stuck(holder, now, patience)):
                self.tell_once(Kind.TROUBLE, holder, why)

    def _tell_unreadable(self, key: str, why: str) -> None:
        name = self._batch.workload_name(key)
        text = f"{name} is there, but cannot be read: {why}. Only this job waits."
        if text not in self._told:
            self._told.add(text)
            self._hear(Event(Kind.TROUBLE, text, key))

    def _tell_change(self, change: Change) -> None:
        before, event = change.before, events.of_change(change, self._batch)
        is_told_by_others = before and before.unanswered and self._is_others(before)
        if event and not is_told_by_others:
            self._hear(event)

    def given_up(self, streak: Streak) -> None:
        """Tell, once, why nothing more is started."""
        if streak.end in self._told:
            return
        self._told.add(streak.end)
        ended = f"{streak.count} jobs ended alike ({streak.end}) and none succeeded"
        mended = "Correct the batch, then submit again; --keep-going starts all the same."
        text = f"{ended}: no more are started. {mended}"
        self._hear(Event(Kind.TROUBLE, text))

    def waiting(self, planned: Plan, view: View, now: datetime, poll_interval_s: float) -> None:
        """Tell when jobs wait for nothing but a free slot, and what holds the slots just then."""
        if not planned.starved or planned.actions:
            return
        active = f"{view.slots} active jobs in batch (max: {self._batch.cap})."
        text = f"{active} Waiting {poll_interval_s:g}s..."
        if text != self._waiting:
            self._waiting = text
            slots = slots_of(view.jobs.values(), now)
            self._hear(Event(Kind.WAIT, f"{text} ({slots})"))

    def _tell_silence(self, event: Event) -> None:
        if event != self._silence:
            self._silence = event
            self._hear(event)


def _end_of(silence: Event, listing: Listing, patience: Patience) -> Event:
    """Return what ends the silence: an answer, or that nothing but an empty one is to come."""
    if listing.proves_absence or not silence.text.startswith(NOTHING_LISTED):
        return Event(Kind.OK, "The cluster answers again.")
    waited = f"{patience.doubt_s / 60:g} minutes"
    text = (
        f"The cluster has answered and listed nothing at all for {waited}: "
        "runbatch takes what was there for gone, and goes on."
    )
    return Event(Kind.TROUBLE, text)


def _reasons(listing: Listing) -> set[str]:
    """Return what the cluster says that workloads wait for, before they run."""
    waiting = (each for each in listing.observations if each.stage.is_before_running)
    return {each.reason for each in waiting if each.reason}


def _of_double(job: Job, patience: Patience) -> str:
    """Return what people are to know of a job that has several live workloads."""
    text = f"the cluster lists {len(job.doubled)} live workloads of this job. Each holds a slot"
    if patience.names_unique:
        return f"{text}; delete the one that is too many."
    return f"{text}. A younger one is removed unless it has started."


def _why_stuck(holder: Attempt, now: datetime, patience: Patience) -> str | None:
    """Return why a workload holds a slot until a person does something, if it does."""
    if holder.stage is Stage.HELD:
        return "it is stopped and keeps its slot; resume or delete it."
    if holder.delete_asked_at is None:
        return None
    waited_s = (now - holder.delete_asked_at).total_seconds()
    is_long = waited_s >= STUCK_AFTER * patience.grace_s
    return "it is still being deleted; ask an admin." if is_long else None
