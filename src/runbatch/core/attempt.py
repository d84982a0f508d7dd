"""What is known of one try of a job: what a cluster says, and what the ledger remembers.

Everything here is a value. `Attempt.holds_slot` is the one rule that the cap stands on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum

from runbatch.core.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a workload says of where it comes from; None for what the cluster does not show.

    `owner` is the person who submitted it, as the cluster says. The others are its RUNBATCH_PREFIX,
    RUNBATCH_KEY and RUNBATCH_BATCH, the mark of the ledger that submitted it.
    """

    owner: str | None = None
    prefix: str | None = None
    key: str | None = None
    batch: str | None = None


UNKNOWN_ORIGIN = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One workload as a cluster listed it.

    `stage` is where it is, `phase` the cluster's own word for that, if it has one. `uid` tells two
    workloads of one name apart. `number` is the attempt the workload says it is
    (its RUNBATCH_ATTEMPT), where the cluster shows that. `created_at` and `ended_at` are the
    cluster's own times: the first is only ever compared with another of its kind.
    `reason` is what it says a workload waits for, if it does.
    """

    name: str
    uid: str
    stage: Stage
    phase: str | None = None
    node: str | None = None
    number: int | None = None
    created_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    origin: Origin = UNKNOWN_ORIGIN

    @property
    def word(self) -> str:
        """Return what people are shown of its stage: the cluster's own word, if it has one."""
        return self.phase or self.stage.value


@dataclass(frozen=True, slots=True)
class Listing:
    """A cluster's answer to "what is there?": complete, or it would have been an error.

    `proves_absence`: what it does not show is not there. A cluster that may answer with an empty
    list while it is not reached says so only of lists that show something, be it other people's.
    `unreadable` holds, by its name, why a workload that is there cannot be read: for all that is
    known it runs. `login` is what the cluster says of who is logged in, in any form: it is searched
    for owners. None: it could not be asked. `restarted` holds the uids of workloads that a restart
    of their machine ended, as is known for sure. `no_submit` says why nothing can be submitted
    there now, if so.
    """

    observations: tuple[Observation, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)
    login: str | None = ""
    restarted: frozenset[str] = frozenset()
    no_submit: str | None = None
    proves_absence: bool = True


