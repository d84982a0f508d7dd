"""Evidence, logs and deletions that the cluster does not answer for: how long that is borne."""

from datetime import timedelta

import pytest
from tests.simulation.world import POLL_S, MakeWorld, World

from runbatch.core.attempt import Verdict
from runbatch.core.errors import Busy, ClusterError, Unauthorized, Unreachable
from runbatch.core.job import State
from runbatch.core.reference import Ref
from runbatch.core.wish import Wish
from runbatch.testing import FakeCluster
from runbatch.testing.cluster import Fault
from runbatch.workbench import MOST_SILENCE

RETRY = Wish(retry=True, wait=True)
MARKED = b"INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point\n"
LOOKS = MOST_SILENCE // timedelta(seconds=POLL_S)


def failed_world(make_world: MakeWorld, *, known_code: bool) -> World:
    """A world whose one job has failed to mount; its log says so, and perhaps the cluster."""
    world = make_world(last=1, cap=1)
    world.run(Wish(start=True))
    world.cluster.end("gwas-1", 2, MARKED)
    if not known_code:
        world.cluster.live["gwas-1"].exit_code = None
    return world


def silent(world: World, verb: str, error: ClusterError, times: int) -> None:
    world.cluster.faults += [Fault(verb, error) for _ in range(times)]


def test_a_log_that_is_away_for_a_while_is_waited_for(make_world: MakeWorld) -> None:
    world = failed_world(make_world, known_code=False)
    silent(world, "log", Unreachable("no route"), LOOKS)
    (job,) = world.run(RETRY).jobs
    assert [str(each.outcome) for each in job.attempts] == [
        "mount failure (log: INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point)",
        "succeeded (phase succeeded)",
    ]


def test_one_that_is_away_for_too_long_is_done_without(make_world: MakeWorld) -> None:
    world = failed_world(make_world, known_code=False)
    silent(world, "log", Unreachable("no route"), LOOKS + 1)
    (job,) = world.run(RETRY).jobs
    assert [each.is_verdict(Verdict.UNDETERMINED) for each in job.attempts] == [True]


@pytest.mark.parametrize("error", [Busy("later"), Unauthorized("log in again")])
def test_who_says_when_to_come_back_is_waited_for(
    make_world: MakeWorld, error: ClusterError
) -> None:
    world = failed_world(make_world, known_code=False)
    silent(world, "log", error, 3 * LOOKS)
    (job,) = world.run(RETRY).jobs
    assert job.state is State.SUCCEEDED


def test_silence_on_everything_says_nothing_of_one_log(make_world: MakeWorld) -> None:
    world = failed_world(make_world, known_code=False)
    silent(world, "log", Unreachable("no route"), 2)
    with world.ledger() as ledger:
        runner = world.runner(ledger, RETRY)
        runner.tick()
        silent(world, "list", Unreachable("no route"), 1)
        world.clock.sleep(2 * MOST_SILENCE.total_seconds())
        runner.tick()
        runner.tick()
        assert ledger.view().job("1").attempts[0].outcome is None
        runner.tick()
        assert ledger.view().job("1").attempts[0].is_verdict(Verdict.MOUNT_FAILURE)


def test_what_cannot_be_deleted_is_left_and_its_slot_given_back(make_world: MakeWorld) -> None:
    """Without its log it is not deleted; the next invocation tries anew."""
    world = failed_world(make_world, known_code=True)
    silent(world, "log", Unreachable("container is waiting to start"), 1000)
    for _ in range(2):
        began_at = world.clock.now()
        snapshot = world.run(RETRY)
        assert world.clock.now() - began_at < MOST_SILENCE + timedelta(minutes=2)
        assert [str(each.outcome) for each in snapshot.jobs[0].attempts] == [
            "mount failure (exit code 2)"
        ]
        assert snapshot.in_flight == 0
    assert world.cluster.count("remove") == 0
    assert world.lines("SKIP") == 2 * ["gwas-1: it cannot be deleted now; retry asks again"]
    world.cluster.faults.clear()
    (job,) = world.run(RETRY).jobs
    assert job.state is State.SUCCEEDED
    assert job.attempts[0].log is not None


