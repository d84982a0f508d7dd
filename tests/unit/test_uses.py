"""What succeeded from another folder, or with another definition, is named; never started again."""

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.shell import Shell, toml
from tests.unit.test_api import make_batch

import runbatch
from runbatch import EarlierUseWarning, State


def test_python_warns_of_another_folder_and_of_what_changed_before_anything_is_submitted(
    tmp_path: Path,
) -> None:
    batch, state = make_batch(tmp_path, "pass"), tmp_path / "state"

    def submit(one: runbatch.Batch) -> list[str]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            done = runbatch.submit(one, wait=True, state=state, poll_interval_s=0.05)
        assert done.counts[State.SUCCEEDED] == 3
        return [str(each.message) for each in caught if each.category is EarlierUseWarning]

    assert submit(batch) == []
    assert submit(batch) == []
    run = replace(batch.run, env={"SEED": "2"}, command=(sys.executable, "-c", "print()"))
    other = replace(batch, folder=tmp_path / "other", run=run)
    Path(other.folder).mkdir()
    elsewhere = f"3 jobs of this prefix succeeded from {batch.folder}; not started again."
    changed = "[run] command, [run] env SEED changed; not started again unless --rerun says so."
    for _ in range(2):  # also when it was told before
        assert submit(other) == [elsewhere, f"3 jobs succeeded before {changed}"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", EarlierUseWarning)
        with pytest.raises(EarlierUseWarning, match="succeeded from"):
            runbatch.submit(other, rerun="a", wait=True, state=state, poll_interval_s=0.05)
    with pytest.warns(EarlierUseWarning):
        runbatch.submit(other, rerun="a", wait=True, state=state, poll_interval_s=0.05)
    assert f"2 jobs succeeded before {changed}" in submit(other)


def test_the_summary_says_how_many_ran_now_and_from_where_the_others_are(tmp_path: Path) -> None:
    first, second = Shell(tmp_path / "first"), Shell(tmp_path / "second")
    state = {"RUNBATCH_STATE_DIR": str(tmp_path / "state")}
    for shell, last in ((first, 2), (second, 3)):
        shell.folder.mkdir()
        shell.write(toml([sys.executable, "-c", f"{last}"], last=last))
        done = shell.run("submit", "--yes", "--wait", "--poll-interval", "0.1", env=state)
    assert f"1 of 3 ran now; 2 succeeded before, from {first.folder}.\n" in done.out
    assert "[WARN] 2 jobs succeeded before [run] command changed; not started again" in done.err
