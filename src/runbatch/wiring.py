"""Puts the parts together: which folder, which cluster, which ledger, at what pace."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from runbatch.clock import Clock
from runbatch.clusters.base import Cluster
from runbatch.clusters.local.cluster import LocalCluster
from runbatch.core.batch import Batch
from runbatch.core.job import View
from runbatch.core.planner import Wish, rerun, stale
from runbatch.core.reconcile import Learned, learn
from runbatch.ledger.store import Ledger
from runbatch.runner import Pace

STATE_DIR_VARIABLE = "RUNBATCH_STATE_DIR"
LOCAL_PACE = Pace(poll_interval_s=0.5, submit_interval_s=0)


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the cluster that left no trace: what was known before, and what it would teach."""

    before: View
    learned: Learned

    def wish_to_submit(self, *, wait: bool = False, keys: Iterable[str] = ()) -> Wish:
        """Return the wish of a `submit` that begins now; `keys` are to be run again."""
        named = rerun(self.learned.view, frozenset(keys))
        return Wish(start=True, wait=wait, stale=stale(self.before), rerun=named)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a batch's state is kept, and the cluster it runs on."""

    batch: Batch
    state_dir: Path

    @property
    def ledger_folder(self) -> Path:
        """Return the folder of the batch's ledger and saved logs: one a cluster and prefix."""
        return self.state_dir / self.batch.cluster / self.batch.prefix

    def open_ledger(self) -> Ledger:
        """Return the batch's ledger, made if need be; raise LedgerError."""
        return Ledger(self.ledger_folder)

    def remembered(self) -> View:
        """Return what the ledger knows, making nothing; raise LedgerError."""
        ledger = Ledger(self.ledger_folder, read_only=True)
        try:
            return ledger.view()
        finally:
            ledger.close()

    def cluster(self) -> Cluster:
        """Return the batch's cluster; nothing is started or made."""
        return LocalCluster(self.state_dir / "clusters" / "local")

    def look(self, clock: Clock) -> Look:
        """Return the batch as one listing shows it, remembering nothing; raise ClusterError."""
        cluster = self.cluster()
        view = self.remembered()
        listing = cluster.list(self.batch.prefix)
        called = view.called
        learned = learn(self.batch, view, listing, called, clock.now(), cluster.patience)
        return Look(view, learned)


def state_dir(option: Path | None) -> Path:
    """Return the state folder: the option, else RUNBATCH_STATE_DIR, else the user's own."""
    chosen = option or os.environ.get(STATE_DIR_VARIABLE)
    return Path(chosen).absolute() if chosen else platformdirs.user_state_path("runbatch")


def pace_of(poll_interval_s: float | None, submit_interval_s: float | None) -> Pace:
    """Return the pace asked for, else the one that suits the cluster."""
    return Pace(
        LOCAL_PACE.poll_interval_s if poll_interval_s is None else poll_interval_s,
        LOCAL_PACE.submit_interval_s if submit_interval_s is None else submit_interval_s,
    )
