"""Lists that show a workload under another id, or without one: it stays the attempt that it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.runai.conftest import MakeRig
from tests.runai.rig import PACE, QUICK, Rewriting, Rig, pods_json
from tests.runai_standin import Fault, Phase, Settings, Switches, Trouble

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.core.attempt import Verdict
from runbatch.core.job import State
from runbatch.core.wish import Wish
from runbatch.runner import Runner

ODD_IDS = (Trouble.OTHER_ID, Trouble.NO_ID, Trouble.TWO_IDS)
SUBMIT = Wish(start=True, wait=True)
RETRY = Wish(retry=True)
# More than the grace, after which what is not listed is taken for gone.
LONG_LOOKS = 12


def made(make: MakeRig, *codes: int, runs_s: float = 100, **switches: Any) -> Rig:
    """Return one job that ends so, start by start, in a project that is never empty."""
    delays = replace(QUICK, running=(runs_s, runs_s))
    settings = Settings(delays=delays, outcomes={"gwas-2": codes})
    rig = make(last=1, cap=1, settings=settings, switches=Switches(**switches))
    rig.kubectl = lambda *_: Reply(0, pods_json(rig.standin), "")
    rig.standin.call("workspace", "submit", "mchen-1", "-p", "talmo-lab", "-i", "x", owner="other")
    return rig


@contextmanager
def odd(rig: Rig, trouble: Trouble) -> Iterator[None]:
    """Whatever is listed inside is listed so."""
    before = rig.standin.switches
    rig.standin.switch(Switches(**{**switches_of(before), "faults": (Fault(trouble),)}))
    yield
    rig.standin.switch(before)


def switches_of(switches: Switches) -> dict[str, Any]:
    return {name: getattr(switches, name) for name in Switches.__slots__}


def look(rig: Rig, wish: Wish, times: int = 1) -> None:
    """Look so often, as one invocation, and do what is to be done."""
    with rig.ledger() as ledger:
        runner = rig.runner(ledger, wish)
        for _ in range(times):
            runner.tick()
            rig.clock.sleep(30)


@pytest.mark.parametrize("trouble", ODD_IDS)
@pytest.mark.parametrize("is_over", [True, False])
@pytest.mark.parametrize(
    "switches", [{}, {"newest_first": True}, {"list_environment": False}], ids=str
)
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0, Verdict.SUCCEEDED),
        (1, Verdict.CONFIGURATION_ERROR),
        (137, Verdict.OUT_OF_MEMORY),
    ],
)
def test_what_is_over_is_not_started_again_since_a_list_showed_it_under_another_id(
    make: MakeRig,
    trouble: Trouble,
    is_over: bool,
    switches: dict[str, Any],
    code: int,
    verdict: Verdict,
) -> None:
    rig = made(make, code, **switches)
    look(rig, SUBMIT, LONG_LOOKS if is_over else 2)
    with odd(rig, trouble):
        look(rig, SUBMIT)
    look(rig, SUBMIT, LONG_LOOKS)
    rig.run(rig.wish())
    after = rig.run(RETRY)
    assert rig.standin.truth().created("gwas-2") == 1
    (attempt,) = after.jobs[0].attempts
    assert attempt.ended_as(verdict)
    assert not rig.standin.truth().calls_of("delete")


@pytest.mark.parametrize("is_over", [True, False])
@pytest.mark.parametrize("trouble", ODD_IDS)
def test_a_mount_failure_is_retried_although_a_list_showed_it_under_another_id(
    make: MakeRig, trouble: Trouble, is_over: bool
) -> None:
    rig = made(make, 2, 2, 0)
    look(rig, SUBMIT, LONG_LOOKS if is_over else 1)
    with odd(rig, trouble):
        look(rig, SUBMIT)
    look(rig, SUBMIT, LONG_LOOKS)
    after = rig.run(RETRY)
    assert after.counts[State.SUCCEEDED] == 1
    assert [each.number for each in after.jobs[0].attempts] == [1, 2, 3]
    assert rig.standin.truth().created("gwas-2") == 3


@pytest.mark.parametrize("trouble", ODD_IDS)
def test_what_runs_is_not_taken_for_two(make: MakeRig, trouble: Trouble) -> None:
    rig = made(make, 0)
    look(rig, SUBMIT, 2)
    with odd(rig, trouble):
        look(rig, SUBMIT)
    look(rig, SUBMIT)
    with rig.ledger() as ledger:
        (attempt,) = ledger.view().attempts
    assert attempt.listed
    assert attempt.uid == uid_of(rig)


@pytest.mark.parametrize("trouble", ODD_IDS)
@pytest.mark.parametrize("looks", [1, 2, 20])
def test_what_is_first_seen_under_another_id_is_known_by_its_own_in_the_end(
    make: MakeRig, trouble: Trouble, looks: int
) -> None:
    rig = made(make, 2, 0)
    look(rig, SUBMIT)
    with odd(rig, trouble):
        look(rig, SUBMIT, looks)
    look(rig, SUBMIT, 2)
    with rig.ledger() as ledger:
        (attempt,) = ledger.view().attempts
    assert attempt.uid == uid_of(rig)
    rig.run(SUBMIT)
    assert rig.run(RETRY).counts[State.SUCCEEDED] == 1
    assert rig.standin.truth().created("gwas-2") == 2


def test_ids_that_appear_from_running_on_cost_no_attempt_and_no_slot(make: MakeRig) -> None:
    delays = replace(QUICK, pending=(60, 90))
    rig = make(last=6, cap=2, settings=Settings(delays=delays, outcomes={"gwas-3": (2, 2, 2, 0)}))
    rig.standin.call("workspace", "submit", "mchen-1", "-p", "talmo-lab", "-i", "x", owner="other")
    rig.kubectl = lambda *_: Reply(0, pods_json(rig.standin), "")

    def hide_early_ids(row: dict[str, Any]) -> None:
        if row["phase"] in ("Creating", "Pending", "Initializing"):
            row["id"] = ""

    execute = Rewriting(rig, hide_early_ids)
    cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=rig.kubectl)
    for wish in (SUBMIT, RETRY):
        with rig.ledger() as ledger:
            snapshot = Runner(rig.batch, cluster, ledger, wish, rig.clock, PACE).run("test")
    assert snapshot.counts[State.SUCCEEDED] == 6
    assert [len(job.attempts) for job in snapshot.jobs] == [1, 4, 1, 1, 1, 1]
    assert rig.most_active() == 2


def test_a_live_workload_keeps_its_slot_when_the_id_to_delete_is_not_its_own(
    make: MakeRig,
) -> None:
    rig = made(make, 0, runs_s=9999)
    look(rig, SUBMIT)
    with odd(rig, Trouble.OTHER_ID):
        look(rig, SUBMIT)
    with rig.ledger() as ledger:
        (attempt,) = ledger.view().attempts
        assert attempt.uid != uid_of(rig)
        runner = rig.runner(ledger, Wish(delete=frozenset({attempt.turn}), cut_off=True))
        for _ in range(LONG_LOOKS):
            runner.tick()
            phase = rig.standin.truth().live(rig.is_ours).get("gwas-2", Phase.GONE)
            assert ledger.view().in_flight or phase is Phase.GONE
            rig.clock.sleep(30)
    assert phase is Phase.GONE


@pytest.mark.parametrize("trouble", ODD_IDS)
@pytest.mark.parametrize(("code", "created"), [(0, 1), (1, 1), (2, 2)])
def test_where_no_time_of_creation_is_listed_the_true_attempt_counts_all_the_same(
    make: MakeRig, trouble: Trouble, code: int, created: int
) -> None:
    rig = made(make, code, 0)
    execute = Rewriting(rig, lambda row: row.pop("createdAt"))
    cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=rig.kubectl)

    def look_at_it(wish: Wish, times: int) -> None:
        with rig.ledger() as ledger:
            runner = Runner(rig.batch, cluster, ledger, wish, rig.clock, PACE)
            for _ in range(times):
                runner.tick()
                rig.clock.sleep(30)

    look_at_it(SUBMIT, 2)
    with odd(rig, trouble):
        look_at_it(SUBMIT, 1)
    look_at_it(SUBMIT, LONG_LOOKS)
    for wish in (rig.wish(), RETRY):
        look_at_it(wish, LONG_LOOKS)
    with rig.ledger() as ledger:
        attempts = ledger.view().attempts
    assert rig.standin.truth().created("gwas-2") == created
    assert [each.number for each in attempts] == [1, 2][:created]


def uid_of(rig: Rig) -> str:
    """Return the id of the one workload of ours that is there."""
    (found,) = [
        each
        for each in rig.standin.truth().workloads
        if rig.is_ours(each.name) and each.gone_s is None
    ]
    return found.uid
