"""What `--json` prints is what its schemas say, made of values and printed by the real commands."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from docs.generate.json_output import OUTPUTS, name_of, output_schema
from jsonschema import Draft202012Validator
from tests.e2e.shell import Shell, processes_in, toml
from tests.unit.core.values import (
    CONFIGURATION,
    PATIENCE,
    START,
    at,
    batch,
    called,
    failed,
    listed,
    listing,
    looked,
    observation,
    refused,
    reserved_after,
    succeeded,
    vanished,
    view,
)

from runbatch.cli.main import all_commands
from runbatch.core.attempt import Evidence
from runbatch.core.events import Event, Kind
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.core.waits import Answer, waits_of
from runbatch.ledger.invocations import Invocation
from runbatch.views.preview import preview_json, preview_of
from runbatch.views.retries import Chosen, chosen_json, retry_json, retry_totals
from runbatch.views.text import plain
from runbatch.views.totals import Totals, submit_json
from runbatch.views.waits import status_json

DEFS = output_schema()["$defs"]
# Here a key that no schema names is one too many; who reads the output passes over it.
STRICT = {
    name: shape | ({"additionalProperties": False} if "properties" in shape else {})
    for name, shape in DEFS.items()
}
NOW = at(3600)
ATTEMPTS = (
    succeeded("2"),
    failed("3", seconds=3590, evidence=Evidence(exit_code=2), log="/state/3.1.log"),
    failed("4", outcome=CONFIGURATION),
    vanished("5"),
    refused("6"),
    called("7"),
    listed("8", Stage.QUEUED),
    listed("9", missed=1),
    failed("10"),
    reserved_after(failed("10")),
)
SNAPSHOT = snapshot_of(batch(), view(*ATTEMPTS), NOW)
WAITS = waits_of(SNAPSHOT, Answer(at(0), "no VPN"), ["submit"], [observation("8", reason="full")])
RUNS = (Invocation(1, "login-2", 4711, "submit", at(0), at(3588)),)
TOTALS = Totals(frozenset({"37"}), skipped=3)
TOTALS.event(Event(Kind.SUBMIT, "", "37"))
LEARNED = looked(view(*ATTEMPTS), listing(observation("8"), observation("20")), 3600)
PREVIEW = preview_of(batch(), LEARNED, START, NOW, PATIENCE)
BEFORE = snapshot_of(batch(), view(), NOW)

MADE: dict[str, Any] = {
    "status --json": status_json(SNAPSHOT, WAITS, RUNS),
    "submit --json": submit_json(SNAPSHOT, TOTALS),
    "retry --json": retry_json(SNAPSHOT, retry_totals(BEFORE, SNAPSHOT, plain)),
    "submit --dry-run --json": preview_json(PREVIEW),
    "retry --dry-run --json": chosen_json(Chosen(SNAPSHOT, frozenset({"3"})), plain),
}


def problems(command: str, value: Any) -> list[str]:
    schema = {"$ref": f"#/$defs/{name_of(OUTPUTS[command])}", "$defs": STRICT}
    found = Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in found]


@pytest.mark.parametrize("command", MADE)
def test_values_of_every_kind_are_as_the_schema_says(command: str) -> None:
    Draft202012Validator.check_schema({"$defs": DEFS})
    assert problems(command, json.loads(json.dumps(MADE[command]))) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cap": "50"}, "$.cap: '50' is not of type 'integer'"),
        ({"counts": {"sung": 1}}, "$.counts: 'sung' is not one of"),
        ({"mood": 1}, "$: Additional properties are not allowed"),
        ({"jobs": [{}]}, "$.jobs[0]: 'key' is a required property"),
    ],
)
def test_another_value_is_not(change: dict[str, Any], said: str) -> None:
    found = problems("status --json", MADE["status --json"] | change)
    assert found
    assert found[0].startswith(said)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Yield a folder where a batch has run, of which one job lost its mount and one is wrong."""
    made = Shell(tmp_path_factory.mktemp("outputs"))
    program = "import os, sys; sys.exit(int(os.environ['KEY']) - 1)"
    command = [sys.executable, "-I", "-S", "-c", program]
    made.write(toml(command, last=3, cap=3, more="[retry]\ndelay_s = 1\nmax_retries = 1"))
    assert made.submit().code == 3
    yield made
    for process in processes_in(made.folder):
        process.kill()


@pytest.mark.parametrize("command", OUTPUTS)
def test_what_a_command_prints_is_as_the_schema_says(shell: Shell, command: str) -> None:
    name = command.split(maxsplit=1)[0]
    asks = any(option.name == "yes" for option in all_commands()[name].params)
    yes = ("--yes",) if asks else ()
    done = shell.run(*command.split(), "--poll-interval", "0.1", *yes)
    assert done.code in (0, 3), done.err
    assert problems(command, done.json) == []
