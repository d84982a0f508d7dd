"""The events' lines: what is written is what is read, and is what the reference page says."""

import json
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from tests.unit.core.values import CONFIGURATION, at, failed, reserved

from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt, Cause, Evidence, Outcome, Verdict
from runbatch.core.events import Event, Kind
from runbatch.core.failure import RetryPolicy
from runbatch.core.journal import TOLD, Changed, Did, Ended, Entry, Started
from runbatch.core.stage import Stage
from runbatch.ledger.lines import SCHEMA, WORDS, entry_of, line_of
from runbatch.ledger.rows import COLUMNS, attempt_of, row_of

PAGE = (Path(__file__).parents[2] / "docs/reference/events.md").read_text("utf-8")
FULL = Attempt(
    key='späße\n"\u2028',
    number=12,
    reserved_at=at(0),
    called_at=at(1.000001),
    calls=2,
    submitted_at=at(2),
    refusal="no",
    denial="perhaps not",
    follows=at(3),
    reruns=3,
    uid="u",
    other_uid="v",
    created_at=at(1.5),
    seen_stage=Stage.HELD,
    phase="Stopped",
    node="n",
    seen_at=at(4),
    missed=2,
    ended_at=at(5),
    evidence=Evidence(
        exit_code=2,
        cause=Cause.SIGNAL,
        signal="SIGTERM",
        reason="r",
        marker="m",
        events=("a", "b"),
        memory_event="b",
        node="n",
    ),
    outcome=Outcome(Verdict.MOUNT_FAILURE, "exit code 2"),
    log="/log",
    delete_asked_at=at(6),
)
STARTED = Started(
    command="submit",
    host="here",
    pid=7,
    prefix="gwas",
    cluster="local",
    cap=50,
    retry=RetryPolicy(exit_codes=(2, 9), log_markers=("x",), max_retries=1, delay_s=1.5),
    beside=(3, 4),
    keys=("1", "b"),
)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(STARTED, id="run started"),
        pytest.param(Ended(), id="run ended"),
        pytest.param(Changed(Did.CALLED, FULL, Why.REFUSED_BEFORE), id="every field set"),
        pytest.param(Changed(Did.RESERVED, reserved()), id="hardly a field set"),
        pytest.param(Event(Kind.TROUBLE, "half a letter \ud800\n", "37"), id="told"),
    ],
)
@pytest.mark.parametrize("run", [None, 7])
def test_what_is_written_is_read(what: Any, run: int | None) -> None:
    entry = Entry(3, at(0.25), run, what)
    line = line_of(entry)
    assert "\n" not in line
    assert line.isascii()
    assert entry_of(line) == entry


def test_a_line_reads_as_documented() -> None:
    line = line_of(Entry(3, at(0.5), 7, Changed(Did.JUDGED, failed(outcome=CONFIGURATION))))
    value = json.loads(line)
    assert list(value)[:5] == ["schema", "seq", "at", "run", "event"]
    assert (value["schema"], value["seq"], value["run"]) == (SCHEMA, 3, 7)
    assert (value["event"], value["did"], value["why"]) == ("attempt", "judged", None)
    assert datetime.fromisoformat(value["at"]) == at(0.5)
    assert value["at"].endswith("Z")
    assert value["attempt"]["outcome"] == {
        "verdict": "configuration error",
        "source": "exit code 1",
    }


def test_a_field_that_a_later_version_adds_does_no_harm() -> None:
    entry = Entry(3, at(0), 7, Changed(Did.SEEN, FULL))
    value = json.loads(line_of(entry))
    value["weather"] = value["attempt"]["weather"] = value["attempt"]["evidence"]["weather"] = 1
    assert entry_of(json.dumps(value)) == entry


# What earlier versions wrote of an end, and what it says now.
EARLIER: list[tuple[dict[str, Any], Evidence]] = [
    ({"exit_code": 3, "reason": None}, Evidence(exit_code=3)),
    ({"exit_code": 3, "reason": "Error"}, Evidence(exit_code=3, reason="Error")),
    ({"reason": "OOMKilled"}, Evidence(cause=Cause.OUT_OF_MEMORY, reason="OOMKilled")),
    (
        {"exit_code": 128, "reason": "StartError"},
        Evidence(exit_code=128, cause=Cause.LAUNCH, reason="StartError"),
    ),
    (
        {"reason": "killed by SIGTERM"},
        Evidence(cause=Cause.SIGNAL, signal="SIGTERM", reason="killed by SIGTERM"),
    ),
    (
        {"reason": "killed by SIGKILL, says its exit code"},
        Evidence(
            cause=Cause.SIGNAL, signal="SIGKILL", reason="killed by SIGKILL, says its exit code"
        ),
    ),
    (
        {"events": ["Pulled", "Killing: OOMKilled"]},
        Evidence(events=("Pulled", "Killing: OOMKilled"), memory_event="Killing: OOMKilled"),
    ),
]


