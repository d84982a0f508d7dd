"""Short ways to write the values the core's tests are about; times are seconds after one moment."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbatch.core.actions import Action, Plan, Submit, Why
from runbatch.core.advice import advice_on
from runbatch.core.attempt import (
    Attempt,
    Listing,
    Observation,
    Outcome,
    Patience,
    Verdict,
)
from runbatch.core.batch import Batch, Run
from runbatch.core.failure import RetryPolicy
from runbatch.core.history import History, Level, Stretch
from runbatch.core.job import View
from runbatch.core.planner import plan
from runbatch.core.reconcile import Learned, learn
from runbatch.core.stage import Stage
from runbatch.core.whose import Claims
from runbatch.core.wish import Wish
from runbatch.views.advice import advice_text

EPOCH = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
PATIENCE = Patience(grace_s=60, doubt_s=600)
START = Wish(start=True)
RETRY = Wish(retry=True, wait=True)

# The words of a cluster for what it shows.
PHASES = {
    Stage.QUEUED: "Pending",
    Stage.STARTING: "Creating",
    Stage.RUNNING: "Running",
    Stage.HELD: "Stopped",
    Stage.LEAVING: "Deleting",
    Stage.SUCCEEDED: "Completed",
    Stage.FAILED: "Failed",
    Stage.UNKNOWN: "Hibernating",
}

MOUNT = Outcome(Verdict.MOUNT_FAILURE, "exit code 2")
BROKEN = Outcome(Verdict.INFRASTRUCTURE_FAILURE, "reason: NodeLost")
CONFIGURATION = Outcome(Verdict.CONFIGURATION_ERROR, "exit code 1")
UNDETERMINED = Outcome(Verdict.UNDETERMINED, "no exit code, no marker in the log")
DONE = Outcome(Verdict.SUCCEEDED, "phase Completed")
END_NOT_SEEN = Outcome(Verdict.VANISHED, "its end was not seen")


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


def batch(*keys: str, **changes: Any) -> Batch:
    """A batch of integer keys, 2 to 187 unless some are named."""
    fields: dict[str, Any] = {
        "prefix": "gwas",
        "keys": keys or tuple(str(key) for key in range(2, 188)),
        "run": Run(command=("job",)),
        "integer_keys": True,
    }
    return Batch(**fields | changes)


def observation(key: str = "37", stage: Stage = Stage.RUNNING, **changes: Any) -> Observation:
    """The workload `gwas-<key>`, with a uid that says which attempt of ours it is."""
    shown: dict[str, Any] = {"stage": stage, "phase": PHASES[stage]}
    fields: dict[str, Any] = {"name": f"gwas-{key}", "uid": f"{key}.1"} | shown
    return Observation(**fields | changes)


def listing(*observations: Observation, others: int = 1) -> Listing:
    """A listing of these and of `others` rows that are other people's."""
    return Listing(observations, proves_absence=bool(observations or others))


def reserved(key: str = "37", number: int = 1, **changes: Any) -> Attempt:
    """A slot is held for it, no more; `stage` is how a listing showed it, with its phase."""
    fields: dict[str, Any] = {"key": key, "number": number, "reserved_at": at(0)} | changes
    if stage := fields.pop("stage", None):
        fields = {"seen_stage": stage, "phase": PHASES[stage]} | fields
    return Attempt(**fields)


def called(key: str = "37", number: int = 1, **changes: Any) -> Attempt:
    """Its submit call was begun, and nobody knows what became of it."""
    return reserved(key, number, **{"called_at": at(0)} | changes)


def accepted(key: str = "37", number: int = 1, **changes: Any) -> Attempt:
    """The cluster said yes; no listing has shown it yet."""
    uid = f"{key}.{number}"
    return called(key, number, **{"submitted_at": at(0), "uid": uid} | changes)


def refused(key: str = "37", number: int = 1, **changes: Any) -> Attempt:
    """The cluster said no for good."""
    return called(key, number, **{"refusal": "no such image"} | changes)


def denied(key: str = "37", number: int = 1, **changes: Any) -> Attempt:
    """The cluster said no, and may have done it."""
    return called(key, number, **{"denial": "403 Forbidden"} | changes)


def listed(
    key: str = "37",
    stage: Stage = Stage.RUNNING,
    number: int = 1,
    seconds: float = 0,
    **changes: Any,
) -> Attempt:
    """The last good listing, at `seconds`, showed it in this stage."""
    return accepted(key, number, **{"stage": stage, "seen_at": at(seconds)} | changes)


