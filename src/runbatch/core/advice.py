"""What a person can do about a job that ended badly: a value, which views put into words."""

from dataclasses import dataclass, replace
from enum import Enum, auto

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.failure import RetryPolicy, is_retriable, next_retry_at


class Way(Enum):
    """The ways out; what each is called is for views to say."""

    CORRECT_REFUSAL = auto()
    JUDGE = auto()
    RETRY = auto()
    READ_LOG_THEN_RETRY = auto()
    READ_LOG_THEN_NAME = auto()
    MEND_MOUNTS = auto()
    MEND_CLUSTER = auto()
    RETRY_THOUGH_OFF = auto()
    RERUN_DELETED = auto()
    RERUN_CANCELLED = auto()
    CORRECT_CONFIGURATION = auto()
    MORE_MEMORY = auto()
    MORE_TIME = auto()
    SUBMIT = auto()
    READ_LOG_THEN_RERUN = auto()


@dataclass(frozen=True, slots=True)
class Advice:
    """A way out. `used` is how many retries were used, of how many, where that is the reason.

    `is_foreign`: this ledger did not submit the workload, so a person makes room for the next.
    """

    way: Way
    used: tuple[int, int] | None = None
    is_foreign: bool = False


def advice_on(attempt: Attempt, policy: RetryPolicy) -> Advice:
    """Return what a person can do about an attempt that ended badly."""
    if attempt.refusal is not None:
        return Advice(Way.CORRECT_REFUSAL)
    if attempt.is_left_alone:
        return replace(advice_on(replace(attempt, agreed=False), policy), is_foreign=True)
    if attempt.outcome is None:
        return Advice(Way.JUDGE)
    verdict = attempt.outcome.verdict
    if verdict is Verdict.MOUNT_FAILURE:
        return _on_mounts(attempt, policy)
    if verdict is Verdict.INFRASTRUCTURE_FAILURE:
        return _on_infrastructure(attempt, policy)
    return Advice(_WAY_OF_VERDICT.get(verdict, Way.READ_LOG_THEN_RERUN))


def _on_mounts(attempt: Attempt, policy: RetryPolicy) -> Advice:
    names_no_mount = attempt.evidence is not None and attempt.evidence.marker is None
    if next_retry_at(attempt, policy) is None:
        way = Way.READ_LOG_THEN_NAME if names_no_mount else Way.MEND_MOUNTS
        return Advice(way, (attempt.retries, policy.max_retries))
    if attempt.was_removed_by_others:
        return Advice(Way.RERUN_DELETED)
    return Advice(Way.READ_LOG_THEN_RETRY if names_no_mount else Way.RETRY)


def _on_infrastructure(attempt: Attempt, policy: RetryPolicy) -> Advice:
    if not is_retriable(attempt, policy):
        return Advice(Way.RETRY_THOUGH_OFF)
    if next_retry_at(attempt, policy) is None:
        return Advice(Way.MEND_CLUSTER, (attempt.retries, policy.max_retries))
    return Advice(Way.RERUN_DELETED if attempt.was_removed_by_others else Way.RETRY)


_WAY_OF_VERDICT = {
    Verdict.CONFIGURATION_ERROR: Way.CORRECT_CONFIGURATION,
    Verdict.OUT_OF_MEMORY: Way.MORE_MEMORY,
    Verdict.TIME_LIMIT: Way.MORE_TIME,
    Verdict.CANCELLED: Way.RERUN_CANCELLED,
    Verdict.VANISHED: Way.SUBMIT,
}
