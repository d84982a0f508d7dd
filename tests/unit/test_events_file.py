"""The journal on disk: one with its change, whatever is killed; and the file that is its copy."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ledgers import BATCH, NOW, PATIENCE, called

from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt, Evidence, Listing, Observation, Outcome, Verdict
from runbatch.core.audit import audit_of
from runbatch.core.errors import LedgerError
from runbatch.core.events import Event, Kind
from runbatch.core.journal import Changed, Did, Ended, Entry, Started, replay, view_after
from runbatch.core.stage import Stage
from runbatch.ledger import schema
from runbatch.ledger.events import FILE_NAME
from runbatch.ledger.record import read_record
from runbatch.ledger.store import FILE_NAME as LEDGER
from runbatch.ledger.store import Ledger

LATER = NOW + timedelta(seconds=5)
ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path)
    yield ledger
    ledger.close()


def events_of(ledger: Ledger) -> Path:
    return ledger.folder / FILE_NAME


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE_NAME).read_text().splitlines()]


def changes(folder: Path) -> list[tuple[Did, Attempt, Why | None]]:
    """What the file says of attempts."""
    found = (entry.what for entry in read_record(folder).entries)
    return [(it.did, it.attempt, it.why) for it in found if isinstance(it, Changed)]


def start_program(program: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a program that may import these tests."""
    head = f"import sys; sys.path[:0] = [{ROOT!r}]\n"
    return subprocess.Popen([sys.executable, "-c", head + program, *words])


def test_each_change_is_a_line_with_the_whole_attempt(ledger: Ledger) -> None:
    ledger.begin_invocation("submit", BATCH, NOW)
    slot = Attempt(key="1", number=1, reserved_at=NOW)
    first = replace(slot, called_at=NOW, calls=1)
    ledger.reserve(slot, None, cap=2, why=Why.RETRY)
    ledger.reserve(first, slot, cap=2)
    ledger.submitted(first, "u1", LATER)
    ledger.reserve(called("2"), None, cap=2, why=Why.FIRST)
    ledger.refused(called("2"), "policy", LATER)
    ledger.reserve(called("3"), None, cap=2, why=Why.FIRST)
    ledger.release(called("3"), LATER)
    shown = (Observation(name="gwas-1", uid="u1", stage=Stage.FAILED),)
    ledger.record(Listing(shown), set(), BATCH, LATER, PATIENCE)
    ledger.save_log(first, None, "{}", LATER)
    (last,) = ledger.view().job("1").attempts
    outcome = Outcome(Verdict.MOUNT_FAILURE, "exit code 2")
    ledger.judged(replace(last, evidence=Evidence(exit_code=2), outcome=outcome), LATER)
    ledger.delete_asked([last], LATER, 2)

    found = changes(ledger.folder)
    assert [(did, attempt.key, why) for did, attempt, why in found] == [
        (Did.RESERVED, "1", Why.RETRY),
        (Did.CALLED, "1", None),
        (Did.SUBMITTED, "1", None),
        (Did.CALLED, "2", Why.FIRST),
        (Did.REFUSED, "2", None),
        (Did.CALLED, "3", Why.FIRST),
        (Did.RELEASED, "3", None),
        (Did.ENDED, "1", None),
        (Did.LOG_SAVED, "1", None),
        (Did.JUDGED, "1", None),
        (Did.DELETE_ASKED, "1", None),
    ]
    attempts = [attempt for _, attempt, _ in found]
    assert attempts[:2] == [slot, first]
    assert (attempts[2].uid, attempts[4].refusal, attempts[6]) == ("u1", "policy", called("3"))
    assert attempts[-1] == ledger.view().job("1").last
    assert [line["at"][17:19] for line in lines(ledger.folder)] == [
        "00", "00", "00", "05", "00", "05", "00", "05", "05", "05", "05", "05"
    ]  # fmt: skip


