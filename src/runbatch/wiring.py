"""Puts the parts together: which folder, which cluster, which ledger, at what pace."""

import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

import platformdirs

from runbatch.clock import Clock
from runbatch.clusters.base import Cluster
from runbatch.clusters.kinds import Kind, kind_of
from runbatch.core.asked import Asked, turns_of
from runbatch.core.attempt import Listing
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError, LedgerError, Unreachable
from runbatch.core.job import State, View
from runbatch.core.reconcile import Learned, learn
from runbatch.core.whose import Claims, Stranger
from runbatch.core.wish import Wish, rerun, stale
from runbatch.evidence import judged_on_sight
from runbatch.ledger.invocations import Invocation
from runbatch.ledger.store import FILE_NAME, Ledger
from runbatch.ledger.uses import EarlierUse
from runbatch.runner import Pace

STATE_DIR_VARIABLE = "RUNBATCH_STATE_DIR"
# Looking more often is of no use to anyone; less often, and a batch seems to be stuck.
SHORTEST_POLL_S = 0.05
LONGEST_INTERVAL_S = 3600


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the cluster that left no trace: what was known before, and what it would teach.

    `adopt` are the uids of workloads that are not the batch's, and that a person said yes to.
    """

    before: View
    listing: Listing
    learned: Learned
    learn: Callable[[frozenset[str]], Learned]
    adopt: frozenset[str] = frozenset()

    def agreed(self, strangers: Iterable[Stranger]) -> "Look":
        """Return the look once a person has said yes to these, too."""
        adopt = self.adopt | {each.observation.uid for each in strangers}
        return replace(self, adopt=adopt, learned=self.learn(adopt)) if adopt else self

    def check_can_submit(self) -> None:
        """Raise Unreachable with the reason if nothing can be submitted there now."""
        if self.listing.no_submit:
            raise Unreachable(f"{self.listing.no_submit} Nothing can be submitted.")

    def turns(self, keys: Iterable[str]) -> frozenset[tuple[str, int, int]]:
        """Return the last attempts of these jobs, each by its turn, but for jobs in flight."""
        return rerun(self.learned.view, frozenset(keys))

    @property
    def doubtful(self) -> frozenset[tuple[str, int, int]]:
        """Return the last attempts that were judged on weak evidence, each by its turn."""
        lasts = (job.last for job in self.before.jobs.values())
        return frozenset(last.turn for last in lasts if last is not None and last.is_doubtful)

    def wish_to_submit(
        self,
        *,
        wait: bool = False,
        rerun: frozenset[tuple[str, int, int]] = frozenset(),
        keep_going: bool = False,
    ) -> Wish:
        """Return the wish of a `submit` that begins now; `rerun` are to be run again."""
        return Wish(
            start=True,
            wait=wait,
            stale=stale(self.before),
            rerun=rerun,
            keep_going=keep_going,
            adopt=self.adopt,
        )

    def wish_to_retry(
        self,
        named: frozenset[str] = frozenset(),
        asked: frozenset[tuple[str, int, int]] = frozenset(),
        *,
        once: bool = False,
    ) -> Wish:
        """Return the wish: what the infrastructure breaks, or the jobs a person named.

        `asked` are those of these that are still to be started again: only what has failed is.
        """
        jobs = self.learned.view.jobs.values()
        failed = self.turns(job.key for job in jobs if job.state is State.FAILED)
        if named:
            return Wish(retry=True, once=once, only=frozenset(), rerun=failed & asked)
        return Wish(retry=True, once=once, only=failed if once else None, again=self.doubtful)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a batch's state is kept, and the cluster it runs on."""

    batch: Batch
    state_dir: Path

    @property
    def kind(self) -> Kind:
        """Return the kind of the batch's cluster; raise BatchError if there is none of its name."""
        return kind_of(self.batch.cluster.kind)

    @property
    def ledger_folder(self) -> Path:
        """Return the folder of the ledger and saved logs; raise BatchError where it can have none.

        The kind of cluster decides it: one a prefix, on each cluster where names are its own.
        """
        return self.state_dir / self.kind.identity(self.batch).folder

    def check_folders(self) -> None:
        """Raise LedgerError if something else is in the place of a folder of the batch's state.

        To look through a file shows no ledger and no workload, as if nothing had ever been done.
        """
        folders = [self.ledger_folder / "logs", *self.kind.records(self.state_dir)]
        for each in chain.from_iterable((folder, *folder.parents) for folder in folders):
            # What else may be wrong with it is said by whoever uses it.
            if os.path.lexists(each) and not os.path.isdir(each):  # noqa: PTH112
                # Another folder would know nothing of the jobs that this one's ledger remembers.
                is_new = not (self.ledger_folder / FILE_NAME).exists()
                other = ", or name another folder with --state-dir" if is_new else ""
                raise LedgerError(f"{each} is in the place of a folder. Move it away{other}.")

    def open_ledger(self) -> Ledger:
        """Return the batch's ledger, made if need be; raise LedgerError, or BatchError."""
        ledger = Ledger(self.ledger_folder)
        try:
            if lasting := self.kind.identity(self.batch).lasting:
                ledger.begin_type(*lasting)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def has_ledger(self) -> bool:
        """Whether anything was ever written down here; raise LedgerError."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        ledger.close()
        return not ledger.is_new

    def remembered(self) -> View:
        """Return what the ledger knows, making nothing; raise LedgerError."""
        return self._remembered()[0]

    def _remembered(self) -> tuple[View, str | None]:
        """Return what the ledger knows, and its mark."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            return ledger.view(), ledger.batch_id()
        finally:
            ledger.close()

    def asked(self) -> tuple[Asked, ...]:
        """Return what people asked to be run again, making nothing; raise LedgerError."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            return ledger.asked()
        finally:
            ledger.close()

    def ask(
        self, keys: Collection[str], view: View, now: datetime, *, failed_only: bool = False
    ) -> frozenset[tuple[str, int, int]]:
        """Remember that these jobs are to be run again until each was; return the `Wish.rerun`.

        `view` is what is known of them; see `core.asked.ask`. Raises LedgerError, or BatchError.
        """
        if not keys:
            return frozenset()
        ledger = self.open_ledger()
        try:
            return turns_of(ledger.ask(keys, view, now, failed_only=failed_only), keys)
        finally:
            ledger.close()

    def cluster(self, *, for_one_look: bool = False) -> Cluster:
        """Return the batch's cluster; nothing is started or made.

        `for_one_look`: nobody will ask it again, so what may tell more later is done without.
        """
        self.kind.check(self.batch)
        return self.kind.open(self.batch, self.state_dir, for_one_look)

    def at_work(self, now: datetime) -> tuple[Invocation, ...]:
        """Return the invocations that work on the batch now, making nothing; raise LedgerError."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            return ledger.live_invocations(now)
        finally:
            ledger.close()

    def moved_from(self) -> str | None:
        """Return another folder that the batch of this name was last worked on from, if any.

        It may be another batch that took the same prefix, and so the same ledger.
        """
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            before = ledger.batch_folder()
        finally:
            ledger.close()
        return before if before != str(self.batch.folder) else None

    def earlier_use(self, now: datetime) -> EarlierUse:
        """Return what of the batch's success is of another folder, or of another definition."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            return ledger.earlier_use(self.batch, now)
        finally:
            ledger.close()

    def look(
        self, clock: Clock, *, judge: bool | None = None, cluster: Cluster | None = None
    ) -> Look:
        """Return the batch as one listing shows it, remembering nothing; raise ClusterError.

        With `judge` also the evidence of what has failed is asked for, be it slow; if that is left
        open, only where it costs next to nothing. Who looks often names the `cluster` to ask.
        """
        if judge is None:
            judge = self.kind.judges_on_sight
        cluster = cluster or self.cluster(for_one_look=True)
        before = self.remembered()
        listing = cluster.list(self.batch.prefix)
        # A job that another command started meanwhile is in the ledger by now, and no stranger's.
        (view, batch_id), now = self._remembered(), clock.now()
        batch, patience = self.batch, cluster.patience

        def learn_of(agreed: frozenset[str]) -> Learned:
            claims = Claims(batch_id, agreed)
            learned = learn(batch, view, listing, before.called, now, patience, claims)
            if judge:
                seen = judged_on_sight(learned.view, batch, cluster)
                learned = replace(learned, view=seen)
            return learned

        return Look(before, listing, learn_of(frozenset()), learn_of)


def state_dir(option: Path | str | None) -> Path:
    """Return the state folder: the option, else RUNBATCH_STATE_DIR, else the user's own.

    Raises BatchError for what can be none, and where the user has none of their own.
    """
    if option == "":
        raise BatchError("--state-dir", "is empty; name a folder, or leave it out.")
    chosen = option or os.environ.get(STATE_DIR_VARIABLE)
    folder = Path(chosen).absolute() if chosen else _own_state_dir()
    with suppress(OSError):  # what else is wrong with it, the ledger says
        if folder.is_file():
            raise BatchError("--state-dir", f"{folder} is a file; name a folder.")
    return folder


def place_of(batch: Batch, option: Path | str | None) -> Place:
    """Return where this batch lives; raise BatchError or LedgerError if nothing can live there."""
    place = Place(batch, state_dir(option))
    place.check_folders()
    return place


def _own_state_dir() -> Path:
    try:
        return platformdirs.user_state_path("runbatch")
    except RuntimeError as error:  # no HOME, and no such user: as in many a container
        problem = "this user has no home folder, so name a folder for the state."
        raise BatchError("--state-dir", problem) from error


def pace_of(batch: Batch, poll_interval_s: float | None, submit_interval_s: float | None) -> Pace:
    """Return the pace asked for, else the one that suits the batch's cluster."""
    usual = kind_of(batch.cluster.kind)
    return Pace(
        usual.poll_interval_s if poll_interval_s is None else poll_interval_s,
        usual.submit_interval_s if submit_interval_s is None else submit_interval_s,
    )
