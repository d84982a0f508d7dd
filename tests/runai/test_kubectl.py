"""A real `kubectl` against a small server: what is asked, and what each trouble becomes."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.runai.apiserver import (
    CUT,
    HANGS_UP,
    KUBECTL,
    SILENCE,
    Answer,
    ApiServer,
    configure,
    html,
    page,
    refusal,
    require_kubectl,
    serving,
)

from runbatch.clusters.kubectl import program
from runbatch.clusters.kubectl.pods import Pods
from runbatch.clusters.kubectl.program import execute_kubectl
from runbatch.core.errors import Unreachable

ENV = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]
FIRST = "/api/v1/namespaces/runai-lab/pods?limit=500"
TOLD = "the list of pods is cut short or is not the expected JSON."
TOO_OLD = "The provided continue parameter is too old to display a consistent list result."
EXPIRED = refusal(410, "Expired", TOO_OLD)


def pod(code: int = 2) -> dict[str, Any]:
    ended = {"name": "g-1", "state": {"terminated": {"exitCode": code, "reason": "Error"}}}
    return {
        "spec": {"containers": [{"name": "g-1", "env": ENV}]},
        "status": {"containerStatuses": [ended]},
    }


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """The server that `kubectl` is told of."""
    require_kubectl()
    monkeypatch.setenv("PATH", f"{KUBECTL.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with serving() as found:
        configure(tmp_path / "config", f"http://127.0.0.1:{found.port}", {"token": "t"})
        yield found


def exit_code(pods: Pods) -> int | None:
    pods.forget()
    end = pods.end_of("g-1")
    return end.exit_code if end else None


def trouble(pods: Pods) -> str:
    with pytest.raises(Unreachable) as told:
        exit_code(pods)
    return str(told.value)


def paths(server: ApiServer) -> list[str]:
    """Return what was asked for, but for the time limit, which `kubectl` puts in as well."""
    return [path.partition("&timeout=")[0] for path in server.asked]


def test_one_look_is_one_request(server: ApiServer) -> None:
    server.answer(page(pod()))
    assert exit_code(Pods("runai-lab", execute_kubectl)) == 2
    assert paths(server) == [FIRST]


def test_the_list_goes_on_page_by_page(server: ApiServer) -> None:
    server.answer(page({}, more="a/b+c=&limit=1"), page(pod()))
    assert exit_code(Pods("runai-lab", execute_kubectl)) == 2
    first, second = paths(server)
    assert first == FIRST
    assert second == FIRST.replace("?", "?continue=a%2Fb%2Bc%3D%26limit%3D1&")


def test_one_name_on_two_pages_tells_nothing(server: ApiServer) -> None:
    server.answer(page(pod(1), more="x"), page(pod(2)))
    assert exit_code(Pods("runai-lab", execute_kubectl, tries=1)) is None


def test_a_list_whose_next_page_is_gone_begins_anew(server: ApiServer) -> None:
    server.answer(page(pod(), more="x"), EXPIRED, page(pod(), more="y"), page())
    assert exit_code(Pods("runai-lab", execute_kubectl)) == 2
    assert len(server.asked) == 4


def test_a_list_that_always_grows_too_old_is_asked_for_at_the_next_look(server: ApiServer) -> None:
    old = [page(pod(), more="x"), EXPIRED]
    pods = Pods("runai-lab", execute_kubectl)
    server.answer(*old * 3, page(pod()))
    assert trouble(pods) == f"kubectl: Error from server (Expired): {TOO_OLD}"
    assert len(server.asked) == 6
    assert exit_code(pods) == 2


@pytest.mark.parametrize(
    "config", [None, {"context": ""}, {"context": "gone"}], ids=["none", "unset", "gone"]
)
def test_without_a_context_nobody_is_asked_for_pods(
    server: ApiServer, tmp_path: Path, config: dict[str, str] | None
) -> None:
    server.answer(page(pod()))
    (tmp_path / "config").unlink()
    if config is not None:
        configure(tmp_path / "config", f"http://127.0.0.1:{server.port}", {}, **config)
    assert exit_code(Pods("runai-lab", execute_kubectl, tries=1)) is None
    assert server.asked == []


RESET = "read tcp 127.0.0.1:{port}: read: connection reset by peer"
FORBIDDEN = 'pods is forbidden: User "x" cannot list resource "pods"'
TROUBLES = {
    "401": (
        refusal(401, "Unauthorized", "Unauthorized"),
        "You must be logged in to the server (Unauthorized).",
    ),
    "403": (
        refusal(403, "Forbidden", FORBIDDEN),
        f"Error from server (Forbidden): {FORBIDDEN}.",
    ),
    "a proxy's 404": (
        html(404),
        "Error from server (NotFound): the server could not find the requested resource.",
    ),
    "a page to log in": (html(200), TOLD),
    "no list": (Answer(200, "{}"), TOLD),
    "cut": (CUT, "unexpected EOF."),
    "hangs up": (
        HANGS_UP,
        f"Unable to connect to the server: {RESET}.",
    ),
    "410 on the first page": (EXPIRED, f"Error from server (Expired): {TOO_OLD}"),
}


@pytest.mark.parametrize(("answer", "said"), TROUBLES.values(), ids=TROUBLES)
def test_a_trouble_is_one_line_and_alike_each_time(
    server: ApiServer, answer: Answer, said: str
) -> None:
    server.answer(answer)
    pods = Pods("runai-lab", execute_kubectl, tries=3)
    told = {trouble(pods), trouble(pods)}
    assert told == {f"kubectl: {said.format(port=server.port)}"}
    assert len(server.asked) == 2
    assert exit_code(pods) is None, "it never answered: done without"
    server.answer(page(pod()), answer, answer, answer, answer, page(pod()))
    assert exit_code(pods) == 2
    for _ in range(4):
        assert trouble(pods) in told, "it has answered: asked again, however often"
    assert exit_code(pods) == 2


def test_a_login_that_fails_is_told_without_what_changes(server: ApiServer, tmp_path: Path) -> None:
    """The program to log in with is called only where the server is asked by TLS."""
    plugin = tmp_path / "login"
    plugin.write_text('#!/bin/sh\necho "expired at $(date +%s%N), pid $$" >&2\nexit 1\n')
    plugin.chmod(0o755)
    api = "client.authentication.k8s.io/v1"
    user = {"exec": {"apiVersion": api, "command": str(plugin), "interactiveMode": "Never"}}
    configure(tmp_path / "config", f"https://127.0.0.1:{server.port}", user)
    pods = Pods("runai-lab", execute_kubectl)
    told = {trouble(pods), trouble(pods)}
    failed = f"getting credentials: exec: executable {plugin} failed with exit code 1."
    assert told == {f"kubectl: Unable to connect to the server: {failed}"}
    assert server.asked == []


def test_a_question_for_a_user_name_is_no_list(server: ApiServer, tmp_path: Path) -> None:
    configure(tmp_path / "config", f"https://127.0.0.1:{server.port}", {})
    told = trouble(Pods("runai-lab", execute_kubectl))
    assert told == "kubectl: it asks for a user name: it has no login for its cluster."


@pytest.mark.parametrize("before", [[], [page({}, more="x")]], ids=["at once", "on page 2"])
def test_a_server_that_never_answers_is_not_waited_for_for_ever(
    server: ApiServer, before: list[Answer]
) -> None:
    server.answer(*before, SILENCE)
    began = time.monotonic()
    told = trouble(Pods("runai-lab", execute_kubectl, limit_s=0.3))
    assert time.monotonic() - began < 2
    assert told == "kubectl: Unable to connect to the server: it gave no answer in time."


def test_a_page_too_large_for_memory_is_not_read(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_BYTES", 1_000_000)
    server.answer(page(pod(), "x" * 1_000_000))
    told = trouble(Pods("runai-lab", execute_kubectl))
    assert told.startswith('"kubectl get --request-timeout=20s --raw" printed more than 1000000 ')
