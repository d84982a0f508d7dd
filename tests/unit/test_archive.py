"""Saved logs: what is on its way, what is kept of two, and what is counted as short."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbatch.core.attempt import Attempt, Outcome, Verdict
from runbatch.core.errors import LedgerError, Unreachable
from runbatch.core.stage import Stage
from runbatch.core.tail import note
from runbatch.ledger.archive import Incoming, Shortened, save_log, shortened
from runbatch.ledger.store import Ledger

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
FAILED = Outcome(Verdict.FAILED, "exit code 3")
ATTEMPT = Attempt(
    key="37", number=1, reserved_at=NOW, uid="u", seen_at=NOW, ended_at=NOW, outcome=FAILED
)
END = note(20_000) + b"the end\n"


def test_what_is_not_saved_of_what_was_on_its_way_goes_with_it(tmp_path: Path) -> None:
    def breaks_off() -> Iterator[bytes]:
        yield b"one\n"
        raise Unreachable("no answer")

    with closing(Incoming(tmp_path)) as incoming:
        with pytest.raises(Unreachable):
            list(incoming.through(ATTEMPT, breaks_off()))
        file = incoming.file_of(ATTEMPT)
        assert file.read_bytes() == b"one\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list((tmp_path / "new").iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away_after_a_day(tmp_path: Path) -> None:
    left, fresh = Incoming(tmp_path), Incoming(tmp_path)
    folders = [incoming.file_of(ATTEMPT).parent for incoming in (left, fresh)]
    os.utime(folders[0], (0, 0))
    with closing(Incoming(tmp_path)):
        assert [folder.exists() for folder in folders] == [False, True]
    fresh.close()
    left.close()


def test_a_log_that_cannot_be_written_is_the_ledgers_trouble(tmp_path: Path) -> None:
    with closing(Incoming(tmp_path)) as incoming:
        incoming.file_of(ATTEMPT).mkdir()
        with pytest.raises(LedgerError, match="Make room or rights there"):
            list(incoming.through(ATTEMPT, [b"one\n"]))


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        pytest.param(None, None, b"", id="there never was any"),
        pytest.param(None, b"new", b"new", id="the first"),
        pytest.param(b"old", b"new", b"new", id="both whole"),
        pytest.param(b"old", b"", b"old", id="nothing any more"),
        pytest.param(b"old", None, b"old", id="no log any more"),
        pytest.param(b"old", END, b"old", id="only its end any more"),
        pytest.param(END, b"new", b"new", id="whole at last"),
        pytest.param(END, b"", END, id="not even its end any more"),
    ],
)
def test_of_two_logs_of_an_attempt_the_one_that_holds_more_is_kept(
    before: bytes | None, now: bytes | None, kept: bytes, tmp_path: Path
) -> None:
    def written(name: str, log: bytes | None) -> Path | None:
        if log is None:
            return None
        (tmp_path / name).write_bytes(log)
        return tmp_path / name

    for name, log in (("before", before), ("now", now)):
        target = save_log(tmp_path / "logs", "37", 1, written(name, log))
    assert target.read_bytes() == kept


def test_ends_are_counted_and_the_empty_logs_of_failures(tmp_path: Path) -> None:
    def saved(name: str, log: bytes) -> Attempt:
        (tmp_path / name).write_bytes(log)
        return replace(ATTEMPT, log=str(tmp_path / name))

    succeeded = Outcome(Verdict.SUCCEEDED, "phase Completed")
    attempts = [
        ATTEMPT,
        replace(ATTEMPT, log=str(tmp_path / "removed by a person")),
        saved("whole", b"a\n"),
        saved("end", END),
        replace(saved("end of a success", END), outcome=succeeded),
        saved("empty", b""),
        replace(saved("empty, a success", b""), outcome=succeeded),
        replace(saved("empty, not judged", b""), outcome=None),
        replace(saved("empty, it never ran", b""), seen_stage=Stage.QUEUED),
    ]
    assert shortened(attempts) == Shortened(only_ends=2, empty=1)


def test_a_whole_log_stays_where_it_is_written_until_it_is_saved(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with closing(ledger), closing(ledger.incoming()) as incoming:
        log = b"".join(incoming.through(ATTEMPT, [b"one\n", b"two\n"]))
        ledger.save_log(ATTEMPT, incoming.file_of(ATTEMPT), "{}", NOW)
    assert log == (tmp_path / "logs" / "37.1.log").read_bytes() == b"one\ntwo\n"
