"""`kubectl`, where it may be asked: what its pods tell, and when it is asked no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from runbatch.clusters.runai.pods import PodEnd, ends_in
from runbatch.clusters.runai.program import execute_kubectl
from runbatch.core.errors import Unreachable

ENV = [{"name": "RUNBATCH_PREFIX", "value": "g"}, {"name": "RUNBATCH_KEY", "value": "1"}]


def ended(name: str, code: int) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code, "reason": "Error"}}}


def pods(*statuses: dict[str, Any]) -> str:
    """Return what is told of the pod of `g-1`: a job beside a container that the site put there."""
    containers = [{"name": "istio-proxy"}, {"name": "g-1", "env": ENV}]
    pod = {"spec": {"containers": containers}, "status": {"containerStatuses": statuses}}
    return json.dumps({"items": [pod]})


def test_an_end_is_that_of_the_job_s_own_container() -> None:
    text = pods(ended("istio-proxy", 2), ended("g-1", 1))
    assert list(ends_in(text)) == [("g-1", PodEnd(1, "Error"))]


def test_the_end_of_a_container_beside_the_job_is_not_the_job_s() -> None:
    running = {"name": "g-1", "state": {"running": {}}}
    assert list(ends_in(pods(ended("istio-proxy", 2), running))) == []
    assert list(ends_in(pods(ended("istio-proxy", 2)))) == []


def test_who_gave_no_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Unreachable) as told:
        execute_kubectl(["get", "pods", "-n", "runai-lab"], 0.1)
    assert str(told.value) == 'Run:ai: "kubectl get pods -n" gave no answer within 0.1 s.'
