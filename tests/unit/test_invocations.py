"""Who is at work on a batch: told by marks in the ledger, and by whether their process is there."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from tests.unit.ledgers import BATCH, NOW

from runbatch.core.errors import LedgerError
from runbatch.ledger.invocations import birth_of
from runbatch.ledger.store import Ledger


def test_who_is_at_work_is_known_until_they_end_or_die(ledger: Ledger) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        mine = ledger.begin_invocation("submit", BATCH, NOW)
        insert = "UPDATE runs SET pid = ?, birth = ? WHERE id = ?"
        theirs = ledger.begin_invocation("retry", BATCH, NOW)
        ledger._connection.execute(insert, (other.pid, birth_of(other.pid), theirs))
        assert [each.command for each in ledger.live_invocations(NOW)] == ["submit", "retry"]
        other.kill()
    assert [(each.command, each.pid) for each in ledger.live_invocations(NOW)] == [
        ("submit", os.getpid())
    ]
    ledger.tick_invocation(mine, NOW, ended=True)
    assert ledger.live_invocations(NOW) == ()


def test_a_process_that_was_given_the_number_of_a_dead_one_is_not_at_work(ledger: Ledger) -> None:
    """Else after a reboot `delete --all` would ask for somebody to be stopped who is not there."""
    for change in ("birth || '0'", "'another boot' || substr(birth, instr(birth, ' '))"):
        mine = ledger.begin_invocation("submit", BATCH, NOW)
        assert [each.id for each in ledger.live_invocations(NOW)] == [mine]
        ledger._connection.execute(f"UPDATE runs SET birth = {change} WHERE id = ?", (mine,))
        assert ledger.live_invocations(NOW) == ()


def test_an_invocation_of_an_older_runbatch_is_told_by_its_number_alone(
    ledger: Ledger,
) -> None:
    mine = ledger.begin_invocation("submit", BATCH, NOW)
    ledger._connection.execute("UPDATE runs SET birth = NULL WHERE id = ?", (mine,))
    assert len(ledger.live_invocations(NOW)) == 1
    ledger._connection.execute("UPDATE runs SET pid = 0x7FFFFFFF WHERE id = ?", (mine,))
    assert ledger.live_invocations(NOW) == ()


def test_an_invocation_on_another_machine_counts_while_it_gives_signs(ledger: Ledger) -> None:
    mine = ledger.begin_invocation("submit", BATCH, NOW)
    ledger._connection.execute("UPDATE runs SET host = 'elsewhere' WHERE id = ?", (mine,))
    assert len(ledger.live_invocations(NOW + timedelta(minutes=9))) == 1
    assert ledger.live_invocations(NOW + timedelta(minutes=11)) == ()
    ledger.tick_invocation(mine, NOW + timedelta(minutes=9))
    assert len(ledger.live_invocations(NOW + timedelta(minutes=11))) == 1


def test_an_invocation_whose_time_was_damaged_is_an_error_too(ledger: Ledger) -> None:
    ledger.begin_invocation("submit", BATCH, NOW)
    ledger._connection.execute("UPDATE runs SET ticked_at = 'now'")
    for use in (ledger.latest_tick, lambda: ledger.live_invocations(NOW)):
        with pytest.raises(LedgerError, match="'now' is no time"):
            use()