def test_what_changes_nothing_is_no_line(ledger: Ledger) -> None:
    first = called("1")
    ledger.reserve(first, None, cap=1)
    shown = Listing((Observation(name="gwas-1", uid="u", stage=Stage.RUNNING),))
    ledger.record(shown, set(), BATCH, NOW, PATIENCE)
    before = events_of(ledger).read_bytes()
    ledger.record(shown, set(), BATCH, LATER, PATIENCE)
    ledger.refused(first, "it has a uid, so it was none", LATER)
    ledger.reserve(first, None, cap=1)
    ledger.release(first, LATER)
    assert events_of(ledger).read_bytes() == before
    last = ledger.view().job("1").last
    assert last is not None
    assert last.seen_at == LATER


def test_of_one_listing_what_frees_a_slot_comes_first(ledger: Ledger) -> None:
    ledger.reserve(called("3"), None, cap=1)
    rows = (
        Observation(name="gwas-1", uid="u1", stage=Stage.RUNNING),
        Observation(name="gwas-3", uid="u3", stage=Stage.SUCCEEDED),
    )
    ledger.record(Listing(rows), set(), BATCH, NOW, PATIENCE, frozenset({"u1"}))
    found = [(did, attempt.key) for did, attempt, _ in changes(ledger.folder)]
    assert found == [(Did.CALLED, "3"), (Did.ENDED, "3"), (Did.ADOPTED, "1")]
    assert max(step.in_flight for step in replay(read_record(ledger.folder).entries)) == 1


def test_a_run_says_what_it_goes_by_and_the_keys_when_they_change(ledger: Ledger) -> None:
    wider = replace(BATCH, keys=(*BATCH.keys, "4"), cap=7)
    for batch in (BATCH, BATCH, wider, wider):
        run = ledger.begin_invocation("submit", batch, NOW)
        ledger.tick_invocation(run, LATER, ended=True)
    record = read_record(ledger.folder)
    begun = [entry.what for entry in record.entries if isinstance(entry.what, Started)]
    assert [started.keys for started in begun] == [BATCH.keys, None, wider.keys, None]
    assert [started.cap for started in begun] == [50, 50, 7, 7]
    assert (begun[0].prefix, begun[0].cluster, begun[0].command) == ("gwas", "local", "submit")
    assert [entry.run for entry in record.entries] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert record.entries[-1] == Entry(8, LATER, 4, Ended())


def test_a_run_says_who_is_at_work_beside_it(ledger: Ledger) -> None:
    one = ledger.begin_invocation("submit", BATCH, NOW)
    other = Ledger(ledger.folder)
    two = other.begin_invocation("retry", BATCH, NOW)
    other.tick_invocation(two, NOW, ended=True)
    other.begin_invocation("retry", BATCH, NOW)
    other.close()
    assert [line.get("beside") for line in lines(ledger.folder)] == [[], [one], None, [one]]


def test_nothing_secret_is_written(ledger: Ledger) -> None:
    run = replace(
        BATCH.run, env={"TOKEN": "hunter2"}, command=("hunter2",), image="registry/hunter2"
    )
    ledger.begin_invocation("submit", replace(BATCH, run=run), NOW)
    assert "hunter2" not in events_of(ledger).read_text()


def test_what_people_were_told_is_a_line(ledger: Ledger) -> None:
    event = Event(Kind.SKIP, "gone\n\x1b[31m", "1")
    ledger.told(event, NOW.astimezone(timezone(timedelta(hours=2))))
    assert read_record(ledger.folder).entries == (Entry(1, NOW, None, event),)
    assert lines(ledger.folder)[0]["at"].endswith("Z")


def test_a_change_that_fails_leaves_no_line(ledger: Ledger) -> None:
    ledger.reserve(called("1"), None, cap=3)
    ledger._connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.seq = 2"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(LedgerError, match="disk full"):
        ledger.reserve(called("2"), None, cap=3)
    assert set(ledger.view().jobs) == {"1"}
    assert [line["seq"] for line in lines(ledger.folder)] == [1]
    ledger._connection.execute("DROP TRIGGER full")
    ledger.reserve(called("3"), None, cap=3)
    assert [line["seq"] for line in lines(ledger.folder)] == [1, 2]


