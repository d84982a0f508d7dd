"""`version`, `whoami`, `project list` and `config describe` (Run:ai facts, 6 and 8)."""

import json

from .call import Answer, Call
from .others import ELSEWHERE
from .shapes import CLUSTER_NAME, cluster_id, project_id
from .tables import table

_BUILDS = {"2.18": "2.18.49", "2.25": "2.25.27", "3.0": "3.0.4"}


def version(call: Call) -> Answer:
    """Print the version; `--wide` adds lines (their text is unconfirmed)."""
    generation = call.cluster.settings.generation
    build = _BUILDS.get(generation, f"{generation}.0")
    wide = "Build date: 2026-01-05\nPlatform: linux/amd64\n" if call.parsed.yes("wide") else ""
    return Answer(0, f"Version: {build}\n{wide}")


def whoami(_call: Call) -> Answer:
    """Print who is logged in (the text is unconfirmed)."""
    return Answer(0, "User: someone@example.org\nLogged in Id: someone@example.org\n")


def projects(call: Call) -> Answer:
    """Print the projects one can see."""
    names = (call.cluster.settings.project, ELSEWHERE)
    if call.parsed.yes("json") or call.parsed.yes("yaml"):
        chance = call.cluster.chance
        rows = [{"id": project_id(chance, name), "name": name, "status": {}} for name in names]
        return Answer(0, json.dumps({"projects": rows}) + "\n")
    head = ("Name", "GPU Quota", "Allocated GPUs", "GPU Allocation Ratio")
    lines = [(name, "2.00", "0.00", "0.00%") for name in names]
    return Answer(0, table(head, lines, not call.parsed.yes("no-headers")))


def config(call: Call) -> Answer:
    """Print the configuration that 1.5 names."""
    settings, chance = call.cluster.settings, call.cluster.chance
    project = settings.default_project or ""
    found = {
        "cluster": {
            "name": CLUSTER_NAME,
            "uuid": cluster_id(chance),
            "domain": "cluster.example.org",
            "project": {"name": project, "id": project_id(chance, project)},
        },
        "control_plane": {"url": "https://runai.example.org"},
        "global": {"update": {"auto": False}},
    }
    return Answer(0, json.dumps(found) + "\n")
