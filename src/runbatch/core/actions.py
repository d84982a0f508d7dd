"""What the planner may ask for: one step of one job at a time, and the plan that holds them."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from runbatch.core.attempt import Attempt


class Why(Enum):
    """Why a job is started; or, `AGREED`, why a workload that is not ours was touched."""

    FIRST = "first"
    RETRY = "retry"
    RERUN = "rerun"
    VANISHED = "vanished"
    REFUSED_BEFORE = "refused before"
    AGREED = "agreed"


@dataclass(frozen=True, slots=True)
class Submit:
    """Call the cluster for this attempt. `instead_of` is the attempt as it was when decided.

    `why` is None where the attempt was begun before, and only goes on. `reruns` is a new attempt's.
    """

    key: str
    number: int
    instead_of: Attempt | None = None
    why: Why | None = None
    reruns: int = 0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not call the cluster for this submit: `taker`, which is not ours, has the name."""

    submit: Submit
    taker: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """Take a slot for this attempt; an ended workload has yet to leave, and keeps the name.

    `follows` is when that one ended: the end that was decided on.
    """

    key: str
    number: int
    follows: datetime | None
    why: Why
    reruns: int = 0


@dataclass(frozen=True, slots=True)
class Delete:
    """Save and delete the workload of this attempt, as it then stood: ended, or to be cut off."""

    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Release:
    """Give back a slot: this attempt never reached the cluster, and is not to any more."""

    attempt: Attempt
    why: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Ask for evidence of how this attempt failed, save its log, and judge it."""

    attempt: Attempt


Action = Submit | Refuse | Reserve | Delete | Release | Gather


@dataclass(frozen=True, slots=True)
class Streak:
    """So many jobs ended alike, as `end` says, and none succeeded."""

    count: int
    end: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in this order; when at the latest to look again; whether all is done.

    `wake_at` is None where the usual interval will do. `starved` counts the steps that are due and
    wait for a free slot only. `streak` is why nothing more is started, if that is so.
    """

    actions: tuple[Action, ...] = ()
    wake_at: datetime | None = None
    starved: int = 0
    done: bool = False
    streak: Streak | None = None
