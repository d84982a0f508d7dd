"""What a command would do, before anything is touched."""

import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from runbatch.clusters.kinds import kind_of
from runbatch.core.actions import Reserve, Submit
from runbatch.core.attempt import Patience, Verdict
from runbatch.core.batch import LARGEST_CAP, Batch, memory_bytes
from runbatch.core.job import Job, State
from runbatch.core.planner import plan
from runbatch.core.reconcile import Learned
from runbatch.core.whose import Stranger
from runbatch.core.wish import Wish
from runbatch.views.json import SCHEMA
from runbatch.views.text import clock_time, plural, printable

_ASK = "ask"
_FIRST = 5
# Fields of [run] that have lines of their own in a preview, or none: a variable may be a secret.
_SAID_OTHERWISE = ("image", "command", "cpu", "memory", "env", "mounts", "guard")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class Preview:
    """Which jobs would be submitted, and which are left as they are, and why."""

    batch: Batch
    submit: tuple[str, ...]
    leave: dict[str, str]
    in_flight: int


class PreviewJson(TypedDict):
    """`runbatch submit --dry-run --json`, and `runbatch check --json`: what would be done."""

    schema: int
    """1. Keys are added; none is renamed or given another meaning while it stays 1."""
    batch: str
    """The batch's prefix."""
    cluster: str
    """The kind of cluster, such as `local`."""
    cap: int
    """The most jobs in flight."""
    in_flight: int
    """How many of the batch's jobs are in flight now."""
    submit: list[str]
    """The keys of the jobs that would be submitted, in their order."""
    leave: dict[str, str]
    """By key: why a job would be left as it is."""


def preview_of(
    batch: Batch, learned: Learned, wish: Wish, now: datetime, patience: Patience
) -> Preview:
    """Return what `submit` would do in the end: what the planner plans without a cap."""
    view = replace(learned.view, trusted=True)
    steps = plan(batch.with_cap(LARGEST_CAP), view, wish, now, patience).actions
    starts = {step.key for step in steps if isinstance(step, Submit | Reserve)} - view.in_flight
    adopted = {change.after.key for change in learned.changes if change.before is None}
    strangers = {each.key: each for each in learned.strangers}
    submit = tuple(key for key in batch.keys if key in starts)
    leave = {
        key: _why_left(view.job(key), adopted=key in adopted)
        for key in batch.keys
        if key not in starts
    }
    leave |= {
        key: _why_taken(strangers[key])
        for key in leave.keys() & strangers.keys()
        if view.job(key).state in (State.WAITING, State.FAILED)
    }
    return Preview(batch, submit, leave, view.slots)


def _why_taken(stranger: Stranger) -> str:
    return f"{_ASK}: the name is taken by {stranger.description}"


def _why_left(job: Job, *, adopted: bool) -> str:
    match job.state:
        case State.IN_FLIGHT if adopted:
            return "adopt: exists on the cluster, not started by this ledger"
        case State.IN_FLIGHT:
            return "skip: in flight"
        case State.SUCCEEDED if adopted:
            return "adopt: succeeded already, not started by this ledger"
        case State.SUCCEEDED:
            return "skip: succeeded already (--rerun KEY starts it again)"
        case State.FAILED if job.last and job.last.is_verdict(Verdict.VANISHED):
            return "skip: its end was not seen; the next submit starts it again"
        case _:
            return "skip: failed; retry looks at it (--rerun KEY starts it again)"


def preview_text(preview: Preview) -> str:
    """Return the preview for people."""
    return "\n".join(_lines(preview))


def preview_json(preview: Preview) -> PreviewJson:
    """Return the preview as plain values."""
    return {
        "schema": SCHEMA,
        "batch": preview.batch.prefix,
        "cluster": preview.batch.cluster.kind,
        "cap": preview.batch.cap,
        "in_flight": preview.in_flight,
        "submit": list(preview.submit),
        "leave": preview.leave,
    }


