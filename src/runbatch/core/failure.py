"""From evidence to a verdict, by the first of `RULES` that holds, and from a verdict to a retry.

The exit-code contract is the container's: 0 done, 1 wrong configuration, 2 a mount that was not
there, 137 killed for want of memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbatch.core.attempt import Attempt, Cause, Evidence, Outcome, Verdict
from runbatch.core.errors import BatchError

LONGEST_DELAY_S = 300
MOST_RETRIES = 10
RETRIABLE_CODES = range(2, 256)
CONFIGURATION_ERROR_CODE = 1
OUT_OF_MEMORY_CODE = 137
MOUNT_FAILURE_CODE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures are the infrastructure's, and how often and how soon they are tried again.

    `infrastructure`: also what the cluster itself says it broke. What `exit_codes` and
    `log_markers` name is tried again in any case.

    Raises BatchError when a value is out of its range; 0 and 1 can never be retried.
    """

    exit_codes: tuple[int, ...] = (2,)
    log_markers: tuple[str, ...] = ("INFRASTRUCTURE MOUNT FAILURE", "is not a mount point")
    max_retries: int = 3
    delay_s: float = 30
    infrastructure: bool = True

    def __post_init__(self) -> None:
        for code in self.exit_codes:
            if code not in RETRIABLE_CODES:
                raise BatchError("[retry] exit_codes", _bad_code(code))
        if not all(marker.strip() for marker in self.log_markers):
            raise BatchError(
                "[retry] log_markers", "an empty marker would match every log; leave it out."
            )
        if not 0 <= self.max_retries <= MOST_RETRIES:
            raise BatchError(
                f"[retry] max_retries = {self.max_retries}",
                f"write a number from 0 to {MOST_RETRIES}.",
            )
        if not 1 <= self.delay_s <= LONGEST_DELAY_S:
            raise BatchError(
                f"[retry] delay_s = {self.delay_s}", f"write seconds from 1 to {LONGEST_DELAY_S}."
            )

    def delay_before(self, retry: int) -> timedelta:
        """Return how long after a failure retry number `retry` (1 is the first) may start."""
        return timedelta(seconds=min(self.delay_s * 2 ** (retry - 1), LONGEST_DELAY_S))


