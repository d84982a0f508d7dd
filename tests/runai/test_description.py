"""What `describe` printed, in the shapes that it may have: whose it is, its node, its events."""

import json
from typing import Any

import pytest

from runbatch.clusters.runai.description import evidence_of
from runbatch.core.attempt import Evidence

PODS = [{"name": "gwas-1-0", "id": "p", "nodeName": "gpu-node5"}]
EVENTS = [{"reason": "Failed", "message": "exit code 2"}]
FOUND = Evidence(events=("Failed: exit code 2",), node="gpu-node5")
ANY: dict[str, Any] = {"pods": PODS, "events": EVENTS}


@pytest.mark.parametrize(
    "head",
    [
        {"id": "other"},
        {"meta": {"id": "other"}},
        {"metadata": {"uid": "other", "name": "gwas-1"}},
        {"Meta": {"ID": "other"}},
        {"workspace": {"meta": {"id": "other"}, "spec": {}}},
        {"workloadId": "other"},
    ],
    ids=str,
)
def test_a_description_of_another_workload_tells_nothing(head: dict[str, Any]) -> None:
    assert evidence_of(json.dumps({**head, **ANY}), "u") == Evidence()
    text = json.dumps({**head, **ANY}).replace("other", "u")
    assert evidence_of(text, "u") == FOUND, "its own, in the same shape"


@pytest.mark.parametrize(
    "described",
    [
        ANY,
        {"id": "u", "metadata": {"uid": "of Kubernetes"}, **ANY},
        {"meta": {"id": "u"}, "spec": {"compute": {"id": "of an asset"}}, **ANY},
        {"meta": {"id": "u"}, "status": ANY},
        {"Pods": PODS, "EVENTS": EVENTS},
        {"status": {"pods": {"items": PODS}, "events": {"items": EVENTS}}},
        {"pods": [{**PODS[0], "events": EVENTS}]},
        {
            "pods": [{"node": "gpu-node5"}],
            "events": [{"Reason": "Failed", "Message": "exit code 2"}],
        },
        {"pods": [{"spec": {"nodeName": "gpu-node5"}}], "events": EVENTS},
        {"pods": [{"node": {"name": "gpu-node5"}}], "events": EVENTS},
        {"pods": [*PODS, {"name": "not placed", "nodeName": None}], "events": EVENTS},
        {"pods": PODS, "events": [{"reason": "Failed", "note": "exit code 2"}, {"type": "Normal"}]},
    ],
    ids=str,
)
def test_pods_and_events_are_found_wherever_they_stand(described: dict[str, Any]) -> None:
    assert evidence_of(json.dumps(described), "u") == FOUND


def test_the_event_that_says_that_it_had_no_memory_left_is_told_apart() -> None:
    killed = [*EVENTS, {"reason": "Killing", "message": "OOMKilled"}, {"reason": "BackOff"}]
    found = evidence_of(json.dumps({"events": killed}), "u")
    assert found.memory_event == "Killing: OOMKilled"
    assert found.memory_event in found.events


@pytest.mark.parametrize(
    "odd", [{"pods": 3}, {"pods": [3]}, {"pods": {"items": 3}}, {"pods": [{"node": 3}]}], ids=str
)
def test_what_has_no_known_shape_is_passed_over(odd: dict[str, Any]) -> None:
    assert evidence_of(json.dumps(odd), "u") == Evidence()
