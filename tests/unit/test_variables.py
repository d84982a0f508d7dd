"""Which variables of a shell differ from those that the batch's first jobs got."""

from pathlib import Path

import pytest
from tests.unit.test_api import make_batch

import runbatch
from runbatch.core.events import Event
from runbatch.ledger.store import FILE_NAME
from runbatch.ledger.variables import differing, digests_of

TEXT = "This shell differs from that of the batch's first jobs in "


def test_only_the_names_of_what_changed_came_or_went_are_returned() -> None:
    first = digests_of({"SAME": "1", "PATH": "/a", "GONE": "x", "SHLVL": "1"}, "key")
    now = digests_of({"SAME": "1", "PATH": "/b", "NEW": "", "SHLVL": "2", "SSH_TTY": "9"}, "key")
    assert differing(first, now) == ("GONE", "NEW", "PATH")


def test_another_shell_is_named_by_its_variables_and_none_of_their_values_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, state = make_batch(tmp_path, "pass"), tmp_path / "state"
    said: list[Event] = []

    def submit() -> list[str]:
        said.clear()
        runbatch.submit(
            batch, wait=True, rerun="a", on_event=said.append, state=state, poll_interval_s=0.05
        )
        return [each.text for each in said if each.text.startswith(TEXT)]

    monkeypatch.setenv("LAB_TOKEN", "first-secret")
    assert submit() == []
    assert submit() == []
    monkeypatch.setenv("LAB_TOKEN", "other-secret")
    monkeypatch.setenv("CONDA_PREFIX", "/opt/other")
    assert submit() == [f"{TEXT}CONDA_PREFIX, LAB_TOKEN."]
    for number in range(20):
        monkeypatch.setenv(f"MANY_{number:02}", "x")
    (text,) = submit()
    assert text.endswith("MANY_07 and 12 more.")
    (ledger,) = state.glob(f"local/**/{FILE_NAME}")
    assert b"secret" not in ledger.read_bytes()
