"""A look at the cluster that leaves no trace, beside a command that leaves some."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.unit.core.values import batch

from runbatch.core.attempt import Listing
from runbatch.core.past import last_moments
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.wish import Wish
from runbatch.runner import Pace, Runner
from runbatch.testing import FakeClock, FakeCluster
from runbatch.testing.cluster import FakeWorkload
from runbatch.wiring import Look, Place


@dataclass
class SlowCluster(FakeCluster):
    """A cluster that is asked, and something happens, once, before or after it looks."""

    meanwhile: Callable[[], None] | None = None
    looks_first: bool = False

    def list(self, prefix: str) -> Listing:
        first = super().list(prefix)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return first if self.looks_first else super().list(prefix)


def looked_while_a_submit_runs(folder: Path, *, looks_first: bool) -> tuple[Look, Snapshot]:
    """Return what is seen by who asks for a listing, while a submit starts two jobs."""
    place, clock = Place(batch("37", "38"), folder), FakeClock()
    theirs = FakeWorkload("theirs", "uid-of-theirs", 1)
    cluster = SlowCluster(live={"theirs": theirs}, looks_first=looks_first)

    def submit() -> None:
        ledger = place.open_ledger()
        Runner(place.batch, cluster, ledger, Wish(start=True), clock, Pace(30, 0)).run("submit")
        ledger.close()

    cluster.meanwhile = submit
    look = place.look(clock, cluster=cluster)
    return look, snapshot_of(place.batch, look.learned.view, clock.now())


def test_what_a_submit_starts_during_a_look_is_not_taken_for_somebody_elses(
    tmp_path: Path,
) -> None:
    look, shown = looked_while_a_submit_runs(tmp_path, looks_first=False)
    assert shown.in_flight == 2
    assert [moment.text for moment in last_moments(shown, 5)] == [
        "gwas-37 submitted",
        "gwas-38 submitted",
    ]
    assert all(change.before is not None for change in look.learned.changes)


def test_what_a_submit_starts_after_the_cluster_looked_is_not_missed(tmp_path: Path) -> None:
    look, shown = looked_while_a_submit_runs(tmp_path, looks_first=True)
    assert shown.in_flight == 2
    assert [each.missed for each in look.learned.view.attempts] == [0, 0]


def test_a_wish_stands_on_what_was_known_before_the_look(tmp_path: Path) -> None:
    look, _ = looked_while_a_submit_runs(tmp_path, looks_first=False)
    assert look.before.jobs == {}
