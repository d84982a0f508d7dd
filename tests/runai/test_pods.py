"""`kubectl`, where it may be asked: what its pods tell, and when it is asked no more."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbatch.clusters.kubectl import program as kubectl_module
from runbatch.clusters.kubectl.pods import (
    MOST_ALIKE,
    MOST_TRIES,
    MOST_TRIES_FOR_A_POD,
    PodEnd,
    Pods,
    ends_in,
)
from runbatch.clusters.kubectl.program import complaint_in, execute_kubectl
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import NOT_FOUND, Reply
from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.errors import Unreachable
from runbatch.evidence import gather

RUN = Run(command=("true",), mounts=(Mount("/hpi/data", "/data"),))
BATCH = Batch(prefix="g", keys=("1",), run=RUN)
ENV = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]


def ended(name: str, code: int) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": "Error"}}}


def pods(*statuses: dict[str, Any]) -> str:
    """Return a page with the pod of `g-1`: a job beside a container that the site put there."""
    return json.dumps({"items": [pod(*statuses)]})


def pod(*statuses: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "istio-proxy"}, {"name": "g-1", "env": ENV}]
    return {"spec": {"containers": containers}, "status": {"containerStatuses": [*statuses]}}


def test_an_end_is_that_of_the_job_s_own_container() -> None:
    found = pod(ended("istio-proxy", 2), ended("g-1", 1))
    assert list(ends_in([found])) == [("g-1", PodEnd(1, "Error"))]


def test_the_end_of_a_container_beside_the_job_is_not_the_job_s() -> None:
    running = {"name": "g-1", "state": {"running": {}}}
    assert list(ends_in([pod(ended("istio-proxy", 2), running)])) == []
    assert list(ends_in([pod(ended("istio-proxy", 2))])) == []


def test_who_gave_no_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Unreachable) as told:
        execute_kubectl(["get", "--request-timeout=20s", "--raw", "/api?continue=1"], 0.1)
    named = "kubectl get --request-timeout=20s --raw"
    assert str(told.value) == f'"{named}" gave no answer within 0.1 s.'


class Kubectl:
    """A `kubectl` that answers so, call by call; after the last as the last."""

    def __init__(self, *answers: Reply | Unreachable) -> None:
        self.answers = answers
        self.calls = 0
        self.context = Reply(0, "lab\n", "")

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        if words == ["config", "current-context"]:
            return self.context
        assert words[0] == "get"
        assert limit_s > 0
        answer = self.answers[min(self.calls, len(self.answers) - 1)]
        self.calls += 1
        if isinstance(answer, Unreachable):
            raise answer
        return answer


FAILED = Reply(0, pods(ended("g-1", 1)), "")
NONE_ENDED = Reply(0, '{"items": []}', "")
HANGS = Unreachable('"kubectl get --request-timeout=20s --raw" gave no answer within 30 s.')
NO_ANSWERS = [
    pytest.param(HANGS, id="a time-out"),
    pytest.param(
        Reply(1, "", "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout"),
        id="no way to the server",
    ),
    pytest.param(
        Reply(1, "", "dial tcp: lookup forbidden.example.org on 10.0.0.2:53: no such host"),
        id="a name that nobody knows, whatever it is called",
    ),
    pytest.param(
        Reply(1, "", "The connection to the server k8s.lab:6443 was refused"), id="refused"
    ),
    pytest.param(Reply(1, "", ""), id="no word"),
    pytest.param(Reply(0, FAILED.out[:-9], ""), id="cut short"),
    pytest.param(Reply(0, '{"items":' * 100_000, ""), id="nested too deeply"),
]
REFUSALS = [
    pytest.param(
        Reply(1, "", 'Error from server (Forbidden): pods is forbidden: User "x"'), id="1"
    ),
    pytest.param(
        Reply(1, "", "error: You must be logged in to the server (Unauthorized)"), id="nobody"
    ),
    pytest.param(
        Reply(1, "", "error: the server has asked for the client to provide credentials"), id="who"
    ),
    pytest.param(
        Reply(1, "", 'Error from server (NotFound): namespaces "runai-lab" not found'), id="nowhere"
    ),
    pytest.param(Reply(1, "", 'error: context "lab" does not exist'), id="no such context"),
    pytest.param(
        Reply(1, "", "error: invalid configuration: no configuration has been provided"), id="none"
    ),
    pytest.param(
        Reply(1, "", "The connection to the server localhost:8080 was refused - did you specify"),
        id="no cluster configured",
    ),
]


def look(pods: Pods) -> int | str | None:
    """Return the exit code that one look at the cluster tells, or that it told nothing yet."""
    pods.forget()
    try:
        end = pods.end_of("g-1")
    except Unreachable:
        return "ask again"
    return end.exit_code if end else None


NEVER_ANSWERED = ["ask again"] * (MOST_ALIKE - 1)
NO_END_SHOWN = ["ask again"] * (MOST_TRIES_FOR_A_POD - 1)


@pytest.mark.parametrize("no", [*REFUSALS, *NO_ANSWERS])
def test_one_that_never_answers_is_done_without_and_asked_all_the_same(
    no: Reply | Unreachable,
) -> None:
    silences = [no] * (MOST_TRIES + 2)
    kubectl = Kubectl(*silences, FAILED)
    of_lab = Pods("runai-lab", kubectl)
    nothing = [None] * (len(silences) - len(NEVER_ANSWERED))
    assert [look(of_lab) for _ in silences] == [*NEVER_ANSWERED, *nothing]
    assert look(of_lab) == 1
    assert kubectl.calls == len(silences) + 1


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(Reply(NOT_FOUND, "", ""), id="no such program"),
        pytest.param(Reply(1, "", "error: current-context is not set"), id="not set"),
        pytest.param(Reply(0, "\n", ""), id="empty"),
    ],
)
def test_where_there_is_no_kubectl_or_no_cluster_for_it_nobody_is_asked(context: Reply) -> None:
    kubectl = Kubectl(FAILED)
    kubectl.context, of_lab = context, Pods("runai-lab", kubectl)
    assert [look(of_lab) for _ in range(2)] == [None, None]
    assert kubectl.calls == 0
    kubectl.context = Reply(0, "lab\n", "")
    assert look(of_lab) == 1


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(Reply(1, "", "error: open /home/x/.kube/config: permission denied"), id="1"),
        pytest.param(Reply(1, "", "error: You must be logged in to the server"), id="no login"),
        pytest.param(Reply(1, "", ""), id="no word"),
        pytest.param(Reply(-9, "", ""), id="killed"),
    ],
)
def test_a_context_that_is_not_told_is_asked_for_again(context: Reply) -> None:
    kubectl = Kubectl(FAILED)
    kubectl.context, of_lab = context, Pods("runai-lab", kubectl)
    assert [look(of_lab) for _ in range(MOST_ALIKE)] == [*NEVER_ANSWERED, None]
    assert kubectl.calls == 0
    kubectl.context = Reply(0, "lab\n", "")
    assert look(of_lab) == 1
    kubectl.context = context
    assert look(of_lab) == "ask again"


def test_one_that_says_something_else_each_time_is_waited_for_longer() -> None:
    refused = Reply(1, "", "Error from server (Forbidden): pods is forbidden")
    answers: list[Reply | Unreachable] = [HANGS, refused] * (MOST_TRIES // 2)
    of_lab = Pods("runai-lab", Kubectl(*answers))
    assert [look(of_lab) for _ in answers] == ["ask again"] * (MOST_TRIES - 1) + [None]


@pytest.mark.parametrize("no", [*REFUSALS, *NO_ANSWERS])
def test_one_bad_answer_among_good_ones_decides_nothing(no: Reply | Unreachable) -> None:
    of_lab = Pods("runai-lab", Kubectl(FAILED, no, FAILED))
    assert [look(of_lab) for _ in range(3)] == [1, "ask again", 1]


def test_a_pod_that_is_not_shown_yet_is_waited_for_and_not_for_ever() -> None:
    of_lab = Pods("runai-lab", Kubectl(NONE_ENDED, FAILED))
    assert [look(of_lab) for _ in range(2)] == ["ask again", 1]
    of_lab = Pods("runai-lab", Kubectl(NONE_ENDED))
    assert [look(of_lab) for _ in range(4)] == [*NO_END_SHOWN, None, None]


@pytest.mark.parametrize("answer", [FAILED, NONE_ENDED], ids=["an end", "no pod"])
def test_one_that_has_answered_is_asked_again_however_long_it_is_silent(answer: Reply) -> None:
    silences = [HANGS] * (3 * MOST_TRIES)
    of_lab = Pods("runai-lab", Kubectl(answer, *silences, FAILED))
    look(of_lab)
    assert [look(of_lab) for _ in silences] == ["ask again"] * len(silences)
    assert look(of_lab) == 1


def test_one_look_waits_for_it_once_however_many_jobs_have_failed() -> None:
    kubectl = Kubectl(HANGS)
    of_lab = Pods("runai-lab", kubectl)
    for name in ("g-1", "g-2", "g-1"):
        with pytest.raises(Unreachable, match="kubectl"):
            of_lab.end_of(name)
    assert kubectl.calls == 1


def test_who_looks_only_once_does_without_what_may_answer_later() -> None:
    kubectl = Kubectl(HANGS)
    assert look(Pods("runai-lab", kubectl, tries=1)) is None
    assert kubectl.calls == 1


def test_a_list_that_does_not_end_is_given_up() -> None:
    kubectl = Kubectl(Reply(0, '{"metadata": {"continue": "x"}, "items": []}', ""))
    with pytest.raises(Unreachable, match="the list of pods does not end"):
        Pods("runai-lab", kubectl).end_of("g-1")
    assert kubectl.calls == 100


@pytest.mark.parametrize("hangs", [False, True], ids=["slow pages", "no answer in what is left"])
def test_one_look_with_all_its_pages_has_a_time_limit(
    monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    more = Reply(0, '{"metadata": {"continue": "x"}, "items": []}', "")
    now, limits = [0.0], list[float]()

    def slow(words: Sequence[str], limit_s: float) -> Reply:
        limits.append(limit_s)
        now[0] += min(25, limit_s)
        if words[0] == "config":
            return Reply(0, "lab\n", "")
        if hangs and limit_s < 25:
            raise HANGS
        return more

    monkeypatch.setattr(kubectl_module, "monotonic", lambda: now[0])
    of_lab = Pods("runai-lab", slow)
    told = set[str]()
    for _ in range(MOST_ALIKE - 1):
        began, limits[:] = now[0], []
        of_lab.forget()
        with pytest.raises(Unreachable) as error:
            of_lab.end_of("g-1")
        told.add(str(error.value))
        assert now[0] - began == 120
        assert limits == [30, 30, 30, 30, 20]
    assert told == {"kubectl: the list of pods takes more than 120 s."}
    assert look(of_lab) is None, "it never answered: done without"


@pytest.mark.parametrize(
    "said",
    [
        "E1127 06:15:29.011291 {n}974 memcache.go:381] refused\nThe connection to the server",
        "expired, pid {n}\nUnable to connect to the server: no\n\nSee https://example.org/{n}",
        "Unable to connect to the server: x509: expired: current time 2026-11-27T06:15:2{n}Z is",
        'Get "https://k8s.lab:6443/api/v1/pods?limit=500&continue=a{n}": dial tcp: no such host',
        "error: AccessDenied, request id: 0f0e8{n}c4-3b1d-4d8a-9f5e-0123456789ab",
    ],
)
def test_one_trouble_is_told_in_the_same_words_each_time(said: str) -> None:
    told = {complaint_in(Reply(1, "", said.format(n=n))) for n in range(3)}
    assert len(told) == 1
    assert "." in told.pop()


def test_all_words_for_no_answer_in_time_are_one() -> None:
    texts = (
        "context deadline exceeded",
        "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
    )
    assert {complaint_in(Reply(1, "", each)) for each in texts} == {"it gave no answer in time."}


@pytest.mark.parametrize("silence", NO_ANSWERS)
def test_what_it_said_is_told_as_its_own_words(silence: Reply | Unreachable) -> None:
    with pytest.raises(Unreachable, match=r"kubectl.*\.$"):
        Pods("runai-lab", Kubectl(silence)).end_of("g-1")


def test_a_configuration_error_is_not_taken_for_a_mount_failure_after_a_hiccup() -> None:
    """Its log ends with the line of a mount that was late: only the exit code tells."""

    def runai(words: Sequence[str], limit_s: float) -> Reply:
        if words == ["version"]:
            return Reply(0, "2.25.1", "")
        if "list" in words:
            return Reply(0, '[{"name": "g-1", "id": "u"}]', "")
        if "describe" in words:
            return Reply(0, "{}", "")
        return Reply(0, "[ERROR] /data is not a mount point\n", "")

    cluster = RunaiCluster("lab", "workspace", execute=runai, kubectl=Kubectl(HANGS, FAILED))
    at = datetime(2026, 1, 5, tzinfo=UTC)
    attempt = Attempt(key="1", number=1, reserved_at=at, seen_at=at, uid="u")
    cluster.list("g")
    (found,) = gather([attempt], "g", cluster)
    assert str(found.error) == str(HANGS)
    assert found.evidence.exit_code is None
    cluster.list("g")
    (found,) = gather([attempt], "g", cluster)
    assert str(found.judged(BATCH).outcome).startswith("configuration error (exit code 1")
