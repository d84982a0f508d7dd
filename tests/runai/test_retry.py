"""Retry on Run:ai, judged by the stand-in's own record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from tests.incident import DOTENV, is_ours, settings
from tests.runai.conftest import MakeRig
from tests.runai.rig import QUICK, Rig, pods_json
from tests.runai_standin import (
    ClientKilled,
    Deed,
    Delays,
    Fault,
    Plot,
    Settings,
    StandIn,
    Switches,
    Trouble,
)

from runbatch.clusters.kubectl.pods import ends_in
from runbatch.clusters.shell.program import NOT_FOUND, Reply
from runbatch.config.load import load_batch
from runbatch.core.attempt import Verdict
from runbatch.core.job import State
from runbatch.core.snapshot import Snapshot
from runbatch.core.wish import Wish

SUBMIT = Wish(start=True, wait=True)
RETRY = Wish(retry=True)
SHORT = replace(QUICK, running=(20, 40), mount_failure=(2, 5))


def outcomes(**by_key: tuple[int, ...]) -> Settings:
    """Return a cluster on which `gwas-<key>` ends so, start by start."""
    named = {f"gwas-{key[1:]}": codes for key, codes in by_key.items()}
    return Settings(delays=SHORT, outcomes=named)


def deletes(rig: Rig) -> list[str]:
    return [call.effect for call in rig.standin.truth().calls_of("delete")]


def test_it_waits_30_and_60_seconds_and_succeeds(make: MakeRig) -> None:
    rig = make(last=3, cap=3, settings=outcomes(k3=(2, 2, 0)))
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    attempts = after.jobs[1].attempts
    assert after.counts[State.SUCCEEDED] == 3
    assert [each.number for each in attempts] == [1, 2, 3]
    for (before, then), delay_s in zip(pairwise(attempts), (30, 60), strict=True):
        assert before.ended_at is not None
        assert then.reserved_at - before.ended_at >= timedelta(seconds=delay_s)
        assert before.log is not None
        assert "INFRASTRUCTURE MOUNT FAILURE" in Path(before.log).read_text()
    assert rig.standin.truth().created("gwas-3") == 3
    assert rig.standin.truth().overlapping(rig.is_ours) == set()


def evicting(make: MakeRig, until_s: float | None = 15) -> Rig:
    """Return a rig that evicts `gwas-2` whenever it starts by then, where kubectl may tell."""
    fault = Fault(Trouble.EVICTION, until_s=until_s, names=("gwas-2",))
    switches = Switches(faults=(fault,))
    rig = make(last=2, cap=2, settings=outcomes(k3=(1,)), switches=switches)

    def kubectl(words: Sequence[str], limit_s: float) -> Reply:
        return Reply(0, "lab\n" if words[0] == "config" else pods_json(rig.standin), "")

    rig.kubectl = kubectl
    return rig


def verdicts(after: Snapshot, key: str) -> list[str]:
    (job,) = (job for job in after.jobs if job.key == key)
    return [str(each.outcome) for each in job.attempts]


def test_what_was_evicted_is_tried_again_and_no_configuration_error_is(make: MakeRig) -> None:
    rig = evicting(make)
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    evicted = "infrastructure failure (reason: Evicted)"
    assert verdicts(after, "2") == [evicted, "succeeded (phase Completed)"]
    assert verdicts(after, "3") == ["configuration error (exit code 1, Error)"]
    assert rig.standin.truth().exit_codes("gwas-2") == [None, 0]


def test_what_is_always_evicted_is_tried_three_times_more(make: MakeRig) -> None:
    rig = evicting(make, until_s=None)
    rig.run(SUBMIT)
    for _ in range(2):
        after = rig.run(RETRY)
        assert len(verdicts(after, "2")) == 4
    assert rig.standin.truth().created("gwas-2") == 4


def test_with_infrastructure_off_an_eviction_is_left_for_a_person(make: MakeRig) -> None:
    rig = evicting(make)
    policy = replace(rig.batch.retry, infrastructure=False)
    rig.batch = replace(rig.batch, retry=policy)
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    assert verdicts(after, "2") == ["infrastructure failure (reason: Evicted)"]


def test_one_that_always_fails_gets_three_retries_in_its_life(make: MakeRig) -> None:
    rig = make(last=1, cap=1, settings=outcomes(k2=(2,)))
    rig.run(SUBMIT)
    for _ in range(3):
        after = rig.run(RETRY)
        assert rig.standin.truth().created("gwas-2") == 4
    assert after.jobs[0].next_retry_at is None
    assert [each.number for each in after.jobs[0].attempts] == [1, 2, 3, 4]


def test_a_lost_ledger_forgets_no_attempt(make: MakeRig) -> None:
    rig = make(last=1, cap=1, settings=outcomes(k2=(2,)))
    rig.run(SUBMIT)
    rig.run(replace(RETRY, once=True))
    rig.clock.sleep(300)
    (rig.folder / "ledger").rename(rig.folder / "lost")
    after = rig.run(RETRY)
    assert rig.standin.truth().created("gwas-2") == 2, "a person must say that it may be deleted"
    (last,) = after.jobs[0].attempts
    rig.run(Wish(delete=frozenset({last.turn}), foreign=True))
    rig.run(RETRY)
    assert rig.standin.truth().created("gwas-2") == 4


def test_only_mount_failures_are_retried(make: MakeRig) -> None:
    codes = {"k2": (2, 0), "k3": (1,), "k4": (137,), "k5": (3,), "k6": (2, 1)}
    rig = make(last=6, cap=6, settings=outcomes(**codes))
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    truth = rig.standin.truth()
    assert [truth.created(f"gwas-{key}") for key in range(2, 8)] == [2, 1, 1, 1, 2, 1]
    outcomes_found = [job.last.outcome for job in after.failed if job.last]
    assert [each.verdict for each in outcomes_found if each] == [Verdict.UNDETERMINED] * 4
    assert len(deletes(rig)) == 2


def test_a_warning_in_the_log_retries_no_configuration_error(make: MakeRig) -> None:
    warning = "[WARN] /scratch is not a mount point, going on without it\n"
    rig = make(last=2, cap=2, settings=replace(outcomes(k2=(1,)), logs={"gwas-2": warning}))
    rig.run(SUBMIT)
    (job,) = rig.run(RETRY).failed
    assert rig.standin.truth().created("gwas-2") == 1
    assert job.last is not None
    assert job.last.is_verdict(Verdict.UNDETERMINED)


def test_the_first_job_is_retried_before_the_last_log_is_read_and_no_log_twice(
    make: MakeRig,
) -> None:
    rig = make(last=20, cap=20, settings=outcomes(**{f"k{key}": (2, 0) for key in range(2, 22)}))
    rig.kubectl = lambda words, limit_s: Reply(NOT_FOUND, "", "")  # noqa: ARG005
    rig.run(Wish(start=True))
    rig.clock.sleep(1000)
    rig.run(RETRY)
    truth = rig.standin.truth()
    assert {truth.created(rig.batch.workload_name(key)) for key in rig.batch.keys} == {2}
    verbs = [call.verb for call in truth.calls]
    logs = [index for index, verb in enumerate(verbs) if verb == "logs"]
    assert len(logs) == 20
    assert verbs.index("delete") < logs[-1]


def test_what_is_not_ours_is_never_touched(make: MakeRig) -> None:
    theirs = {"xgwas-3": (2,), "gwas-2-3": (2,), "gwas-2-test": (2,)}
    failing = Settings(delays=SHORT, outcomes={**theirs, "gwas-3": (2, 0)})
    rig = make(last=2, cap=2, settings=failing)
    for name in theirs:
        rig.standin.call("workspace", "submit", name, "-p", "talmo-lab", "-i", "x:1", owner="other")
    rig.standin.call("workspace", "submit", "gwas-2", "-p", "other-lab", "-i", "x:1", owner="other")
    rig.run(SUBMIT)
    rig.clock.sleep(60)
    rig.run(RETRY)
    truth = rig.standin.truth()
    assert truth.created("gwas-3") == 2
    assert [truth.created(name) for name in theirs] == [1, 1, 1]
    assert len(deletes(rig)) == 1


@pytest.mark.parametrize("deed", [Deed.DELETE, Deed.RESUME], ids=lambda deed: deed.name)
def test_a_job_that_is_no_longer_what_it_was_is_left_alone(make: MakeRig, deed: Deed) -> None:
    rig = make(last=1, cap=1, settings=outcomes(k2=(2,)))
    rig.run(SUBMIT)
    rig.standin.plot([Plot(rig.standin.now_s, deed, "gwas-2")])
    if deed is Deed.RESUME:
        rig.standin.do(Deed.SHOW, "gwas-2", word="Running", seconds=1e6)
    with rig.ledger() as ledger:
        runner = rig.runner(ledger, RETRY)
        for _ in range(10):
            rig.clock.sleep(30)
            runner.tick()
    assert rig.standin.truth().created("gwas-2") == 1
    assert not rig.standin.truth().calls_of("delete")


def test_a_deletion_that_never_ends_holds_up_nobody_else(make: MakeRig) -> None:
    stuck = Switches(faults=(Fault(Trouble.STUCK_DELETE, names=("gwas-2",)),))
    rig = make(last=3, cap=3, settings=outcomes(k2=(2,), k3=(2, 0), k4=(2, 0)), switches=stuck)
    rig.run(SUBMIT)
    after = rig.run(RETRY, most_ticks=300)
    assert [job.state for job in after.jobs] == [State.IN_FLIGHT, State.SUCCEEDED, State.SUCCEEDED]
    assert any("gwas-2: it is still being deleted" in text for text in rig.lines("TROUBLE"))


def test_a_deletion_that_fails_is_told_and_asked_again(make: MakeRig) -> None:
    fails = Switches(faults=(Fault(Trouble.REFUSED, verbs=("delete",), nth=(1, 2)),))
    rig = make(last=2, cap=2, settings=outcomes(k2=(2, 0), k3=(2, 0)), switches=fails)
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    assert after.counts[State.SUCCEEDED] == 2
    assert rig.lines("TROUBLE")


def test_a_log_that_can_never_be_read_is_judged_without_and_left_for_a_person(
    make: MakeRig,
) -> None:
    unreadable = Switches(faults=(Fault(Trouble.REFUSED, verbs=("logs",), names=("gwas-2",)),))
    codes = outcomes(k2=(2,), k3=(2, 0))
    rig = make(last=2, cap=2, settings=codes, switches=unreadable)
    rig.run(SUBMIT)
    after = rig.run(RETRY)
    assert rig.standin.truth().created("gwas-2") == 1
    assert after.jobs[1].state is State.SUCCEEDED
    assert str(after.jobs[0].last and after.jobs[0].last.outcome).startswith("undetermined")


def test_two_pods_of_one_name_tell_nothing() -> None:
    def pod(code: int, **metadata: str) -> dict[str, object]:
        env = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]
        ended = {"terminated": {"exitCode": code, "reason": "OOMKilled"}}
        return {
            "metadata": metadata,
            "spec": {"containers": [{"env": env}]},
            "status": {"containerStatuses": [{"lastState": ended}]},
        }

    assert [end.exit_code for _, end in ends_in([pod(137)])] == [137]
    assert list(ends_in([pod(1), pod(2)])) == []
    leaving = pod(1, deletionTimestamp="2026-01-05T09:00:00Z")
    assert [name for name, _ in ends_in([leaving, pod(2)])] == ["g-1"]
    assert list(ends_in([{}, {"spec": 3}])) == []


@pytest.mark.parametrize("others", [33])
def test_the_incident_with_retry_beside_submit(tmp_path: Path, others: int) -> None:
    path = tmp_path / ".env"
    path.write_text(DOTENV.replace("END_TRAIT=187", "END_TRAIT=81"))
    tight = replace(
        settings(5, others),
        mount_table=15,
        delays=Delays(initializing=(20, 60), running=(200, 600)),
    )
    rig = Rig(tmp_path, load_batch(path), StandIn.create(tmp_path / "cluster", tight))
    with rig.ledger() as one, rig.ledger() as two:
        submit, retry = rig.runner(one, SUBMIT), rig.runner(two, RETRY)
        for _ in range(3000):
            over = [submit.tick().done, retry.tick().done]
            if all(over):
                break
            rig.clock.sleep(30)
        jobs = one.view().jobs.values()
    truth = rig.standin.truth()
    assert truth.max_active(is_ours) == 50
    assert truth.overlapping(is_ours) == set()
    retried = [job for job in jobs if len(job.attempts) > 1]
    assert retried, "no mount ever failed: this shows nothing"
    for job in jobs:
        assert job.state is State.SUCCEEDED or len(job.attempts) == 4
        assert truth.created(f"eberrigan-gapit-gwas-{job.key}") == len(job.attempts)
    for job in retried:
        for attempt in job.attempts[:-1]:
            assert attempt.log is not None
            assert "is not a mount point" in Path(attempt.log).read_text()


VERBS = ("list", "submit", "delete", "describe", "logs")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("trouble", [Trouble.KILL_CLIENT_BEFORE, Trouble.KILL_CLIENT_AFTER])
@pytest.mark.parametrize("nth", range(1, 7))
def test_killed_at_any_call_nothing_is_lost_doubled_or_uncounted(
    make: MakeRig, verb: str, trouble: Trouble, nth: int
) -> None:
    rig = make(last=3, cap=2, settings=outcomes(k2=(2, 2, 0), k3=(2,), k4=(1,)))
    rig.run(SUBMIT)
    made = len(rig.standin.truth().calls_of(verb))
    rig.standin.switch(Switches(faults=(Fault(trouble, verbs=(verb,), nth=(made + nth,)),)))
    killed = 0
    for _ in range(3):
        try:
            after = rig.run(RETRY)
        except ClientKilled:
            killed += 1
    truth = rig.standin.truth()
    assert killed == (1 if len(truth.calls_of(verb)) >= made + nth else 0)
    assert [truth.created(f"gwas-{key}") for key in (2, 3, 4)] == [3, 4, 1]
    assert [len(job.attempts) for job in after.jobs] == [3, 4, 1]
    assert after.jobs[0].state is State.SUCCEEDED
    assert truth.overlapping(rig.is_ours) == set()
    assert rig.most_active() <= 2
    for job in after.jobs:
        for attempt in job.attempts[:-1]:
            assert attempt.log is not None
            assert "INFRASTRUCTURE MOUNT FAILURE" in Path(attempt.log).read_text()
