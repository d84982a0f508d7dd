"""One bad answer of the cluster's programs decides nothing for ever."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from tests.incident import InProcess
from tests.runai.conftest import MakeRig
from tests.runai.rig import QUICK, Rig, pods_json
from tests.runai_standin import Settings

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import NOT_FOUND, Reply
from runbatch.core.attempt import Verdict
from runbatch.core.errors import Unreachable
from runbatch.core.snapshot import Snapshot
from runbatch.core.wish import Wish
from runbatch.runner import Ears, Pace, Runner

SUBMIT = Wish(start=True)
RETRY = Wish(retry=True, wait=True)
PACE = Pace(poll_interval_s=30, submit_interval_s=2)
FAILS_ONCE = Settings(delays=QUICK, outcomes={"gwas-2": (2, 0)})


def said(text: str) -> Reply:
    return Reply(1, "", f"Error: {text}")


NO_LOGS = [
    pytest.param(said("workload is not ready to stream logs"), id="not ready"),
    pytest.param(said("pod not found"), id="no pod"),
    pytest.param(said("the requested resource was not found"), id="no resource"),
    pytest.param(said("unable to retrieve container logs for containerd://1"), id="not retrieved"),
    pytest.param(said("could not locate desired workload"), id="not located"),
    pytest.param(said("no workload was found"), id="no workload"),
    pytest.param(said("403 Forbidden"), id="403"),
    pytest.param(said("you have insufficient permissions"), id="no rights"),
    pytest.param(said("project lab was not found"), id="no project"),
    pytest.param(said("invalid reference"), id="refused"),
    pytest.param(said("unknown flag: --type"), id="an unknown flag"),
    pytest.param(said("500 internal server error"), id="500"),
    pytest.param(Reply(1, "", ""), id="no word"),
    pytest.param(Reply(0, "", ""), id="nothing, and exit code 0"),
]
BAD = [cast("Reply", each.values[0]) for each in NO_LOGS]
NO_DESCRIPTIONS = [said("no workload was found"), said("403 Forbidden"), said("oh no")]


@dataclass
class Spoiled:
    """The program, which answers so for the first calls of a verb from now on."""

    real: Callable[[Sequence[str], float], Reply]
    verb: str
    answers: list[Reply]

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        if self.verb in words[:2] and self.answers:
            return self.answers.pop(0)
        return self.real(words, limit_s)


def run(rig: Rig, wish: Wish, verb: str, *answers: Reply) -> Snapshot:
    execute = Spoiled(InProcess(rig.standin), verb, list(answers))
    with rig.ledger() as ledger:
        cluster = RunaiCluster("talmo-lab", "workspace", execute=execute, kubectl=rig.kubectl)
        ears = Ears(event=rig.said.append)
        return Runner(rig.batch, cluster, ledger, wish, rig.clock, PACE, ears=ears).run("test")


@pytest.mark.parametrize("answer", NO_LOGS)
def test_one_bad_answer_of_logs_makes_no_mount_failure_undetermined(
    make: MakeRig, answer: Reply
) -> None:
    rig = make(last=1, cap=1, settings=FAILS_ONCE)
    run(rig, SUBMIT, "logs")
    rig.clock.sleep(120)
    (job,) = run(rig, RETRY, "logs", answer).jobs
    assert rig.standin.truth().created("gwas-2") == 2
    assert [each.is_verdict(Verdict.SUCCEEDED) for each in job.attempts] == [False, True]


@pytest.mark.parametrize("answer", NO_LOGS)
def test_one_bad_answer_at_a_deletion_loses_no_log(make: MakeRig, answer: Reply) -> None:
    rig = make(last=1, cap=1, settings=Settings(delays=QUICK, outcomes={"gwas-2": (0,)}))
    run(rig, replace(SUBMIT, wait=True), "logs")
    with rig.ledger() as ledger:
        going = frozenset({ledger.view().job("2").attempts[0].turn})
    (job,) = run(rig, Wish(delete=going), "logs", answer).jobs
    assert job.last is not None
    assert "Analysis finished" in Path(job.last.log or "").read_text()
    assert not rig.standin.truth().live(rig.is_ours)


def test_a_job_that_printed_nothing_is_deleted_once_several_looks_agree(make: MakeRig) -> None:
    settings = Settings(delays=QUICK, outcomes={"gwas-2": (0,)}, logs={"gwas-2": ""})
    rig = make(last=1, cap=1, settings=settings)
    run(rig, replace(SUBMIT, wait=True), "logs")
    with rig.ledger() as ledger:
        going = frozenset({ledger.view().job("2").attempts[0].turn})
    began = rig.clock.now()
    run(rig, Wish(delete=going), "logs")
    assert not rig.standin.truth().live(rig.is_ours)
    assert (rig.clock.now() - began).total_seconds() >= 240
    assert rig.lines("TROUBLE") == ["gwas-2: Run:ai: no log: it is empty. It is not deleted yet."]


NOT_LOCATED = said("could not locate desired workload")


@pytest.mark.parametrize(
    ("age_s", "least_s", "most_s"),
    [
        pytest.param(120, 240, 600, id="of a new end"),
        pytest.param(86_400, 0, 120, id="of an end of yesterday"),
    ],
)
def test_not_located_is_believed_of_a_listed_workload_after_four_minutes_or_a_day(
    make: MakeRig, age_s: float, least_s: float, most_s: float
) -> None:
    rig = make(last=1, cap=1, settings=Settings(delays=QUICK, outcomes={"gwas-2": (0,)}))
    run(rig, replace(SUBMIT, wait=True), "logs")
    rig.clock.sleep(age_s)
    with rig.ledger() as ledger:
        going = frozenset({ledger.view().job("2").attempts[0].turn})
    assert rig.standin.truth().live(rig.is_ours), "it is listed all the while"
    began = rig.clock.now()
    run(rig, Wish(delete=going), "logs", *[NOT_LOCATED] * 99)
    assert not rig.standin.truth().live(rig.is_ours)
    assert least_s <= (rig.clock.now() - began).total_seconds() < most_s


def test_not_located_judges_a_listed_failure_after_four_minutes_only(make: MakeRig) -> None:
    rig = make(last=1, cap=1, settings=FAILS_ONCE)
    rig.kubectl = lambda words, limit_s: Reply(NOT_FOUND, "", "")  # noqa: ARG005
    run(rig, SUBMIT, "logs")
    rig.clock.sleep(120)
    began = rig.clock.now()
    (job,) = run(rig, RETRY, "logs", *[NOT_LOCATED] * 99).jobs
    assert job.last is not None
    assert job.last.is_verdict(Verdict.UNDETERMINED)
    assert rig.standin.truth().live(rig.is_ours), "it is listed all the while"
    assert 240 <= (rig.clock.now() - began).total_seconds() < 600


@pytest.mark.parametrize("answer", NO_DESCRIPTIONS, ids=lambda reply: reply.err)
def test_a_description_that_fails_hides_no_exit_code(make: MakeRig, answer: Reply) -> None:
    rig = make(last=1, cap=1, settings=FAILS_ONCE)
    rig.kubectl = lambda words, limit_s: Reply(0, pods_json(rig.standin), "")  # noqa: ARG005
    run(rig, SUBMIT, "describe")
    rig.clock.sleep(120)
    began = rig.clock.now()
    run(rig, RETRY, "describe", *[answer] * 99)
    assert rig.standin.truth().created("gwas-2") == 2
    assert (rig.clock.now() - began).total_seconds() < 600


def test_a_kubectl_that_fails_hides_no_log(make: MakeRig) -> None:
    def hangs(words: Sequence[str], limit_s: float) -> Reply:
        raise Unreachable("kubectl: no answer.")

    settings = Settings(delays=QUICK, outcomes={"gwas-2": (2, 0)})
    rig = make(last=1, cap=1, settings=settings)
    rig.kubectl = hangs
    run(rig, SUBMIT, "logs")
    rig.clock.sleep(120)
    began = rig.clock.now()
    (job,) = run(rig, RETRY, "logs").jobs
    assert rig.standin.truth().created("gwas-2") == 2
    assert (rig.clock.now() - began).total_seconds() < 900
    assert "MOUNT FAILURE" in Path(job.attempts[0].log or "").read_text()


def test_a_later_retry_corrects_what_was_judged_without_a_log(make: MakeRig) -> None:
    rig = make(last=1, cap=1, settings=FAILS_ONCE)
    never = said("workload is not ready to stream logs")
    run(rig, SUBMIT, "logs")
    rig.clock.sleep(120)
    (job,) = run(rig, RETRY, "logs", *[never] * 99).jobs
    assert job.last is not None
    assert job.last.is_verdict(Verdict.UNDETERMINED)
    (job,) = run(rig, replace(RETRY, again=frozenset({job.last.turn})), "logs").jobs
    assert rig.standin.truth().created("gwas-2") == 2
    (told,) = [line for line in rig.lines("FAIL") if "judged anew" in line]
    assert told.startswith("gwas-2: mount failure (log: INFRASTRUCTURE MOUNT FAILURE: /data")
    assert "; judged anew, it was undetermined (no exit code, no marker in the log" in told


def test_the_exit_code_that_comes_later_stops_the_retry_of_a_configuration_error(
    make: MakeRig,
) -> None:
    marker = "[ERROR] INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point\n"
    settings = Settings(delays=QUICK, outcomes={"gwas-2": (1,)}, logs={"gwas-2": marker})
    rig = make(last=1, cap=1, settings=settings)
    run(rig, replace(SUBMIT, wait=True), "logs")
    with rig.ledger() as ledger:
        last = ledger.view().job("2").last
    assert last is not None
    assert last.is_verdict(Verdict.MOUNT_FAILURE)
    rig.kubectl = lambda words, limit_s: Reply(0, pods_json(rig.standin), "")  # noqa: ARG005
    (job,) = run(rig, replace(RETRY, again=frozenset({last.turn})), "logs").jobs
    assert job.last is not None
    assert job.last.is_verdict(Verdict.CONFIGURATION_ERROR)
    assert rig.standin.truth().created("gwas-2") == 1


@pytest.mark.parametrize("seed", range(6))
def test_with_a_fifth_of_all_answers_bad_every_mount_failure_comes_to_its_end(
    make: MakeRig, seed: int
) -> None:
    """And no configuration error is retried, though its log ends with a marker."""
    dice = random.Random(seed)
    broken = {f"gwas-{key}": (2, 0) if key % 2 else (2, 2, 2, 2) for key in range(2, 8)}
    wrong = {f"gwas-{key}": (1,) for key in range(8, 12)}
    marker = "[ERROR] INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point\n"
    settings = Settings(
        delays=QUICK, outcomes={**broken, **wrong}, logs=dict.fromkeys(wrong, marker)
    )
    rig = make(last=10, cap=10, settings=settings)
    real = InProcess(rig.standin)

    def runai(words: Sequence[str], limit_s: float) -> Reply:
        if {"logs", "describe"} & set(words[:2]) and dice.random() < 0.2:
            return dice.choice(BAD)
        return real(words, limit_s)

    failing = [each for each in BAD if each.code != 0]

    def kubectl(words: Sequence[str], limit_s: float) -> Reply:
        if dice.random() < 0.2:
            return dice.choice(failing)
        return Reply(0, "lab\n" if words[0] == "config" else pods_json(rig.standin), "")

    rig.kubectl = kubectl
    for wish in (replace(SUBMIT, wait=True), RETRY, RETRY, RETRY):
        with rig.ledger() as ledger:
            lasts = [job.last for job in ledger.view().jobs.values()]
            again = frozenset(last.turn for last in lasts if last and last.is_doubtful)
            cluster = RunaiCluster("talmo-lab", "workspace", execute=runai, kubectl=rig.kubectl)
            asked = replace(wish, again=again)
            Runner(rig.batch, cluster, ledger, asked, rig.clock, PACE).run("test")
    truth = rig.standin.truth()
    made = {name: truth.created(name) for name in settings.outcomes}
    assert made == {name: len(codes) for name, codes in settings.outcomes.items()}
