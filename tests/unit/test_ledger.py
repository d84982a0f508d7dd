"""The ledger on a real SQLite file: what is written stays, and two processes share it."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.ledgers import BATCH, NOW, PATIENCE, called

from runbatch.core.attempt import (
    Attempt,
    Cause,
    Evidence,
    Listing,
    Observation,
    Outcome,
    Verdict,
)
from runbatch.core.errors import LedgerError
from runbatch.core.stage import Stage
from runbatch.ledger import archive, schema
from runbatch.ledger.store import FILE_NAME, Ledger


def reopened(ledger: Ledger) -> Ledger:
    return Ledger(ledger.folder, read_only=True)


def test_every_field_of_an_attempt_survives(ledger: Ledger) -> None:
    full = Attempt(
        key="späße\n",
        number=1,
        reserved_at=NOW,
        called_at=NOW,
        calls=2,
        submitted_at=NOW + timedelta(microseconds=1),
        refusal="no",
        denial="perhaps not",
        follows=NOW,
        uid="u",
        other_uid="v",
        reruns=1,
        created_at=NOW,
        seen_stage=Stage.HELD,
        phase="Stopped",
        node="n",
        seen_at=NOW,
        missed=2,
        ended_at=NOW,
        evidence=Evidence(
            exit_code=2, cause=Cause.NODE, reason="r", marker="m", events=("a", "b"), node="n"
        ),
        outcome=Outcome(Verdict.MOUNT_FAILURE, "exit code 2"),
        log="/log",
        delete_asked_at=NOW,
    )
    assert ledger.reserve(full, None, cap=1)
    found = reopened(ledger).view().job("späße\n").last
    assert found == full


def test_a_slot_is_given_once_and_only_while_one_is_free(ledger: Ledger) -> None:
    assert ledger.reserve(called("1"), None, cap=2)
    assert not ledger.reserve(called("1"), None, cap=2), "the same attempt"
    assert not ledger.reserve(called("1", 2), None, cap=2), "the job has one already"
    assert ledger.reserve(called("2"), None, cap=2)
    assert not ledger.reserve(called("3"), None, cap=2), "no slot is free"
    assert ledger.view().in_flight == {"1", "2"}


def test_an_attempt_is_called_again_only_as_it_was_when_that_was_decided(ledger: Ledger) -> None:
    first = called("1")
    ledger.reserve(first, None, cap=1)
    ledger.submitted(first, "u", NOW)
    again = replace(first, calls=2)
    assert not ledger.reserve(again, first, cap=1), "it was answered meanwhile"
    answered = ledger.view().job("1").last
    assert ledger.reserve(again, answered, cap=1)


def test_a_refused_attempt_gives_its_slot_back_and_needs_one_to_be_called_again(
    ledger: Ledger,
) -> None:
    first = called("1")
    ledger.reserve(first, None, cap=1)
    ledger.refused(first, "policy", NOW)
    assert ledger.view().in_flight == frozenset()
    refused = ledger.view().job("1").last
    ledger.reserve(called("2"), None, cap=1)
    assert not ledger.reserve(replace(first, calls=2), refused, cap=1)
    assert ledger.reserve(replace(first, calls=2), refused, cap=2)


def test_an_attempt_is_forgotten_only_as_it_was_when_that_was_decided(ledger: Ledger) -> None:
    waiting = Attempt(key="1", number=1, reserved_at=NOW)
    ledger.reserve(waiting, None, cap=2)
    ledger.reserve(called("2"), None, cap=2)
    ledger.submitted(called("2"), "u", NOW)
    ledger.release(waiting, NOW)
    ledger.release(called("2"), NOW)
    assert set(ledger.view().jobs) == {"2"}


def test_a_verdict_that_stands_is_not_changed(ledger: Ledger) -> None:
    attempt = replace(called("1"), ended_at=NOW)
    ledger.reserve(attempt, None, cap=1)
    for code, verdict in ((2, Verdict.MOUNT_FAILURE), (1, Verdict.CONFIGURATION_ERROR)):
        evidence, outcome = Evidence(exit_code=code), Outcome(verdict, f"exit code {code}")
        ledger.judged(replace(attempt, evidence=evidence, outcome=outcome), NOW)
    found = ledger.view().job("1").last
    assert found is not None
    assert found.outcome == Outcome(Verdict.MOUNT_FAILURE, "exit code 2")


def test_a_success_is_not_judged_anew_and_a_doubtful_verdict_by_stronger_evidence_only(
    ledger: Ledger,
) -> None:
    rows = [
        Observation(name=f"gwas-{key}", uid=key, stage=phase)
        for key, phase in (("1", Stage.SUCCEEDED), ("2", Stage.FAILED))
    ]
    shown, agreed = Listing(tuple(rows)), frozenset("12")
    jobs = ledger.record(shown, frozenset(), BATCH, NOW, PATIENCE, agreed).view.jobs
    mount, wrong = Outcome(Verdict.MOUNT_FAILURE, ""), Outcome(Verdict.CONFIGURATION_ERROR, "")
    done, failed = (jobs[key].attempts[-1] for key in "12")
    ledger.judged(replace(done, evidence=Evidence(exit_code=2), outcome=mount), NOW)
    assert ledger.view().jobs["1"].attempts[-1] == done

    ledger.judged(replace(failed, evidence=Evidence(marker="m"), outcome=mount), NOW)
    ledger.judged(replace(failed, evidence=Evidence(exit_code=1), outcome=wrong), NOW)
    ledger.judged(replace(failed, evidence=Evidence(logged_code=2), outcome=mount), NOW)
    assert ledger.view().jobs["2"].attempts[-1].outcome == wrong


def test_a_verdict_is_not_reached_by_the_evidence_of_an_earlier_end(ledger: Ledger) -> None:
    def show(phase: Stage, seconds: int) -> Attempt:
        row = Observation(name="gwas-1", uid="u", stage=phase)
        now = NOW + timedelta(seconds=seconds)
        agreed = frozenset({"u"})
        learned = ledger.record(Listing((row,)), frozenset(), BATCH, now, PATIENCE, agreed)
        return learned.view.jobs["1"].attempts[-1]

    first_end = show(Stage.FAILED, 0)
    show(Stage.RUNNING, 30)
    mount = Outcome(Verdict.MOUNT_FAILURE, "exit code 2")
    late = replace(first_end, evidence=Evidence(exit_code=2), outcome=mount)
    ledger.judged(late, NOW)
    assert ledger.view().jobs["1"].attempts[-1].outcome is None, "it runs again"
    second_end = show(Stage.FAILED, 60)
    ledger.judged(late, NOW)
    assert ledger.view().jobs["1"].attempts[-1] == second_end, "it failed anew, of something else"


def test_what_was_seen_to_run_again_is_not_deleted(ledger: Ledger) -> None:
    ledger.reserve(called("1"), None, cap=3)
    for phase, seconds in ((Stage.FAILED, 0), (Stage.RUNNING, 30)):
        row = Observation(name="gwas-1", uid="u", stage=phase)
        now = NOW + timedelta(seconds=seconds)
        learned = ledger.record(Listing((row,)), frozenset(), BATCH, now, PATIENCE)
        if phase is Stage.FAILED:
            decided_on = learned.view.jobs["1"].attempts[-1]
    assert not ledger.delete_asked([decided_on], NOW, 3)
    (now_running,) = ledger.view().jobs["1"].attempts
    assert now_running.delete_asked_at is None
    assert ledger.delete_asked([now_running], NOW, 3)


def test_two_commands_share_the_slots_that_leaving_workloads_take(ledger: Ledger) -> None:
    """One deletes what has ended while the other submits: each looked before the other acted."""
    rows = [Observation(name=f"gwas-{key}", uid=key, stage=Stage.FAILED) for key in "12"]
    shown, agreed = Listing(tuple(rows)), frozenset("12")
    learned = ledger.record(shown, frozenset(), BATCH, NOW, PATIENCE, agreed)
    one, two = (learned.view.jobs[key].attempts[-1] for key in "12")
    assert [each.key for each in ledger.delete_asked([one, two], NOW, 1, leaving_since=NOW)] == [
        "1"
    ]
    assert not ledger.reserve(called("3"), None, 1, leaving_since=NOW)
    assert ledger.delete_asked([two], NOW, 1), "where leaving takes no slot"
    assert ledger.reserve(called("3"), None, 1), "where leaving takes no slot"
    assert not ledger.delete_asked([], NOW, 1)


def test_a_listing_is_remembered_whole(ledger: Ledger) -> None:
    ledger.reserve(called("1"), None, cap=3)
    rows = (
        Observation(name="gwas-1", uid="u1", stage=Stage.RUNNING),
        Observation(name="gwas-7", uid="u7", stage=Stage.SUCCEEDED),
        Observation(name="gwas-2-7", uid="x", stage=Stage.RUNNING),
    )
    learned = ledger.record(Listing(rows), {("1", 1)}, BATCH, NOW, PATIENCE, frozenset({"u7"}))
    assert learned.view == reopened(ledger).view()
    assert set(learned.view.jobs) == {"1", "7"}
    assert learned.view.in_flight == {"1"}


def written(ledger: Ledger, log: bytes) -> Path:
    path = ledger.folder / "incoming"
    path.write_bytes(log)
    return path


def test_a_log_is_saved_whole_with_what_is_known_of_its_end(ledger: Ledger) -> None:
    attempt = called("../x", 2)
    ledger.reserve(attempt, None, cap=1)
    ledger.save_log(attempt, written(ledger, b"one\ntwo\n"), "{}", NOW)
    names = sorted(path.name for path in (ledger.folder / "logs").iterdir())
    assert names == ["%2E%2E%2Fx.2.json", "%2E%2E%2Fx.2.log"]
    found = ledger.view().job("../x").last
    assert found is not None
    assert found.log is not None
    assert Path(found.log).read_bytes() == b"one\ntwo\n"


def test_a_log_that_was_saved_is_not_replaced_by_an_empty_one(ledger: Ledger) -> None:
    """The cluster has forgotten it meanwhile: Run:ai facts, 11."""
    attempt = called("1")
    ledger.reserve(attempt, None, cap=1)
    for log, kept in ((b"", b""), (b"first", b"first"), (b"", b"first"), (b"more", b"more")):
        ledger.save_log(attempt, written(ledger, log), "{}", NOW)
        found = ledger.view().job("1").last
        assert found is not None
        assert found.log is not None
        assert Path(found.log).read_bytes() == kept


def test_a_log_that_cannot_be_written_leaves_no_half_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.1.log").mkdir()
    with pytest.raises(OSError, match="directory"):
        archive.save(tmp_path, "a", 1, "log", b"whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a.1.log"]


def test_looking_makes_no_file(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    looking = Ledger(nowhere, read_only=True)
    assert looking.view().jobs == {}
    assert looking.live_invocations(NOW) == ()
    looking.close()
    assert not nowhere.exists()


def test_the_folder_is_the_user_s_own(ledger: Ledger) -> None:
    assert ledger.folder.stat().st_mode & 0o777 == 0o700


def test_a_file_from_the_future_is_left_alone(ledger: Ledger) -> None:
    ledger._connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    with pytest.raises(LedgerError, match=r"newer runbatch; update this one\.$"):
        Ledger(ledger.folder)


def test_a_change_that_fails_half_way_changes_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.reserve(called("1"), None, cap=3)
    broken = replace(called("2"), missed=-1)
    ledger._connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON attempts WHEN NEW.missed < 0"
        " BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(LedgerError, match="disk full"):
        ledger.reserve(broken, None, cap=3)
    assert ledger.reserve(called("3"), None, cap=3)
    assert ledger.view().in_flight == {"1", "3"}


def test_what_a_killed_writer_left_half_written_is_rolled_back_by_whoever_looks(
    tmp_path: Path,
) -> None:
    program = """
import os, sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
ledger.execute("PRAGMA cache_size = 1")
ledger.execute("BEGIN IMMEDIATE")
for number in range(1, 2000):
    ledger.execute(
        "INSERT INTO attempts (key, number, reserved_at, node) VALUES ('1', ?, '', ?)",
        (number, "x" * 500),
    )
os.kill(os.getpid(), 9)
"""
    Ledger(tmp_path).close()
    path = tmp_path / FILE_NAME
    subprocess.run([sys.executable, "-c", program, path], check=False)
    assert path.with_name(f"{FILE_NAME}-journal").stat().st_size > 0
    assert Ledger(tmp_path, read_only=True).view().jobs == {}
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_two_processes_get_no_more_than_the_cap_between_them(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[2]]
from tests.unit.test_ledger import called
from runbatch.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
print(sum(ledger.reserve(called(str(key)), None, cap=7) for key in range(40)))
"""
    Ledger(tmp_path).close()
    words = [sys.executable, "-c", program, str(tmp_path), str(Path(__file__).parents[2])]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    won = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(won) == 7