def _bad_code(code: int) -> str:
    if code == CONFIGURATION_ERROR_CODE:
        return "exit code 1 means a wrong configuration, which no retry mends; leave it out."
    return f"{code} is not an exit code that can be retried; write numbers from 2 to 255."


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to a verdict: when it holds, and what of the evidence decided, for people."""

    name: str
    holds: Callable[[Evidence, RetryPolicy], bool]
    verdict: Verdict
    source: Callable[[Evidence], str]


def judge(evidence: Evidence, policy: RetryPolicy) -> Outcome:
    """Return the verdict on an attempt that failed, and the evidence that decided it."""
    rule = rule_for(evidence, policy)
    return Outcome(rule.verdict, rule.source(evidence))


def rule_for(evidence: Evidence, policy: RetryPolicy) -> Rule:
    """Return the first rule that holds; the last one always does."""
    return next(rule for rule in RULES if rule.holds(evidence, policy))


def _of_cause(evidence: Evidence) -> str:
    word = evidence.reason or evidence.cause.value
    code = evidence.exit_code
    return f"reason: {word}" if code is None else f"exit code {code}, {word}"


def _of_code(evidence: Evidence) -> str:
    told = "" if evidence.exit_code is not None else ", says the log's last line"
    word = f", {evidence.reason}" if evidence.reason is not None else ""
    return f"exit code {evidence.known_code}{told}{word}"


def _of_wrong_usage(evidence: Evidence) -> str:
    return f"{_of_code(evidence)}; no mount of it was missing"


def _of_outranking_code(evidence: Evidence) -> str:
    marker = evidence.marker
    outranked = f"; it outranks the log line {marker!r}" if marker is not None else ""
    return f"{_of_code(evidence)}{outranked}"


def _of_nothing(evidence: Evidence) -> str:
    last = f"; last event: {evidence.events[-1]}" if evidence.events else ""
    return f"no exit code, no marker in the log{last}"


def _is_retriable_code(evidence: Evidence, policy: RetryPolicy) -> bool:
    return evidence.known_code in policy.exit_codes


def _is_wrong_usage(evidence: Evidence, policy: RetryPolicy) -> bool:
    """Whether it is the 2 of argparse, bash, grep, make or tar, which tells of no mount."""
    if evidence.mounts_held is not True or evidence.marker is not None:
        return False
    return evidence.known_code == MOUNT_FAILURE_CODE and _is_retriable_code(evidence, policy)


def _is_mount_failure(evidence: Evidence, policy: RetryPolicy) -> bool:
    names_mount = evidence.known_code == MOUNT_FAILURE_CODE or evidence.marker is not None
    return names_mount and _is_retriable_code(evidence, policy)


def _ran_out_of_memory(evidence: Evidence, _: RetryPolicy) -> bool:
    """Whether it was killed, and its cluster, which would say by whom, does not."""
    return evidence.known_code == OUT_OF_MEMORY_CODE and evidence.cause is Cause.UNKNOWN


# The first that holds decides. A cause that the cluster tells outranks any exit code, which is only
# what came of it; a known exit code outranks any log line. An event is the weakest: a mount that
# failed once may have come back before the job failed of something else, and so may a node; so no
# event makes a failure that is retried.
RULES = (
    Rule(
        "the cluster says that somebody cancelled it",
        lambda evidence, _: evidence.cause is Cause.CANCELLED,
        Verdict.CANCELLED,
        _of_cause,
    ),
    Rule(
        "the cluster says that its time was over",
        lambda evidence, _: evidence.cause is Cause.TIME_LIMIT,
        Verdict.TIME_LIMIT,
        _of_cause,
    ),
    Rule(
        "the cluster says that it had no memory left",
        lambda evidence, _: evidence.cause is Cause.OUT_OF_MEMORY,
        Verdict.OUT_OF_MEMORY,
        _of_cause,
    ),
    Rule(
        "the cluster says that it broke it",
        lambda evidence, _: evidence.cause.is_infrastructure,
        Verdict.INFRASTRUCTURE_FAILURE,
        _of_cause,
    ),
    Rule("exit code 2, no mount missing", _is_wrong_usage, Verdict.FAILED, _of_wrong_usage),
    Rule("exit code of a mount failure", _is_mount_failure, Verdict.MOUNT_FAILURE, _of_code),
    Rule(
        "exit code of [retry] exit_codes",
        _is_retriable_code,
        Verdict.INFRASTRUCTURE_FAILURE,
        _of_code,
    ),
    Rule(
        "exit code 1",
        lambda evidence, _: evidence.known_code == CONFIGURATION_ERROR_CODE,
        Verdict.CONFIGURATION_ERROR,
        _of_outranking_code,
    ),
    Rule(
        "exit code 137, and no cause",
        _ran_out_of_memory,
        Verdict.OUT_OF_MEMORY,
        _of_outranking_code,
    ),
    Rule(
        "any other exit code",
        lambda evidence, _: evidence.known_code is not None,
        Verdict.FAILED,
        _of_outranking_code,
    ),
    Rule(
        "a marker in the log",
        lambda evidence, _: evidence.marker is not None,
        Verdict.MOUNT_FAILURE,
        lambda evidence: f"log: {evidence.marker}",
    ),
    Rule(
        "an event that says that it had no memory left",
        lambda evidence, _: evidence.memory_event is not None,
        Verdict.OUT_OF_MEMORY,
        lambda evidence: f"event: {evidence.memory_event}",
    ),
    Rule("nothing is known", lambda *_: True, Verdict.UNDETERMINED, _of_nothing),
)


def next_retry_at(attempt: Attempt, policy: RetryPolicy) -> datetime | None:
    """Return when the attempt may be followed by another, or None if it never may.

    An attempt bears its job's count of retries; so the bound holds over the batch's whole life,
    however often a command is run.
    """
    if not is_retriable(attempt, policy) or attempt.ended_at is None:
        return None
    if attempt.retries >= policy.max_retries or attempt.is_left_alone:
        return None
    return attempt.ended_at + policy.delay_before(attempt.retries + 1)


def is_retriable(attempt: Attempt, policy: RetryPolicy) -> bool:
    """Whether such an end may be retried by this policy, its bound and delay aside."""
    is_told = attempt.evidence is not None and attempt.evidence.cause.is_infrastructure
    return attempt.was_broken and (policy.infrastructure or not is_told)