def _lines(preview: Preview) -> Iterator[str]:
    batch = preview.batch
    yield f"{batch.prefix} on {label_of(batch)}: {plural(len(batch.keys), 'job')}"
    yield f"  names      {_range(batch)}"
    yield f"  cap        at most {batch.cap} in flight; {preview.in_flight} are now"
    yield f"  each job   {_resources(batch, 1)}"
    yield f"  at peak    {_resources(batch, min(batch.cap, len(batch.keys)))}"
    yield f"  command    {printable(shlex.join(batch.run.command))}"
    for name, value in batch.run.given.items():
        if name not in _SAID_OTHERWISE:
            yield f"  {name.replace('_', ' '):<10} {printable(str(value))}"
    if guard := kind_of(batch.cluster.kind).guard(batch):
        yield f"  guard      {printable(guard)}"
    for mount in batch.run.mounts:
        access = "read-only" if mount.read_only else "read-write"
        yield f"  mount      {printable(mount.host)} at {printable(mount.path)} ({access})"
    yield f"would submit {plural(len(preview.submit), 'job')}"
    for key in preview.submit[:_FIRST]:
        yield f"  {printable(batch.workload_name(key))}"
    if len(preview.submit) > _FIRST:
        yield f"  and {len(preview.submit) - _FIRST} more"
    for why, keys in _grouped(preview.leave).items():
        yield f"would {printable(why)}"
        yield f"  {_names(batch, keys)}"


def label_of(batch: Batch) -> str:
    """Return where the jobs run, as the kind of cluster says it; safe to print."""
    return printable(kind_of(batch.cluster.kind).label(batch))


def leave_lines(preview: Preview) -> Iterator[str]:
    """Yield a line for each reason why jobs are not submitted, with the first of them.

    Not for a name that is taken: a person was asked, and each refusal is told by itself.
    """
    for why, keys in _grouped(preview.leave).items():
        act, _, reason = why.partition(": ")
        if act == _ASK:
            continue
        jobs = f"{plural(len(keys), 'job')} ({_names(preview.batch, keys)})"
        yield f"[{act.upper()}] {jobs}: {printable(reason)}"


def going_on_line(
    at: datetime, started: int, asked: int, now: datetime, option: str = "--rerun"
) -> str:
    """Return that an earlier request is gone on with, and how far that has come."""
    when = f"{clock_time(at, now)} UTC"
    return f"[RERUN] going on with the {option} of {when}: {started} of {asked} were started again"


def _range(batch: Batch) -> str:
    names = [printable(batch.workload_name(key)) for key in batch.keys]
    return names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}"


def _names(batch: Batch, keys: list[str]) -> str:
    names = [printable(batch.workload_name(key)) for key in keys[:_FIRST]]
    more = f" and {len(keys) - _FIRST} more" if len(keys) > _FIRST else ""
    return f"{', '.join(names)}{more}"


def _grouped(leave: dict[str, str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, why in leave.items():
        groups.setdefault(why, []).append(key)
    return groups


def _resources(batch: Batch, jobs: int) -> str:
    """Return what so many jobs ask for together."""
    run = batch.run
    if run.cpu is None and run.memory is None:
        return "no CPU or memory asked for"
    cpu = [_cores(run.cpu * jobs)] if run.cpu is not None else []
    memory = [_size(memory_bytes(run.memory) * jobs)] if run.memory is not None else []
    return ", ".join([*cpu, *(f"{size} of memory" for size in memory)])


def _cores(cores: float) -> str:
    return f"{cores:g} CPU" if cores == 1 else f"{cores:g} CPUs"


def _size(number: float) -> str:
    """Return a number of bytes for people: `1.6 TB`."""
    power = min(int(math.log10(number)) // 3, len(_UNITS) - 1)
    return f"{number / 1000**power:.4g} {_UNITS[power]}"