class Idle(FakeCluster):
    """Says yes to each deletion and does nothing."""

    def remove(self, ref: Ref) -> bool:
        self.calls.append(("remove", ref.name))
        return False


LEFT = (
    "the cluster agreed twice to delete it, and nothing shows that it is gone; "
    "delete it by hand, or ask an admin."
)


def test_a_deletion_that_does_nothing_is_asked_for_twice_and_then_left(
    make_world: MakeWorld,
) -> None:
    """A person is told, and the next invocation tries anew."""
    world = failed_world(make_world, known_code=True)
    idle = world.cluster = Idle(live=world.cluster.live, _made=1)
    began_at = world.clock.now()
    snapshot = world.run(RETRY)
    assert world.clock.now() - began_at < timedelta(minutes=5)
    assert snapshot.in_flight == 0
    assert idle.count("remove") == 2
    assert world.lines("DELETE") == [
        "gwas-1: asked to go to make room for the next; its log is saved",
        "gwas-1: still there, asked to go once more; its log is saved",
    ]
    assert world.lines("TROUBLE") == [f"gwas-1: {LEFT}"]
    assert world.lines("SKIP") == ["gwas-1: it cannot be deleted now; retry asks again"]
    world.cluster = FakeCluster(live=idle.live, _made=1)
    assert world.run(RETRY).jobs[0].state is State.SUCCEEDED


def test_so_does_a_delete_that_nothing_else_is_left_for(make_world: MakeWorld) -> None:
    world = failed_world(make_world, known_code=True)
    world.run(Wish(retry=True, only=frozenset()))
    idle = world.cluster = Idle(live=world.cluster.live)
    last = world.view().job("1").last
    assert last is not None
    (job,) = world.run(Wish(delete=frozenset({last.turn})), most_ticks=60).jobs
    assert idle.count("remove") == 2
    assert world.lines("TROUBLE") == [f"gwas-1: {LEFT}"]
    assert [each.listed for each in job.attempts] == [True]


def test_a_stop_is_heeded_between_two_logs(make_world: MakeWorld) -> None:
    world = make_world(last=9, cap=9)
    world.run(Wish(start=True))
    for name in world.cluster.live:
        world.cluster.end(name, 2, MARKED)
    world.cluster.calls.clear()
    with world.ledger() as ledger:
        runner = world.runner(ledger, RETRY, stopped=lambda: world.cluster.count("log") == 2)
        runner.run("retry")
    assert world.cluster.count("log") == 2


def test_one_log_that_cannot_be_had_holds_up_no_other(make_world: MakeWorld) -> None:
    world = make_world(last=20, cap=20)
    world.run(Wish(start=True))
    for name in world.cluster.live:
        world.cluster.end(name, 1)
        world.cluster.live[name].exit_code = None  # only the log may tell
    silent(world, "log", Unreachable("no route"), 1)
    with world.ledger() as ledger:
        runner = world.runner(ledger, RETRY)
        judged = []
        for _ in range(3):
            runner.tick()
            attempts = [each.last for each in ledger.view().jobs.values()]
            judged.append(sum(each is not None and each.outcome is not None for each in attempts))
    assert judged == [15, 20, 20]


def test_the_first_job_is_retried_before_the_last_log_is_read(make_world: MakeWorld) -> None:
    world = make_world(last=32, cap=32)
    world.run(Wish(start=True))
    for name in world.cluster.live:
        world.cluster.end(name, 2, MARKED)
        world.cluster.live[name].exit_code = None
    with world.ledger() as ledger:
        silent(world, "log", Unreachable("no route"), 32)
        world.runner(ledger, RETRY).tick()
    world.clock.sleep(60)  # so the delay before each retry is over
    world.cluster.calls.clear()
    world.run(RETRY)
    verbs = [verb for verb, _ in world.cluster.calls]
    assert (verbs.count("log"), verbs.count("ends"), verbs.count("submit")) == (32, 32, 32)
    assert "log" in verbs[verbs.index("submit") :]
