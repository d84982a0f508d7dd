"""The incident, replayed: what the old rule did, and what runbatch does, on the same seed."""

from pathlib import Path

import pytest

from runbatch.config.load import load_batch
from runbatch.testing.incident import DOTENV, is_ours, replay, run_runbatch, settings
from runbatch.testing.runai import StandIn


def test_the_cap_holds_where_the_old_rule_passed_it(tmp_path: Path) -> None:
    old, new = replay(tmp_path)
    assert old.most_active > 80
    assert old.mount_failures > 40
    assert new.most_active == 50
    assert new.mount_failures * 5 < old.mount_failures
    assert new.submits == 186
    truth = StandIn(tmp_path / "new").truth()
    assert truth.overlapping(is_ours) == set()
    assert all(truth.created(f"eberrigan-gapit-gwas-{key}") == 1 for key in range(2, 188))
    # At most one list call a tick: a tick takes 30 s, but for those that submit the next job.
    assert new.lists * 30 <= new.hours * 3600 + 30 * 3


@pytest.mark.parametrize(("others", "generation"), [(0, "2.25"), (70, "2.25"), (33, "2.18")])
def test_others_never_change_the_count(tmp_path: Path, others: int, generation: str) -> None:
    path = tmp_path / ".env"
    path.write_text(DOTENV.replace("END_TRAIT=187", "END_TRAIT=71"))
    standin = StandIn.create(tmp_path / "cluster", settings(2, others, generation))
    result = run_runbatch(standin, load_batch(path), tmp_path / "ledger")
    assert result.most_active == 50
    assert result.submits == 70