def failed(
    key: str = "37",
    number: int = 1,
    seconds: float = 0,
    outcome: Outcome | None = MOUNT,
    **changes: Any,
) -> Attempt:
    """It is listed as Failed, since `seconds`, and was judged: a mount failure unless told."""
    ended: dict[str, Any] = {"stage": Stage.FAILED, "ended_at": at(seconds), "outcome": outcome}
    return listed(key, number=number, seconds=seconds, **ended | changes)


def succeeded(key: str = "37", number: int = 1, seconds: float = 0, **changes: Any) -> Attempt:
    """It is listed as Completed, since `seconds`."""
    ended: dict[str, Any] = {"stage": Stage.SUCCEEDED, "outcome": DONE}
    return failed(key, number, seconds, **ended | changes)


def running_again(attempt: Attempt, **changes: Any) -> Attempt:
    """Its end was undone by the cluster; what was concluded of it is kept."""
    again: dict[str, Any] = {"seen_stage": Stage.RUNNING, "phase": "Running", "ended_at": None}
    return replace(attempt, **again | changes)


def vanished(key: str = "37", number: int = 1, seconds: float = 0, **changes: Any) -> Attempt:
    """Several good listings in a row, the last one at `seconds`, agreed that it is gone."""
    ended: dict[str, Any] = {"ended_at": at(seconds), "outcome": END_NOT_SEEN, "missed": 3}
    return listed(key, number=number, **ended | changes)


def reserved_after(before: Attempt, **changes: Any) -> Attempt:
    """A slot is held for the attempt that is to follow this one's end."""
    fields: dict[str, Any] = {"follows": before.ended_at}
    return reserved(before.key, before.number + 1, **fields | changes)


def view(*attempts: Attempt, rows_seen: float | None = None) -> View:
    """What the ledger holds; a listing last had a row at `rows_seen`, if ever."""
    return View.of(attempts, proved_at=None if rows_seen is None else at(rows_seen))


def history(*stretches: Stretch, levels: tuple[Level, ...] = ()) -> History:
    """A past of these stretches and levels, in which nobody was told anything."""
    return History(levels, stretches, view())


def attempts_of(given: View) -> list[Attempt]:
    return [attempt for job in given.jobs.values() for attempt in job.attempts]


def remembering(given: View, *attempts: Attempt) -> View:
    """The view once the ledger has written these attempts over those of the same ids."""
    by_id = {each.id: each for each in (*attempts_of(given), *attempts)}
    return View.of(by_id.values(), proved_at=given.proved_at)


def looked(
    given: View,
    answer: Listing,
    seconds: float,
    *,
    of: Batch | None = None,
    asked_before: Iterable[tuple[str, int]] | None = None,
    patience: Patience = PATIENCE,
    claims: Claims | None = None,
) -> Learned:
    """What this listing teaches; it was asked for just now unless `asked_before` says otherwise.

    A person said yes to all that it shows, unless there are other `claims`.
    """
    claims = claims or Claims(agreed=frozenset(each.uid for each in answer.observations))
    asked = given.called if asked_before is None else frozenset(asked_before)
    return learn(of or batch(), given, answer, asked, at(seconds), patience, claims)


def looked_often(given: View, answer: Listing, *times: float, doubted_since: float = 0) -> View:
    """The view after the same listing at each of these times."""
    doubted = replace(PATIENCE, doubted_since=at(doubted_since))
    patience = PATIENCE if answer.proves_absence else doubted
    for seconds in times:
        given = looked(given, answer, seconds, patience=patience).view
    return given


def first_submit(key: str) -> Submit:
    """The submit of a job that was never started."""
    return Submit(key, 1, why=Why.FIRST)


def planned(
    given: View, wish: Wish = START, seconds: float = 0, *, of: Batch | None = None
) -> Plan:
    """The plan for the jobs that are known, unless `of` names a batch."""
    known = tuple(given.jobs) or ("37",)
    return plan(of or batch(*known), given, wish, at(seconds), PATIENCE)


def actions(
    given: View, wish: Wish = START, seconds: float = 0, *, of: Batch | None = None
) -> tuple[Action, ...]:
    return planned(given, wish, seconds, of=of).actions


def advised(attempt: Attempt, policy: RetryPolicy) -> str:
    """What people are told to do about it."""
    return advice_text(advice_on(attempt, policy), ["37"])