KILLED = """
import os
from pathlib import Path
from tests.unit.test_events_file import BATCH, NOW, PATIENCE, called
from runbatch.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
ledger.begin_invocation("submit", BATCH, NOW)
seen = []
def kill(statement):
    seen.append(statement)
    if seen[-2:] == ["COMMIT", "BEGIN IMMEDIATE"]:
        os.kill(os.getpid(), 9)
ledger._connection.set_trace_callback(kill)
ledger.reserve(called("1"), None, cap=3)
"""


def test_a_line_that_a_kill_kept_back_is_read_from_the_ledger_and_added_by_the_next(
    tmp_path: Path,
) -> None:
    assert start_program(KILLED, str(tmp_path)).wait(60) == -9
    assert [line["seq"] for line in lines(tmp_path)] == [1]
    assert set(Ledger(tmp_path, read_only=True).view().jobs) == {"1"}

    record = read_record(tmp_path)
    assert (len(record.entries), record.lacking) == (2, 1)
    assert audit_of(record.entries, record.remembered, record.altered).checked[-1].breaches == ()
    assert [line["seq"] for line in lines(tmp_path)] == [1], "looking writes nothing"

    ledger = Ledger(tmp_path)
    assert [line["seq"] for line in lines(tmp_path)] == [1], "so does opening"
    ledger.reserve(called("2"), None, cap=3)
    ledger.close()
    assert [line["seq"] for line in lines(tmp_path)] == [1, 2, 3]
    assert read_record(tmp_path).lacking == 0


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(-1, id="all but the end of the line"),
        pytest.param(-100, id="a part of the last line"),
        pytest.param(10, id="a part of the first line only"),
        pytest.param(0, id="nothing"),
    ],
)
def test_a_torn_line_is_cut_off_and_written_again(ledger: Ledger, left: int) -> None:
    for key in "123":
        ledger.reserve(called(key), None, cap=9)
    whole = events_of(ledger).read_bytes()
    events_of(ledger).write_bytes(whole[:left])
    assert [entry.seq for entry in read_record(ledger.folder).entries] == [1, 2, 3]
    ledger.told(Event(Kind.OK, "again"), NOW)
    written = events_of(ledger).read_bytes()
    assert written.startswith(whole)
    assert [line["seq"] for line in lines(ledger.folder)] == [1, 2, 3, 4]


def test_a_long_last_line_is_found_whole(ledger: Ledger) -> None:
    keys = tuple(str(key) for key in range(10_000, 20_000))
    many = replace(BATCH, keys=keys, cap=10_000)
    ledger.begin_invocation("submit", many, NOW)
    ledger.begin_invocation("submit", replace(many, keys=keys[1:]), NOW)
    assert events_of(ledger).stat().st_size > 140_000
    with events_of(ledger).open("a") as file:
        file.write("torn" * 40_000)
    ledger.told(Event(Kind.OK, ""), NOW)
    assert [line["seq"] for line in lines(ledger.folder)] == [1, 2, 3]


def test_a_file_that_cannot_be_written_holds_nothing_up_and_is_made_good(ledger: Ledger) -> None:
    events_of(ledger).mkdir()
    assert ledger.reserve(called("1"), None, cap=9)
    ledger.told(Event(Kind.OK, ""), NOW)
    assert set(ledger.view().jobs) == {"1"}
    events_of(ledger).rmdir()
    ledger.begin_type("workload", "workspace")  # also where nothing new is to be said
    assert [line["seq"] for line in lines(ledger.folder)] == [1, 2]


def test_a_file_that_was_lost_is_written_anew(ledger: Ledger) -> None:
    for key in "12":
        ledger.reserve(called(key), None, cap=9)
    whole = events_of(ledger).read_bytes()
    events_of(ledger).unlink()
    ledger.told(Event(Kind.OK, ""), NOW)
    assert events_of(ledger).read_bytes().startswith(whole)


