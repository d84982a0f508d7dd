"""What goes wrong with a ledger's file or rows, and what a person is told to do about it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.ledgers import NOW, called

from runbatch.core.errors import LedgerError
from runbatch.ledger.store import FILE_NAME, Ledger


def test_a_file_that_is_no_ledger_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"something else entirely, and long enough" * 100)
    with pytest.raises(LedgerError, match=f"{tmp_path} failed: .* Put it back as it was"):
        Ledger(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ended_at = 'never'", "attempt 1 of job '1' is damaged: 'never' is no time"),
        ("ended_at = 7", "attempt 1 of job '1' is damaged: '7' is no time"),
        ("seen_at = '2026-01-01'", "damaged: the time 2026-01-01 lacks its offset from UTC"),
        ("evidence = '{'", "attempt 1 of job '1' is damaged: Expecting property name"),
        ("evidence = '[]'", "attempt 1 of job '1' is damaged: "),
        ("verdict = 'happy'", "attempt 1 of job '1' is damaged: 'happy' is not a valid Verdict"),
        ("seen_stage = 'dance'", "attempt 1 of job '1' is damaged: 'dance' is not a valid Stage"),
        ("calls = 'x'", "attempt 1 of job '1' is damaged: calls is no number"),
    ],
)
def test_a_row_that_was_damaged_is_an_error_that_names_it(
    ledger: Ledger, change: str, said: str
) -> None:
    ledger.reserve(called("1"), None, cap=3)
    ledger._connection.execute(f"UPDATE attempts SET {change}")
    told = f"^The ledger in {ledger.folder} failed: .*{re.escape(said)}.* Put it back as it was"
    for use in (ledger.view, lambda: ledger.judged(called("1"), NOW)):
        with pytest.raises(LedgerError, match=told):
            use()


def test_another_folder_is_named_as_a_way_out_only_while_there_is_no_ledger(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Jobs that run are in this one: under another they would be started again."""
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="or name another folder with --state-dir"):
        Ledger(tmp_path / "file" / "ledger")
    ledger._connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerError, match=r"is full\. Make room .* run the same command again"):
        ledger.reserve(replace(called("1"), refusal=100_000 * "x"), None, cap=1)
