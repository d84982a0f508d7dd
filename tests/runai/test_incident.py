"""The incident, replayed: what the old rule did, and what runbatch does, on the same seed."""

import sqlite3
from pathlib import Path

import pytest
from tests.incident import DOTENV, is_ours, replay, run_runbatch, settings
from tests.runai_standin import StandIn

from runbatch.config.load import load_batch
from runbatch.core.audit import Audit, Remark, audit_of
from runbatch.core.promises import Promise
from runbatch.ledger.record import read_record


def audited(ledger: Path) -> Audit:
    record = read_record(ledger)
    return audit_of(record.entries, record.remembered, record.altered)


def broken(audit: Audit) -> dict[Promise, list[Remark]]:
    return {each.promise: list(each.breaches) for each in audit.checked if each.breaches}


def check_the_audit(ledger: Path) -> None:
    """Assert that it finds the cap held; and, where hands were laid on the record, where not."""
    audit = audited(ledger)
    assert broken(audit) == {}
    assert (audit.peak.in_flight, audit.peak.cap, audit.above) == (50, 50, ())

    with sqlite3.connect(ledger / "ledger.sqlite3") as connection:
        connection.execute("UPDATE attempts SET ended_at = NULL, phase = 'Running' WHERE key = 37")
    connection.close()
    assert broken(audited(ledger)) == {
        Promise.LEDGER: [Remark("attempt 1 differs in phase, ended_at", key="37")]
    }

    events = ledger / "events.jsonl"
    events.write_text(events.read_text().replace('"cap":50', '"cap":49'))
    found = broken(audited(ledger))
    assert found[Promise.LEDGER][0].seq == 1
    assert found[Promise.CAP][0].text == "50 in flight, of at most 49"
    assert found[Promise.CAP][0].at == audit.peak.at


def test_the_cap_holds_where_the_old_rule_passed_it(tmp_path: Path) -> None:
    old, new, truth = replay(tmp_path)
    assert old.most_active > 80
    assert old.mount_failures > 40
    assert new.most_active == 50
    assert new.mount_failures * 5 < old.mount_failures
    assert new.submits == 186
    assert truth.overlapping(is_ours) == set()
    assert all(truth.created(f"eberrigan-gapit-gwas-{key}") == 1 for key in range(2, 188))
    # At most one list call a tick: a tick takes 30 s, but for those that submit the next job.
    assert new.lists * 30 <= new.hours * 3600 + 30 * 3
    check_the_audit(tmp_path / "ledger")


@pytest.mark.parametrize(("others", "generation"), [(0, "2.25"), (70, "2.25"), (33, "2.18")])
def test_others_never_change_the_count(tmp_path: Path, others: int, generation: str) -> None:
    path = tmp_path / ".env"
    path.write_text(DOTENV.replace("END_TRAIT=187", "END_TRAIT=71"))
    standin = StandIn.in_memory(settings(2, others, generation))[0]
    result = run_runbatch(standin, load_batch(path), tmp_path / "ledger")
    assert result.most_active == 50
    assert result.submits == 70