def test_the_events_of_a_lost_ledger_are_set_aside(ledger: Ledger) -> None:
    for key in "123":
        ledger.reserve(called(key), None, cap=9)
    old = events_of(ledger).read_bytes()
    (ledger.folder / LEDGER).unlink()
    new = Ledger(ledger.folder)
    new.told(Event(Kind.OK, ""), NOW)
    new.close()
    assert [line["event"] for line in lines(ledger.folder)] == ["told"]
    assert (ledger.folder / "events.jsonl.old").read_bytes() == old


def test_what_is_set_aside_overwrites_nothing(ledger: Ledger) -> None:
    set_aside = []
    for key in "123":
        (ledger.folder / LEDGER).unlink()
        new = Ledger(ledger.folder)
        new.reserve(called(key), None, cap=9)
        new.close()
        set_aside.append(events_of(ledger).read_bytes())
    kept = [(ledger.folder / f"events.jsonl.old{end}").read_bytes() for end in ("", ".2")]
    assert kept == set_aside[:2]


def restored(ledger: Ledger) -> Ledger:
    """Return the ledger as a copy was that somebody put back, with the newer events beside it."""
    ledger.begin_invocation("submit", BATCH, NOW)
    copy = (ledger.folder / LEDGER).read_bytes()
    for key in "12":
        ledger.reserve(called(key), None, cap=9)
    ledger.close()
    (ledger.folder / LEDGER).write_bytes(copy)
    return Ledger(ledger.folder)


def test_a_ledger_that_knows_less_than_its_events_file_starts_nothing_and_says_so(
    ledger: Ledger,
) -> None:
    older = restored(ledger)
    whole = events_of(older).read_bytes()
    with pytest.raises(
        LedgerError, match=r"older copy: events\.jsonl beside it knows 3 events, the ledger 1\."
    ):
        older.begin_invocation("submit", BATCH, LATER)
    assert events_of(older).read_bytes() == whole
    assert older.live_invocations(NOW) == Ledger(older.folder, read_only=True).live_invocations(NOW)
    assert older._journal.last() == 1

    events_of(older).rename(older.folder / "aside")
    older.begin_invocation("submit", BATCH, LATER)
    shown = (Observation(name="gwas-1", uid="u1", stage=Stage.RUNNING),)
    older.record(Listing(shown), set(), BATCH, LATER, PATIENCE, frozenset({"u1"}))
    assert set(older.view().in_flight) == {"1"}
    assert [line["seq"] for line in lines(older.folder)] == [1, 2, 3]
    older.close()


def test_a_ledger_that_was_put_back_under_a_process_spares_the_file_that_knows_more(
    ledger: Ledger,
) -> None:
    older = restored(ledger)
    whole = events_of(older).read_bytes()
    older.told(Event(Kind.OK, ""), NOW)
    assert events_of(older).read_bytes() == whole
    with pytest.raises(LedgerError, match=r"knows 3 events, the ledger 2\."):
        older.begin_invocation("submit", BATCH, LATER)
    older.close()


@pytest.mark.parametrize(
    ("at", "becomes"), [(-1, '{"seq": 9}'), (-1, "none"), (0, '{"schema": 1}')], ids=str
)
def test_a_file_that_is_not_this_ledger_s_or_is_damaged_is_set_aside(
    ledger: Ledger, at: int, becomes: str
) -> None:
    older = restored(ledger)
    found = events_of(older).read_text().splitlines()
    found[at] = becomes
    events_of(older).write_text("\n".join([*found, ""]))
    older.begin_invocation("submit", BATCH, LATER)
    assert [line["seq"] for line in lines(older.folder)] == [1, 2]
    assert (older.folder / "events.jsonl.old").exists()
    older.close()


