"""The loop against a cluster that fails: the promises hold in the cluster's truth."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.simulation.world import Crash, MakeWorld, World
from tests.unit.core.values import advised

from runbatch.clusters.base import NO_HURRY, Deadline
from runbatch.core.attempt import Listing, Verdict
from runbatch.core.errors import Busy, Denied, NameTaken, Rejected, Unauthorized, Unreachable
from runbatch.core.job import Job, State
from runbatch.core.stage import Stage
from runbatch.core.wish import Wish
from runbatch.core.workload import Workload
from runbatch.ledger.store import Ledger
from runbatch.testing import FakeClock, FakeCluster
from runbatch.testing.cluster import FakeWorkload, Fault


def test_all_jobs_run_once_and_the_cap_is_reached_but_not_passed(make_world: MakeWorld) -> None:
    world = make_world(last=20, cap=3)
    snapshot = world.submit()
    assert snapshot.counts[State.SUCCEEDED] == 20
    assert world.cluster.most_active == 3
    assert world.cluster.count("submit") == 20


def test_one_list_call_a_tick_however_many_jobs(make_world: MakeWorld) -> None:
    world = make_world(last=20, cap=20)
    world.submit()
    # One for the preview, three looks until the jobs have ended.
    assert world.cluster.count("list") <= 5


@pytest.mark.parametrize(
    "error", [Unreachable("no answer"), Unauthorized("log in"), Busy("503")], ids=str
)
def test_nothing_is_submitted_on_a_listing_that_failed(
    make_world: MakeWorld, error: Unreachable
) -> None:
    world = make_world(cap=2)
    wish = world.wish()
    world.cluster.faults += [Fault("list", error) for _ in range(3)]
    with world.ledger() as ledger:
        runner = world.runner(ledger, wish)
        for _ in range(3):
            assert not runner.tick().done
        assert world.cluster.count("submit") == 0
        assert len(world.lines("TROUBLE")) == 1
        runner.tick()
    assert world.cluster.count("submit") == 2


def test_one_of_our_own_that_cannot_be_read_holds_up_its_own_job_only(
    make_world: MakeWorld,
) -> None:
    world = make_world(cap=2)
    with world.ledger() as ledger:
        runner = world.runner(ledger, world.wish())
        world.cluster.unreadable = {"gwas-6": "its folder is damaged", "gwas-6-b": "not ours"}
        runner.tick()
        assert world.cluster.count("submit") == 1
        runner.tick()
        (said,) = world.lines("TROUBLE")
        assert said == (
            "gwas-6 is there, but cannot be read: its folder is damaged. Only this job waits."
        )
        while not all(job.state is State.SUCCEEDED for job in jobs_but(ledger, "6")):
            world.clock.sleep(30)
            runner.tick()
        assert ledger.view().in_flight == {"6"}
        assert world.cluster.count("submit") == 5


def test_a_listing_that_takes_longer_than_the_interval_holds_up_no_more_than_itself(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(last=20, cap=20)
    quickly = world.cluster.list

    def slowly(prefix: str) -> Listing:
        world.clock.sleep(40)
        return quickly(prefix)

    monkeypatch.setattr(world.cluster, "list", slowly)
    with world.ledger() as ledger:
        world.runner(ledger, world.wish()).tick()
    assert world.cluster.count("submit") == 20


def jobs_but(ledger: Ledger, key: str) -> list[Job]:
    return [job for job in map(ledger.view().job, "123456") if job.key != key]


def test_an_empty_listing_proves_nothing_while_jobs_were_just_there(make_world: MakeWorld) -> None:
    world = make_world(cap=2)
    wish = world.wish()
    with world.ledger() as ledger:
        runner = world.runner(ledger, wish)
        runner.tick()
        runner.tick()
        hidden, world.cluster.live = world.cluster.live, {}
        for _ in range(10):
            world.clock.sleep(30)
            runner.tick()
        assert world.cluster.count("submit") == 2
        world.cluster.live = hidden
        assert runner.tick().done is False
    assert world.submit().counts[State.SUCCEEDED] == 6
    assert world.cluster.count("submit") == 6


def test_a_submit_whose_answer_was_lost_is_not_made_twice(make_world: MakeWorld) -> None:
    world = make_world(last=6, cap=2)
    wish = world.wish()
    world.cluster.faults += [
        Fault("submit", Unreachable("time-out"), after_effect=True) for _ in range(6)
    ]
    snapshot = world.run(wish)
    assert snapshot.counts[State.SUCCEEDED] == 6
    assert world.cluster.count("submit") == 6
    assert world.cluster.most_active <= 2


def test_a_submit_that_was_never_done_keeps_its_slot_and_is_made_again_after_the_grace_time(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=3, cap=1)
    wish = world.wish()
    world.cluster.faults.append(Fault("submit", Unreachable("time-out")))
    start = world.clock.now()
    snapshot = world.run(wish)
    assert snapshot.counts[State.SUCCEEDED] == 3
    submits = [name for verb, name in world.cluster.calls if verb == "submit"]
    assert submits == ["gwas-1", "gwas-1", "gwas-2", "gwas-3"]
    assert [attempt.number for attempt in snapshot.jobs[0].attempts] == [1]
    again_at = snapshot.jobs[0].attempts[0].called_at
    assert again_at is not None
    assert again_at - start >= timedelta(seconds=world.cluster.patience.grace_s)


def test_a_refused_job_does_not_hold_up_the_others_and_is_tried_by_the_next_invocation(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=3, cap=1)
    wish = world.wish()
    world.cluster.faults.append(Fault("submit", Rejected("against the policy")))
    first = world.run(wish)
    assert first.counts == {
        State.WAITING: 0,
        State.IN_FLIGHT: 0,
        State.SUCCEEDED: 2,
        State.FAILED: 1,
    }
    assert world.lines("REFUSED") == ["gwas-1: against the policy"]
    second = world.submit()
    assert second.counts[State.SUCCEEDED] == 3
    assert [attempt.number for attempt in second.jobs[0].attempts] == [1]


def test_a_refusal_that_was_none_keeps_its_slot(make_world: MakeWorld) -> None:
    world = make_world(last=4, cap=2)
    world.cluster.faults.append(Fault("submit", Denied("403 Forbidden"), after_effect=True))
    snapshot = world.submit()
    assert snapshot.counts[State.SUCCEEDED] == 4
    assert world.cluster.most_active == 2
    assert world.cluster.count("submit") == 4
    assert world.lines("REFUSED") == []


def test_a_batch_that_is_denied_job_by_job_ends_and_keeps_the_slots_in_doubt(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=9, cap=5)
    world.cluster.faults += [Fault("submit", Denied("403 Forbidden")) for _ in range(3)]
    with pytest.raises(Rejected, match="3 submits in a row were refused"):
        world.submit()
    with world.ledger() as ledger:
        assert ledger.view().in_flight == {"1", "2", "3"}
    assert world.submit().counts[State.SUCCEEDED] == 9
    assert world.cluster.most_active <= 5


@dataclass
class Denying(FakeCluster):
    """Says no to each submit of these names, for good."""

    denied: set[str] = field(default_factory=set)

    def submit(self, workload: Workload, deadline: Deadline = NO_HURRY) -> str:
        if workload.name in self.denied:
            self.calls.append(("submit", workload.name))
            raise Denied("403 Forbidden")
        return super().submit(workload, deadline)


def deny(world: World, *names: str) -> Denying:
    world.cluster = denying = Denying(denied=set(names))
    return denying


def test_one_job_that_is_denied_for_good_is_refused_and_does_not_end_the_others(
    make_world: MakeWorld,
) -> None:
    """It gives its slot back once the listings agree that it was not started; nobody asks again."""
    world = make_world(last=8, cap=2)
    denying = deny(world, "gwas-1")
    snapshot = world.submit()
    assert snapshot.counts[State.SUCCEEDED] == 7
    assert snapshot.in_flight == 0
    submits = [name for verb, name in world.cluster.calls if verb == "submit"]
    assert submits.count("gwas-1") == 1
    assert world.lines("REFUSED") == ["gwas-1: 403 Forbidden"]
    denying.denied.clear()
    assert world.submit().counts[State.SUCCEEDED] == 8


def test_a_denial_is_told_again_by_who_comes_after_a_stop(make_world: MakeWorld) -> None:
    world = make_world(last=1, cap=1)
    deny(world, "gwas-1")
    world.run(world.wish(), most_ticks=2)
    assert world.view().job("1").holds_slot
    assert world.submit().in_flight == 0
    submits = [name for verb, name in world.cluster.calls if verb == "submit"]
    assert submits == ["gwas-1", "gwas-1"]
    assert world.lines("REFUSED") == 2 * ["gwas-1: 403 Forbidden"]


def test_a_job_somebody_else_started_is_adopted_also_outside_the_range(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=3, cap=2)
    for name in ("gwas-2", "gwas-370", "gwas-2-5", "gwas-2-test", "xgwas-1"):
        workload = FakeWorkload(name, f"theirs-{name}", 1, Stage.RUNNING)
        world.cluster.live[name] = workload
    wish = world.wish()
    with world.ledger() as ledger:
        runner = world.runner(ledger, wish)
        left = runner.tick()
        assert left.starved == 2
        assert world.cluster.count("submit") == 0
        assert len(world.lines("ADOPT")) == 2
        told = "2 active jobs in batch (max: 2). Waiting 30s... (2 running)"
        assert world.lines("WAIT") == [told]
        runner.tick()
        assert len(world.lines("WAIT")) == 1
    snapshot = world.submit()
    assert snapshot.counts[State.SUCCEEDED] == 3
    assert world.cluster.count("remove") == 0


def test_what_holds_the_slots_is_told_behind_the_waiting_line_but_not_again_when_it_changes(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=3, cap=2)
    wish = world.wish()
    with world.ledger() as ledger:
        runner = world.runner(ledger, wish)
        runner.tick()
        runner.tick()
        assert world.lines("WAIT") == [
            "2 active jobs in batch (max: 2). Waiting 30s... (2 pending)"
        ]
        world.move()
        runner.tick()
        assert {job.holder.stage for job in ledger.view().jobs.values() if job.holder} == {
            Stage.RUNNING
        }
        assert len(world.lines("WAIT")) == 1


def test_a_vanished_job_is_started_again_by_the_next_invocation_only(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=2, cap=2)
    with world.ledger() as ledger:
        runner = world.runner(ledger, Wish(start=True, wait=True))
        runner.tick()
        runner.tick()
        del world.cluster.live["gwas-1"]
        for _ in range(10):
            world.clock.sleep(30)
            runner.tick()
    assert world.lines("GONE") == ["gwas-1 is no longer there; its end was not seen"]
    assert world.cluster.count("submit") == 2
    again = world.submit()
    assert again.counts[State.SUCCEEDED] == 2
    assert world.cluster.count("submit") == 3


def test_mount_failures_are_retried_after_their_delays_and_never_a_fourth_time(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=3, cap=3)
    world.exit_codes = {"gwas-1": [2, 2, 0], "gwas-2": [2] * 10, "gwas-3": [1, 0]}
    world.submit()
    snapshot = world.run(Wish(retry=True, wait=True))
    by_key = {job.key: job for job in snapshot.jobs}
    assert [len(by_key[key].attempts) for key in "123"] == [3, 4, 1]
    assert by_key["1"].state is State.SUCCEEDED
    for attempts in (by_key["1"].attempts, by_key["2"].attempts):
        for before, after in itertools.pairwise(attempts):
            assert before.ended_at is not None
            waited_s = (after.reserved_at - before.ended_at).total_seconds()
            assert waited_s >= 30 * 2 ** (before.number - 1)
    world.run(Wish(retry=True, wait=True))
    assert world.cluster.count("remove") == 5
    assert world.cluster.count("submit") == 8


def test_what_a_person_asks_for_uses_up_no_retries(make_world: MakeWorld) -> None:
    world = make_world(last=1)
    world.exit_codes = {"gwas-1": [1, 1, 1, 2, 2, 2, 2, 2]}
    world.submit()
    for _ in range(3):
        world.run(world.wish(keys=frozenset({"1"})))
    snapshot = world.run(Wish(retry=True, wait=True))
    (job,) = snapshot.jobs
    assert len(job.attempts) == 1 + 3 + 3
    assert job.last is not None
    assert "3 of 3 retries used" in advised(job.last, world.batch.retry)
    # The delays are those of the retries too.
    for (before, after), delay_s in zip(
        itertools.pairwise(job.attempts[3:]), (30, 60, 120), strict=True
    ):
        assert before.ended_at is not None
        waited_s = (after.reserved_at - before.ended_at).total_seconds()
        assert delay_s <= waited_s < 2 * delay_s


def test_the_log_is_saved_before_the_workload_is_deleted(make_world: MakeWorld) -> None:
    world = make_world(last=1)
    world.submit()
    world.cluster.calls.clear()
    snapshot = world.run(world.wish(keys=frozenset({"1"})))
    verbs = [verb for verb, _ in world.cluster.calls if verb in ("log", "remove", "submit")]
    assert verbs == ["log", "remove", "submit"]
    first, second = snapshot.jobs[0].attempts
    assert first.log is not None
    assert first.is_verdict(Verdict.SUCCEEDED)
    assert second.number == 2


def test_a_deletion_stands_on_a_second_look(make_world: MakeWorld) -> None:
    world = make_world(last=1)
    world.exit_codes = {"gwas-1": [2]}
    world.submit()
    with world.ledger() as ledger:
        runner = world.runner(ledger, Wish(retry=True, wait=True))
        world.clock.sleep(60)
        runner.tick()
        assert ledger.view().job("1").attempts[-1].waiting_for_name
        world.cluster.live["gwas-1"].stage = Stage.RUNNING
        runner.tick()
        assert world.cluster.count("remove") == 0
        assert len(ledger.view().job("1").attempts) == 1
    assert world.lines("SKIP") == ["gwas-1: it is running again"]


def test_a_name_that_is_taken_by_a_workload_nobody_listed_yet_is_looked_up(
    make_world: MakeWorld,
) -> None:
    world = make_world(last=1)
    wish = world.wish()
    world.cluster.faults.append(Fault("submit", NameTaken("gwas-1 exists"), after_effect=True))
    snapshot = world.run(wish)
    assert snapshot.counts[State.SUCCEEDED] == 1
    assert world.cluster.count("submit") == 1


def test_submits_keep_their_distance(make_world: MakeWorld) -> None:
    world = make_world(last=4, cap=4)
    snapshot = world.submit(submit_interval_s=2)
    times = sorted(job.attempts[0].reserved_at for job in snapshot.jobs)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert all(gap >= timedelta(seconds=2) for gap in gaps)


def test_two_invocations_tick_by_tick_share_one_cap(make_world: MakeWorld) -> None:
    world = make_world(last=12, cap=3)
    wish = world.wish()
    with world.ledger() as one, world.ledger() as two:
        runners = [world.runner(one, wish), world.runner(two, wish)]
        for _ in range(40):
            for runner in runners:
                runner.tick()
            world.clock.sleep(30)
    assert world.cluster.most_active == 3
    assert world.cluster.count("submit") == 12


CRASHING_RUN_STEPS = 240


@pytest.mark.parametrize("step", range(CRASHING_RUN_STEPS))
def test_a_crash_between_any_two_steps_loses_and_doubles_nothing(
    make_world: MakeWorld, step: int
) -> None:
    world = make_world(last=4, cap=2)
    world.exit_codes = {"gwas-2": [2, 0], "gwas-3": [1]}
    finished = False
    try:
        wish = Wish(start=True, retry=True, wait=True)
        world.run(wish, dies_at=step)
        finished = True
    except Crash:
        pass
    snapshot = world.run(Wish(start=True, retry=True, wait=True))

    assert world.cluster.most_active <= 2
    assert snapshot.counts[State.SUCCEEDED] == 3
    assert [len(job.attempts) for job in snapshot.jobs] == [1, 2, 1, 1]
    assert [attempt.number for attempt in snapshot.jobs[1].attempts] == [1, 2]
    assert world.exit_codes == {"gwas-2": [], "gwas-3": []}
    assert finished or step < CRASHING_RUN_STEPS - 1


def test_of_two_clocks_the_one_ahead_counts(make_world: MakeWorld) -> None:
    world = make_world(last=1, cap=1)
    wish = world.wish()
    with world.ledger() as ledger:
        ledger.tick_invocation(
            ledger.begin_invocation("ahead", world.batch, world.clock.now()), world.clock.now()
        )
        ahead = world.clock.now()
        world.clock = FakeClock(ahead - timedelta(minutes=10))
        world.runner(ledger, wish).tick()
        (attempt,) = ledger.view().job("1").attempts
    assert attempt.called_at == ahead
