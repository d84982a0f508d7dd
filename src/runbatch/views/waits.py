"""The answer to "why is nothing happening?", in sentences and as plain values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from runbatch.core.snapshot import Snapshot
from runbatch.core.waits import Answer, Queue, Wait, Waits
from runbatch.ledger.invocations import SILENT_FOR, Invocation
from runbatch.views.json import SnapshotJson, Time, snapshot_json, time_json
from runbatch.views.text import clock_time, duration, plural, printable, short_list

_MOST_REASONS = 2
_START = {
    Wait.COMMAND: ": no submit runs",
    Wait.DELAY: "",
    Wait.CLUSTER: ": the cluster does not answer",
    Wait.SLOT: ": no slot is free",
    Wait.TURN: ": one after the other",
}
_RETRY = _START | {Wait.COMMAND: ": no retry runs"}


class SlotsJson(TypedDict):
    """What the slots are held by."""

    held: int
    """How many are held."""
    by: dict[str, int]
    """How many of them by jobs that do what: `running`, `pending`, `starting`, `stopped`,
    `deleting`, `unknown`, `reserved`, `in doubt`."""
    in_doubt_since: Time | None
    """When the job that is longest in doubt last gave a sign."""
    cluster_says: list[str]
    """The cluster's words for why workloads do not run yet, the commonest first."""


class QueueJson(TypedDict):
    """Jobs that wait for the same."""

    jobs: int
    """How many."""
    waiting_for: Annotated[str, Wait]
    """For what."""
    next_due_at: Time | None
    """When the first of them is due, if it has a time."""


class ClusterJson(TypedDict):
    """Whether the cluster answers."""

    answers: bool
    """Whether it does."""
    heard_at: Time | None
    """When it was last heard."""
    problem: str | None
    """What is wrong, if it does not answer: then this is what the ledger remembers."""
    no_submit: str | None
    """Why nothing can be submitted, though it answers."""


class InvocationJson(TypedDict):
    """Who works on the batch."""

    command: str
    """`submit`, `retry`, `delete`, `Python submit()` or `Python wait()`; older ones `Python`."""
    host: str
    """The machine."""
    pid: int
    """Its process there."""
    started_at: Time
    """Since when."""
    looked_at: Time
    """When it last looked at the cluster."""


class WaitsJson(TypedDict):
    """What holds the slots, and what waits for what."""

    slots: SlotsJson
    """What the slots are held by."""
    to_start: QueueJson | None
    """The jobs that were never started; `null` if there are none."""
    to_retry: QueueJson | None
    """The jobs whose retry is to come; `null` if there are none."""
    cluster: ClusterJson
    """Whether the cluster answers."""
    at_work: list[InvocationJson]
    """Who works on the batch now."""


class StatusJson(SnapshotJson):
    """`runbatch status --json`: how the batch stands, and why nothing happens, if nothing does."""

    why: WaitsJson
    """What holds the slots, and what waits for what."""


def waits_lines(
    waits: Waits, at_work: Sequence[Invocation], cap: int, now: datetime
) -> Iterator[tuple[str, str]]:
    """Yield a label and a sentence for each thing that people ask about; safe to print."""
    yield "slots", _slots(waits, cap)
    if waits.to_start is not None:
        yield "waiting", _queue(waits.to_start, _START, now)
    if waits.to_retry is not None:
        yield "retries", _queue(waits.to_retry, _RETRY, now)
    yield "cluster", _answer(waits.answer, now)
    for each in at_work:
        yield "at work", _invocation(each, now)
    if not at_work:
        yield "at work", "nobody"


def lacking_command(waits: Waits) -> str | None:
    """Return the command that jobs wait for and nobody runs, if there is one."""
    for queue, command in ((waits.to_start, "submit"), (waits.to_retry, "retry")):
        if queue is not None and queue.wait is Wait.COMMAND:
            return command
    return None


def _slots(waits: Waits, cap: int) -> str:
    held = f"{waits.slots.count} of {cap} held"
    by = f": {waits.slots}" if waits.slots.held else ""
    says = (
        f"; the cluster says: {short_list(waits.reasons, _MOST_REASONS)}" if waits.reasons else ""
    )
    return f"{held}{by}{says}"


def _queue(queue: Queue, endings: Mapping[Wait, str], now: datetime) -> str:
    return f"{plural(queue.jobs, 'job')}{_due(queue.due_at, now)}{endings[queue.wait]}"


def _due(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    left_s = (at - now).total_seconds()
    when = clock_time(at, now)
    return f", next due {when} (in {duration(left_s)})" if left_s > 0 else f", due since {when}"


def _answer(answer: Answer, now: datetime) -> str:
    if answer.problem is None:
        if answer.no_submit is None:
            return "answers"
        return f"answers, but nothing can be submitted: {printable(answer.no_submit)}"
    heard = f"last heard {clock_time(answer.heard_at, now)}" if answer.heard_at else "never heard"
    return f"no answer, {heard}: {printable(answer.problem)} This is what the ledger remembers."


def as_of(answer: Answer) -> str:
    """Return as of when the jobs are known, and why not as of now; nothing if they are."""
    if answer.problem is None:
        return ""
    problem = printable(answer.problem)
    if answer.heard_at is None:
        return f"nothing was heard of the jobs yet: {problem}"
    when = f"{answer.heard_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"the jobs are shown as of {when}: {problem}"


def _invocation(one: Invocation, now: datetime) -> str:
    silent = now - one.ticked_at
    where = f"{printable(one.command)} on {printable(one.host)} (pid {one.pid})"
    # It is alive, else it would not be here: it was stopped, or its machine sleeps.
    state = " seems to be stopped" if silent >= SILENT_FOR else ""
    return f"{where}{state}, last looked {duration(silent.total_seconds())} ago"


def status_json(snapshot: Snapshot, waits: Waits, at_work: Sequence[Invocation]) -> StatusJson:
    """Return how the batch stands as plain values."""
    return {**snapshot_json(snapshot), "why": waits_json(waits, at_work)}


def waits_json(waits: Waits, at_work: Sequence[Invocation]) -> WaitsJson:
    """Return the same as plain values."""
    return {
        "slots": {
            "held": waits.slots.count,
            "by": dict(waits.slots.held),
            "in_doubt_since": time_json(waits.slots.doubt_since),
            "cluster_says": list(waits.reasons),
        },
        "to_start": _queue_json(waits.to_start),
        "to_retry": _queue_json(waits.to_retry),
        "cluster": answer_json(waits.answer),
        "at_work": [_invocation_json(each) for each in at_work],
    }


def answer_json(answer: Answer) -> ClusterJson:
    """Return as plain values whether the cluster answers."""
    return {
        "answers": answer.problem is None,
        "heard_at": time_json(answer.heard_at),
        "problem": answer.problem,
        "no_submit": answer.no_submit,
    }


def _queue_json(queue: Queue | None) -> QueueJson | None:
    if queue is None:
        return None
    return {
        "jobs": queue.jobs,
        "waiting_for": queue.wait.value,
        "next_due_at": time_json(queue.due_at),
    }


def _invocation_json(one: Invocation) -> InvocationJson:
    return {
        "command": one.command,
        "host": one.host,
        "pid": one.pid,
        "started_at": time_json(one.started_at),
        "looked_at": time_json(one.ticked_at),
    }