def test_nobody_else_writes_while_the_file_is_written(ledger: Ledger) -> None:
    refused = []

    def try_to_write(statement: str) -> None:
        if statement.startswith("SELECT seq, line FROM journal"):
            other = sqlite3.connect(ledger.folder / LEDGER, timeout=0, isolation_level=None)
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                refused.append(str(error))
            other.close()

    ledger._connection.set_trace_callback(try_to_write)
    ledger.reserve(called("1"), None, cap=9)
    assert refused == ["database is locked"]


WRITER = """
from pathlib import Path
from tests.unit.test_events_file import NOW, called
from runbatch.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(60):
    ledger.reserve(called(f"{sys.argv[2]}{number}"), None, cap=999)
"""


def test_two_writers_write_each_line_once_and_in_order(tmp_path: Path) -> None:
    Ledger(tmp_path).close()
    both = [start_program(WRITER, str(tmp_path), name) for name in "ab"]
    assert [process.wait(120) for process in both] == [0, 0]
    written = lines(tmp_path)
    assert [line["seq"] for line in written] == list(range(1, 121))
    for name in "ab":
        keys = [line["attempt"]["key"] for line in written if line["attempt"]["key"][0] == name]
        assert keys == [f"{name}{number}" for number in range(60)]
    record = read_record(tmp_path)
    assert (record.altered, record.lacking) == ((), 0)
    assert view_after(replay(record.entries)).jobs == Ledger(tmp_path, read_only=True).view().jobs


def test_a_ledger_that_is_older_than_its_events_tells_first_what_it_remembers(
    tmp_path: Path,
) -> None:
    old = sqlite3.connect(tmp_path / LEDGER)
    old.executescript(schema.MIGRATIONS[0])
    old.execute("INSERT INTO attempts (key, number, reserved_at) VALUES ('1', 1, ?)", (str(NOW),))
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    assert read_record(tmp_path).entries == ()

    ledger = Ledger(tmp_path)
    for _ in range(2):
        ledger.begin_invocation("submit", BATCH, LATER)
    ledger.close()
    record = read_record(tmp_path)
    assert [did for did, _, _ in changes(tmp_path)] == [Did.REMEMBERED]
    assert audit_of(record.entries, record.remembered, record.altered).held


def test_a_line_that_is_none_is_named_with_its_file(ledger: Ledger) -> None:
    for key in "12":
        ledger.reserve(called(key), None, cap=9)
    text = events_of(ledger).read_text().replace('"number"', '"nummer"')
    events_of(ledger).write_text(text)
    with pytest.raises(
        LedgerError,
        match=rf"{FILE_NAME}, line 1: a field cannot be read, attempt.number: .* anew\.",
    ):
        read_record(ledger.folder)


def test_a_line_of_the_ledger_that_is_none_is_named_with_its_file(ledger: Ledger) -> None:
    ledger.reserve(called("1"), None, cap=9)
    ledger._connection.execute("UPDATE journal SET line = 'x'")
    events_of(ledger).unlink()
    with pytest.raises(LedgerError, match=rf"{LEDGER}, line 1: it is not JSON\. Leave"):
        read_record(ledger.folder)


def test_events_without_their_ledger_are_read(ledger: Ledger) -> None:
    ledger.reserve(called("1"), None, cap=9)
    (ledger.folder / LEDGER).unlink()
    record = read_record(ledger.folder)
    assert [entry.seq for entry in record.entries] == [1]
    assert (record.remembered, record.altered, record.lacking) == (None, (), 0)


def test_lines_that_are_not_the_ledger_s_are_named(ledger: Ledger) -> None:
    for key in "123":
        ledger.reserve(called(key), None, cap=9)
    text = events_of(ledger).read_text()
    events_of(ledger).write_text(text.replace('"key":"2"', '"key":"9"'))
    assert read_record(ledger.folder).altered == (2,)


def test_there_is_no_record_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert read_record(tmp_path / "nowhere").entries == ()
    assert not (tmp_path / "nowhere").exists()
