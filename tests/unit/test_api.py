"""The Python API as a notebook uses it, on the real local cluster; its types are checked too."""

import json
import math
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_type

import pytest

import runbatch
from runbatch import Batch, BatchError, Event, JobSnapshot, Kind, Run, Snapshot, State


def make_batch(folder: Path, program: str) -> Batch:
    return Batch(
        prefix="api",
        keys=("a", "b", "c"),
        cap=2,
        variable="KEY",
        folder=folder,
        run=Run(command=(sys.executable, "-I", "-S", "-c", program)),
    )


def test_load_submit_wait_and_look(tmp_path: Path) -> None:
    program = "import os, sys; sys.exit(4 if os.environ['KEY'] == 'b' else 0)"
    batch = make_batch(tmp_path, program)
    state = tmp_path / "state"
    events: list[Event] = []

    started = runbatch.submit(batch, state=state, on_event=events.append, poll_interval_s=0.05)
    ended = runbatch.wait(batch, state=state, poll_interval_s=0.05)
    seen = runbatch.read_snapshot(batch, state=state)

    assert_type(batch, Batch)
    assert_type(started, Snapshot)
    assert_type(ended.counts, dict[State, int])
    assert_type(ended.failed, tuple[JobSnapshot, ...])
    assert started.counts[State.WAITING] == 0
    assert ended.counts == {
        State.WAITING: 0,
        State.IN_FLIGHT: 0,
        State.SUCCEEDED: 2,
        State.FAILED: 1,
    }
    assert [(job.key, str(job.last.outcome)) for job in ended.failed if job.last] == [
        ("b", "failed (exit code 4)")
    ]
    assert seen.jobs == ended.jobs
    assert [event.key for event in events if event.kind is Kind.SUBMIT] == ["a", "b", "c"]

    again = runbatch.submit(batch, wait=True, rerun=["b"], state=state, poll_interval_s=0.05)
    assert [len(job.attempts) for job in again.jobs] == [1, 2, 1]


@pytest.mark.parametrize("rerun", [2, [2], range(2, 3), "2", ["2-2"]], ids=repr)
def test_jobs_to_run_again_are_named_as_python_names_them(tmp_path: Path, rerun: Any) -> None:
    batch = replace(make_batch(tmp_path, "pass"), keys=("1", "2"))
    state = tmp_path / "state"
    runbatch.submit(batch, wait=True, state=state, poll_interval_s=0.05)
    again = runbatch.submit(batch, wait=True, rerun=rerun, state=state, poll_interval_s=0.05)
    assert [len(job.attempts) for job in again.jobs] == [1, 2]
    assert again.counts == dict.fromkeys(State, 0) | {State.SUCCEEDED: 2}


class Stopped(Exception):
    """A person's Ctrl-C, at a moment of the test's own."""


def test_a_rerun_that_was_stopped_and_called_again_runs_no_job_a_third_time(
    tmp_path: Path,
) -> None:
    batch, state = replace(make_batch(tmp_path, "pass"), cap=1), tmp_path / "state"

    def submit(on_event: Callable[[Event], None] | None = None) -> Snapshot:
        rerun = ["a", "b", "c"]
        return runbatch.submit(
            batch, wait=True, rerun=rerun, on_event=on_event, state=state, poll_interval_s=0.05
        )

    def stop(event: Event) -> None:
        if event.kind is Kind.SUBMIT and event.key == "b":
            raise Stopped

    runbatch.submit(batch, wait=True, state=state, poll_interval_s=0.05)
    with pytest.raises(Stopped):
        submit(stop)
    assert [len(job.attempts) for job in submit().jobs] == [2, 2, 2]
    assert [len(job.attempts) for job in submit().jobs] == [3, 3, 3]


def test_what_a_lost_ledger_submitted_is_adopted_only_where_the_program_says_so(
    tmp_path: Path,
) -> None:
    batch, state = make_batch(tmp_path, "pass"), tmp_path / "state"
    runbatch.submit(batch, wait=True, state=state, poll_interval_s=0.05)
    (state / "local").rename(tmp_path / "lost")
    refused = runbatch.submit(batch, state=state, poll_interval_s=0.05)
    assert {str(job.last.refusal)[:21] for job in refused.failed if job.last} == {
        "The name is taken by "
    }
    adopted = runbatch.submit(batch, adopt=True, state=state, poll_interval_s=0.05)
    assert adopted.counts[State.SUCCEEDED] == 3


def test_a_batch_from_before_there_were_marks_goes_on_without_a_question(tmp_path: Path) -> None:
    batch, state = make_batch(tmp_path, "pass"), tmp_path / "state"
    runbatch.submit(batch, wait=True, state=state, poll_interval_s=0.05)
    described = list(state.glob("clusters/local/**/workload.json"))
    for path in described:
        found = json.loads(path.read_text())
        del found["origin"]
        path.write_text(json.dumps(found))
    with closing(sqlite3.connect(next(state.glob("local/**/ledger.sqlite3")))) as ledger:
        ledger.execute("DELETE FROM marks WHERE name IN ('batch id', 'uses', 'variables')")
        ledger.execute("UPDATE attempts SET origin = NULL")
        ledger.commit()
    again = runbatch.submit(batch, wait=True, rerun="b", state=state, poll_interval_s=0.05)
    assert [len(job.attempts) for job in again.jobs] == [1, 2, 1]
    assert (len(described), again.counts[State.SUCCEEDED]) == (3, 3)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1, 0, 1e6])
def test_an_interval_that_is_none_is_refused_before_anything_is_made(
    tmp_path: Path, seconds: float
) -> None:
    batch, state = make_batch(tmp_path, "pass"), tmp_path / "state"
    for call in (runbatch.submit, runbatch.wait):
        with pytest.raises(BatchError, match=r"poll_interval_s = .*write seconds from 0.05 to"):
            call(batch, state=state, poll_interval_s=seconds)
    assert not state.exists()


def test_a_batch_file_loads_as_it_does_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    path.write_text('prefix = "x"\n[jobs]\nrange = [1, 3]\n[run]\ncommand = ["true"]\n')
    batch = runbatch.load_batch(path)
    assert_type(batch, Batch)
    assert batch.keys == ("1", "2", "3")
    assert batch.integer_keys
    assert batch.folder == tmp_path
    with pytest.raises(BatchError, match=r"nowhere\.toml"):
        runbatch.load_batch(str(tmp_path / "nowhere.toml"))


def test_what_is_public_is_there_and_typed() -> None:
    assert all(hasattr(runbatch, name) for name in runbatch.__all__)
    assert (Path(runbatch.__file__).parent / "py.typed").exists()
