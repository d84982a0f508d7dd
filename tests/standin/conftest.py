"""What the tests of the stand-in share: a cluster in a folder, and short ways to call it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.runai_standin import Answer, Settings, StandIn, Switches

Make = Callable[..., StandIn]

A_DAY_S = 86_400.0
MOUNTS = ("--host-path", "path=/lab/data,mount=/data,mount-propagation=HostToContainer")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that makes a cluster in a fresh folder."""
    made: list[StandIn] = []

    def a_cluster(settings: Settings | None = None, switches: Switches | None = None) -> StandIn:
        made.append(StandIn.create(tmp_path / f"cluster{len(made)}", settings, switches))
        return made[-1]

    return a_cluster


def submit(standin: StandIn, name: str, *flags: str, noun: str = "workspace") -> Answer:
    """Submit a workload that is tried once."""
    common = ("-p", "talmo-lab", "-i", "lab/image:1", "--backoff-limit", "0")
    return standin.call(*noun.split(), "submit", name, *common, *flags, "--command", "--", "/run")


def listed(standin: StandIn, *flags: str, noun: str = "workspace") -> list[dict[str, Any]]:
    """Return the rows of a list that must be in good order."""
    answer = standin.call(noun, "list", "-p", "talmo-lab", "--json", *flags)
    assert answer.exit_code == 0, answer.stderr
    found = json.loads(answer.stdout)
    rows: list[dict[str, Any]] = found if isinstance(found, list) else found["workloads"]
    return rows


def phases_by_name(standin: StandIn) -> dict[str, str]:
    """Return the phase of each listed workspace."""
    return {row["name"]: row["phase"] for row in listed(standin)}
