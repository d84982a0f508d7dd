"""The past that the journal tells is what happened, wherever the process dies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

import pytest
from tests.simulation.world import Crash, MakeWorld, World

from runbatch.core.attempt import Attempt
from runbatch.core.audit import Audit, audit_of
from runbatch.core.events import Event, Kind
from runbatch.core.history import History, history_of
from runbatch.core.job import View
from runbatch.core.promises import Promise
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish
from runbatch.ledger.record import read_record
from runbatch.testing.cluster import FakeWorkload

EVERYTHING = Wish(start=True, retry=True, wait=True)
STEPS = 240


def past(world: World) -> tuple[Audit, History]:
    record = read_record(world.folder)
    audit = audit_of(record.entries, record.remembered, record.altered)
    return audit, history_of(record.entries)


def known(view: View) -> Sequence[Attempt]:
    """Every attempt, but for when it was seen last."""
    return [
        replace(each, seen_at=None) for key in sorted(view.jobs) for each in view.job(key).attempts
    ]


def check(world: World) -> Audit:
    """Assert that the past is whole, that its end is the ledger, and that no promise was broken."""
    audit, history = past(world)
    assert [each.promise for each in audit.checked] == list(Promise)
    assert audit.held, [each for each in audit.checked if each.breaches]
    assert known(history.view) == known(world.view())
    assert audit.peak.in_flight == max(level.in_flight for level in history.levels)
    return audit


@pytest.mark.parametrize("step", range(STEPS))
def test_wherever_it_dies_the_events_end_where_the_ledger_does(
    make_world: MakeWorld, step: int
) -> None:
    world = make_world(last=4, cap=2)
    world.exit_codes = {"gwas-2": [2, 0], "gwas-3": [1]}
    finished = False
    try:
        world.run(EVERYTHING, dies_at=step)
        finished = True
    except Crash:
        pass
    if step > 3:  # it had begun
        check(world)
    world.run(EVERYTHING)
    audit = check(world)
    assert audit.peak.in_flight == world.cluster.most_active == 2
    assert finished or step < STEPS - 1, "it has more steps than are tried here"


def test_the_status_can_be_drawn_from_the_events_alone(make_world: MakeWorld) -> None:
    world = make_world(last=5, cap=2)
    world.exit_codes = {"gwas-2": [2, 2, 2, 2], "gwas-3": [1]}
    snapshot = world.run(EVERYTHING)
    _, history = past(world)
    now = world.clock.now().astimezone(UTC)
    assert snapshot_of(world.batch, history.view, now).counts == snapshot.counts
    drawn = snapshot_of(world.batch, history.view, now).jobs
    assert [(job.state, job.next_retry_at, job.holding) for job in drawn] == [
        (job.state, job.next_retry_at, job.holding) for job in snapshot.jobs
    ]
    recorded = [each.what for each in read_record(world.folder).entries]
    assert [each for each in recorded if isinstance(each, Event)] == [
        event for event in world.said if event.kind is Kind.WAIT
    ]


def test_adopted_jobs_above_the_cap_break_no_promise_and_are_told(make_world: MakeWorld) -> None:
    world = make_world(last=3, cap=2)
    for key in "123":
        workload = FakeWorkload(f"gwas-{key}", f"theirs-{key}", 1, Stage.RUNNING)
        world.cluster.live[workload.name] = workload
    world.run(EVERYTHING)
    audit = check(world)
    assert (audit.peak.in_flight, audit.peak.cap) == (3, 2)
    assert [remark.key for remark in audit.above] == ["3"]


def test_a_cap_that_was_lowered_breaks_no_promise_and_is_told(make_world: MakeWorld) -> None:
    world = make_world(last=6, cap=4)
    world.run(EVERYTHING, most_ticks=9)
    world.batch = world.batch.with_cap(1)
    world.run(EVERYTHING)
    audit = check(world)
    assert (audit.peak.in_flight, audit.peak.cap) == (4, 4)
    assert [remark.text for remark in audit.above] == ["the cap fell to 1 while 4 were in flight"]