class Cause(StrEnum):
    """What ended an attempt, whatever its cluster calls that: each adapter knows its own words.

    `EXIT`: its program, by itself. `SIGNAL`: a signal, sent by whoever. `LAUNCH`: the cluster could
    not start it. `UNKNOWN`: the cluster does not say, or says a word that means nothing by itself.
    """

    EXIT = "exit"
    SIGNAL = "signal"
    OUT_OF_MEMORY = "out of memory"
    TIME_LIMIT = "time limit"
    NODE = "node"
    LAUNCH = "launch"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def decides(self) -> bool:
        """Whether it is the end's whole story: then an exit code is only what came of it."""
        return self not in (Cause.EXIT, Cause.SIGNAL, Cause.UNKNOWN)

    @property
    def is_infrastructure(self) -> bool:
        """Whether the cluster itself broke it."""
        return self in (Cause.NODE, Cause.LAUNCH, Cause.PREEMPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of how an attempt ended. None of it may be known.

    `exit_code` is what the cluster tells, `logged_code` what the log's last line says it was, where
    the job ran in a guard. `cause` is what ended it, `signal` which signal if one did, and `reason`
    the cluster's own word for that: it is shown to people, and never decided on. `marker` is the
    log line that speaks of a failed mount (see `runbatch.core.marker`). `events` are the cluster's
    last words on it; `memory_event` is the one that says that it had no memory left. `mounts_held`
    tells whether each of its mounts was there when it began, or it needs none.
    """

    exit_code: int | None = None
    logged_code: int | None = None
    cause: Cause = Cause.UNKNOWN
    signal: str | None = None
    reason: str | None = None
    marker: str | None = None
    events: tuple[str, ...] = ()
    memory_event: str | None = None
    node: str | None = None
    mounts_held: bool | None = None

    @property
    def known_code(self) -> int | None:
        """Return the exit code, whoever tells it: the cluster's word counts more."""
        return self.logged_code if self.exit_code is None else self.exit_code

    @property
    def is_enough(self) -> bool:
        """Whether it decides: what else may come to be known is weaker."""
        return self.cause.decides or self.known_code is not None

    @property
    def strength(self) -> int:
        """Return how much it weighs: what is weaker never takes the place of what is stronger."""
        if self.cause.decides:
            return 4
        if self.exit_code is not None:
            return 3
        if self.logged_code is not None:
            return 2
        return int(self.marker is not None)


class Verdict(Enum):
    """What is concluded of an ended attempt; only what the infrastructure broke is ever retried."""

    SUCCEEDED = "succeeded"
    MOUNT_FAILURE = "mount failure"
    INFRASTRUCTURE_FAILURE = "infrastructure failure"
    CONFIGURATION_ERROR = "configuration error"
    OUT_OF_MEMORY = "out of memory"
    TIME_LIMIT = "time limit"
    CANCELLED = "cancelled"
    FAILED = "failed"
    VANISHED = "vanished"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and the one piece of evidence that decided it, for people to check."""

    verdict: Verdict
    source: str

    def __str__(self) -> str:
        """Return it as shown everywhere: `mount failure (exit code 2)`."""
        return f"{self.verdict.value} ({self.source})"


# Nobody can have meant that: its job is started again by the next submit, be it the one that sees.
RESTARTED = Outcome(Verdict.VANISHED, "the machine was restarted")
BY_RESTART = Evidence(cause=Cause.NODE, reason="the machine was restarted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job, as the ledger remembers it.

    Its life, told by which fields are set: `reserved_at` a slot is held for it; `called_at` the
    submit call was begun (`calls` times so far); `submitted_at` the cluster said yes; `seen_at` a
    listing showed it, in `seen_stage`, for which `phase` is the cluster's own word; `ended_at` its
    end was seen, or it was concluded to be gone. `refusal` instead: the cluster said no for good.
    `denial` on the way there: it said no to the last call, and may have done it all the same.
    `missed` counts the good listings in a row, since `seen_at`, that lacked it. `delete_asked_at`
    is when we last asked its workload to go; `follows`, on an attempt that it makes room for, is
    the end that this was decided on. `reruns` counts those of the job's attempts, up to this one,
    that a person asked for by the job's name.

    What tells its workload from others of its name: `uid`; `other_uid`, under which the last
    listing showed it, where that was another; and `created_at`, by the cluster's own clock.
    `origin` is what it says of where it comes from. `agreed`: only a person's yes made it the
    batch's.
    """

    key: str
    number: int
    reserved_at: datetime
    called_at: datetime | None = None
    calls: int = 0
    submitted_at: datetime | None = None
    refusal: str | None = None
    denial: str | None = None
    follows: datetime | None = None
    reruns: int = 0
    uid: str | None = None
    other_uid: str | None = None
    created_at: datetime | None = None
    seen_stage: Stage | None = None
    phase: str | None = None
    node: str | None = None
    seen_at: datetime | None = None
    missed: int = 0
    ended_at: datetime | None = None
    evidence: Evidence | None = None
    outcome: Outcome | None = None
    log: str | None = None
    delete_asked_at: datetime | None = None
    origin: Origin = UNKNOWN_ORIGIN
    agreed: bool = False

    @property
    def id(self) -> tuple[str, int]:
        """Return what names the attempt in its batch."""
        return self.key, self.number

    @property
    def turn(self) -> tuple[str, int, int]:
        """Return what names this very call of the attempt; one refused may be called again."""
        return self.key, self.number, self.calls

    @property
    def retries(self) -> int:
        """Return how many retries the job has had, this attempt included."""
        return self.number - 1 - self.reruns

    @property
    def listed(self) -> bool:
        """Whether the last good listing showed its workload."""
        return self.seen_at is not None and self.missed == 0

    @property
    def unanswered(self) -> bool:
        """Whether a submit call was begun whose outcome nobody knows."""
        called = self.called_at is not None and self.refusal is None
        return called and self.submitted_at is None and self.uid is None

    @property
    def was_lost(self) -> bool:
        """Whether no answer came to its submit call: one that was never done is called again."""
        return self.unanswered and self.denial is None

    @property
    def is_unjudged(self) -> bool:
        """Whether it has ended and nobody has looked at the evidence yet."""
        return self.ended_at is not None and self.outcome is None

    @property
    def is_doubtful(self) -> bool:
        """Whether it was judged by little, or without its log: more may be known now."""
        is_final = self.is_verdict(Verdict.SUCCEEDED) or self.is_verdict(Verdict.VANISHED)
        if self.ended_at is None or self.outcome is None or is_final or not self.listed:
            return False
        is_known = self.evidence is not None and self.evidence.is_enough
        return not is_known or self.log is None

    @property
    def waiting_for_name(self) -> bool:
        """Whether it only holds a slot so far: the attempt before it must leave first."""
        return self.called_at is None and self.uid is None and self.refusal is None

    @property
    def is_left_alone(self) -> bool:
        """Whether only a person may delete its workload, which may still be there."""
        return self.agreed and (self.listed or self.holds_slot)

    @property
    def stage(self) -> Stage:
        """Return where it is, by all that is known: as listed, else as it was left."""
        if self.refusal is not None:
            return Stage.FAILED
        if self.listed:
            return self.seen_stage or Stage.UNKNOWN
        if self.ended_at is not None:
            return Stage.SUCCEEDED if self.is_verdict(Verdict.SUCCEEDED) else Stage.FAILED
        if self.waiting_for_name:
            return Stage.RESERVED
        return Stage.IN_DOUBT if self.seen_at is not None else Stage.SUBMITTED

    @property
    def word(self) -> str:
        """Return what people are shown of its stage: the cluster's own word while it is listed."""
        return (self.phase if self.listed else None) or self.stage.value

    @property
    def holds_slot(self) -> bool:
        """Whether it counts against the cap. A slot is freed on positive evidence only."""
        return not self.stage.ended

    @property
    def may_hold_slot(self) -> bool:
        """Whether it holds a slot, or will once its workload goes as it was asked to."""
        return self.holds_slot or (self.listed and self.delete_asked_at is not None)

    @property
    def was_removed_by_others(self) -> bool:
        """Whether its workload is gone, and not by our doing: then nothing follows by itself."""
        return not self.listed and self.delete_asked_at is None

    @property
    def never_ran(self) -> bool:
        """Whether its workload is not known to have come as far as running."""
        return self.seen_stage is not None and self.seen_stage.is_before_running

    @property
    def was_cut_off(self) -> bool:
        """Whether we asked its workload to go before any end of it was seen."""
        return self.delete_asked_at is not None and self.ended_at is None

    @property
    def last_sign_at(self) -> datetime:
        """Return when the cluster last gave, or was last asked for, a sign of it."""
        return self.seen_at or self.submitted_at or self.called_at or self.reserved_at

    @property
    def standing_outcome(self) -> Outcome | None:
        """Return what its end came to, None while it has none: this is what people are shown.

        An end that the cluster undid leaves its `outcome` to the loop (`reconcile`).
        """
        return self.outcome if self.ended_at is not None else None

    @property
    def was_broken(self) -> bool:
        """Whether the infrastructure broke it, by the verdict reached: that alone is retried."""
        broken = (Verdict.MOUNT_FAILURE, Verdict.INFRASTRUCTURE_FAILURE)
        return self.outcome is not None and self.outcome.verdict in broken

    def ended_as(self, verdict: Verdict) -> bool:
        """Whether it has ended, and this verdict was reached."""
        return self.ended_at is not None and self.is_verdict(verdict)

    def is_verdict(self, verdict: Verdict) -> bool:
        """Whether this verdict was reached, be it of an end that the cluster undid."""
        return self.outcome is not None and self.outcome.verdict is verdict


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a cluster may leave us in the dark before we conclude anything from it.

    A workload is taken for gone, or a lost submit for not done, only after `agreeing_listings` good
    listings in a row and `grace_s` seconds without a sign, none of them before `since`. A listing
    that proves no absence is believed, while jobs are in flight, only after `doubt_s` seconds in
    which each listing was like that: `doubted_since` is when this process had the first of them.
    `leaves_at_once`: a deletion is over when its call returns, and takes no slot. `names_unique`:
    no two workloads share a name, so that a name has to be free before it is used again.
    """

    grace_s: float
    doubt_s: float
    agreeing_listings: int = 3
    leaves_at_once: bool = False
    names_unique: bool = True
    since: datetime | None = None
    doubted_since: datetime | None = None

    def leaving_since(self, now: datetime) -> datetime | None:
        """Return since when what was asked to go may still go; None: leaving takes no slot."""
        return None if self.leaves_at_once else now - timedelta(seconds=self.grace_s)

    def is_over(self, attempt: Attempt, now: datetime) -> bool:
        """Whether the attempt's absence may be believed."""
        sign_at = attempt.last_sign_at
        waited = now - (max(sign_at, self.since) if self.since is not None else sign_at)
        is_agreed = attempt.missed >= self.agreeing_listings
        return is_agreed and waited.total_seconds() >= self.grace_s

    def believes_absence(self, sign_at: datetime, now: datetime) -> bool:
        """Whether nothing was listed for long enough, also since the cluster gave this sign."""
        if self.doubted_since is None:
            return False
        waited = now - max(self.doubted_since, sign_at)
        return waited.total_seconds() >= self.doubt_s