@pytest.mark.parametrize(("written", "evidence"), EARLIER)
def test_evidence_of_an_earlier_version_tells_its_cause(
    written: dict[str, Any], evidence: Evidence
) -> None:
    value = json.loads(line_of(Entry(3, at(0), 7, Changed(Did.SEEN, FULL))))
    value["attempt"]["evidence"] = written
    what = entry_of(json.dumps(value)).what
    assert isinstance(what, Changed)
    assert what.attempt.evidence == evidence
    row = dict(zip(COLUMNS, row_of(FULL), strict=True)) | {"evidence": json.dumps(written)}
    assert attempt_of(tuple(row.values())).evidence == evidence


def doctored(**changes: Any) -> str:
    value = json.loads(line_of(Entry(3, at(0), 7, Changed(Did.SEEN, reserved()))))
    attempt = {name: new for name, new in changes.items() if name in value["attempt"]}
    value["attempt"] |= attempt
    return json.dumps(value | {name: new for name, new in changes.items() if name not in attempt})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("", "not JSON", id="empty"),
        pytest.param('{"schema":1,"seq"', "not JSON", id="cut"),
        pytest.param("\ufffd\0", "not JSON", id="no text at all"),
        pytest.param("[" * 100_000, "not JSON", id="boxes within boxes"),
        pytest.param("[1]", "not an event", id="another shape"),
        pytest.param("{}", "not an event", id="no event"),
        pytest.param(doctored(event="sung"), "not an event", id="an event nobody knows"),
        pytest.param(doctored(event=["told"]), "not an event", id="an event that is a list"),
        pytest.param(doctored(schema=2), "newer runbatch", id="another schema"),
        pytest.param(doctored(seq="x"), "seq: ", id="a number that is none"),
        pytest.param(doctored(did="sung"), "did: ", id="a deed nobody knows"),
        pytest.param(doctored(number=None), "attempt.number: ", id="a field that lacks"),
        pytest.param(doctored(seen_stage="sung"), "attempt.seen_stage: ", id="no such stage"),
        pytest.param(doctored(evidence={"reason": [1]}), "evidence.reason: ", id="no such word"),
        pytest.param(doctored(evidence={"events": [1]}), "evidence.events", id="no such event"),
        pytest.param(doctored(evidence={"events": 1}), "evidence.events", id="no events"),
        pytest.param(doctored(evidence={"cause": "sung"}), "evidence.cause: ", id="no such cause"),
        pytest.param(
            doctored(phase=["Failed"], seen_stage=None),
            "attempt.phase: ",
            id="a list for a phase",
        ),
        pytest.param(doctored(at="2026-01-05T09:00:00"), "offset", id="a time without its offset"),
        pytest.param(doctored(ended_at="2026-01-05T09:00"), "offset", id="so too an attempt's"),
        pytest.param(
            line_of(Entry(1, at(0), 7, STARTED)).replace('"max_retries":1', '"max_retries":99'),
            "write a number from 0 to 10",
            id="a policy that cannot be",
        ),
    ],
)
def test_a_line_that_is_none_is_one_clear_error(line: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        entry_of(line)
    assert "\n" not in str(caught.value)


def test_times_are_read_from_any_offset() -> None:
    entry = entry_of(doctored(at="2026-01-05T11:30:00+02:00"))
    assert entry.at == at(0)
    assert entry.at.utcoffset() == timedelta(hours=2)
    assert at(0).tzinfo is UTC


def documented(heading: str) -> set[str]:
    """Return the words in the first column of the tables below a heading of the page."""
    below = PAGE.partition(f"\n{heading}\n")[2]
    section = re.split(r"\n##", below)[0]
    return {word for row in re.findall(r"^\| (`.*?) \|", section, re.M) for word in code(row)}


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def row(heading: str, field: str) -> set[str]:
    """Return the words that the page's row of a field explains it with."""
    section = PAGE.partition(f"\n{heading}\n")[2]
    found = re.search(rf"^\| `{field}` \| (.*) \|$", section, re.M)
    assert found is not None, field
    return code(found[1])


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def words(kind: type[Enum]) -> set[str]:
    return {str(each.value) for each in kind}


def test_the_page_names_every_field_and_no_other() -> None:
    assert documented("## Every line") == {"schema", "event"} | names(Entry) - {"what"}
    assert documented("## `run started`") == names(Started)
    assert documented("## `attempt`") == names(Changed) | words(Did) | {"did"}
    assert documented("### The attempt") == names(Attempt)
    assert documented("## `told`") == names(Event)
    assert names(Ended) == set()


def test_the_page_names_every_word_that_can_stand_there() -> None:
    assert set(re.findall(r"^## `(.*)`$", PAGE, re.M)) == set(WORDS.values())
    assert row("## `attempt`", "why") - {"reserved", "called", "null"} == words(Why)
    assert row("## `told`", "kind") == {kind.value for kind in TOLD}
    assert row("## `run started`", "retry") == names(RetryPolicy)
    assert row("### The attempt", "evidence") == names(Evidence) | words(Cause)
    assert row("### The attempt", "outcome") == names(Outcome) | words(Verdict)
