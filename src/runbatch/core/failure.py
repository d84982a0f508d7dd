"""From evidence to a verdict, and from a verdict to a retry.

The exit-code contract is the container's: 0 done, 1 wrong configuration, 2 a mount that was not
there, 137 killed for want of memory. A known exit code outranks any log line.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
from runbatch.core.errors import BatchError

LONGEST_DELAY_S = 300
MOST_RETRIES = 10
RETRIABLE_CODES = range(2, 256)
CONFIGURATION_ERROR_CODE = 1
OUT_OF_MEMORY_CODE = 137
MOUNT_FAILURE_CODE = 2
# A reason that begins so is of a cluster that sees who killed it, and enforces no memory.
KILLED = "killed by "


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Which failures are the infrastructure's, and how often and how soon they are tried again.

    Raises BatchError when a value is out of its range; 0 and 1 can never be retried.
    """

    exit_codes: tuple[int, ...] = (2,)
    log_markers: tuple[str, ...] = ("INFRASTRUCTURE MOUNT FAILURE", "is not a mount point")
    max_retries: int = 3
    delay_s: float = 30

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


def judge(evidence: Evidence, policy: RetryPolicy) -> Outcome:
    """Return the verdict on an attempt that failed, and the evidence that decided it.

    Strongest first: the exit code that the cluster tells, its reason, the exit code that the log's
    last line tells, a log marker, events.
    """
    if evidence.exit_code is not None:
        return _judge_code(evidence.exit_code, f"exit code {evidence.exit_code}", evidence, policy)
    if evidence.reason == "OOMKilled":
        return Outcome(Verdict.OUT_OF_MEMORY, "reason: OOMKilled")
    if evidence.logged_code is not None:
        source = f"exit code {evidence.logged_code}, says the log's last line"
        return _judge_code(evidence.logged_code, source, evidence, policy)
    if evidence.marker is not None:
        return Outcome(Verdict.MOUNT_FAILURE, f"log: {evidence.marker}")
    return _judge_events(evidence)


def _judge_events(evidence: Evidence) -> Outcome:
    """Return the verdict where only events speak, the weakest evidence.

    A mount that failed once may have come back before the job failed of something else; so no
    event makes a mount failure, and none is retried for it.
    """
    killed = next((event for event in evidence.events if "OOMKilled" in event), None)
    if killed is not None:
        return Outcome(Verdict.OUT_OF_MEMORY, f"event: {killed}")
    last = f"; last event: {evidence.events[-1]}" if evidence.events else ""
    return Outcome(Verdict.UNDETERMINED, f"no exit code, no marker in the log{last}")


def _judge_code(code: int, source: str, evidence: Evidence, policy: RetryPolicy) -> Outcome:
    if evidence.reason is not None:
        source += f", {evidence.reason}"
    if evidence.reason == "OOMKilled":
        return Outcome(Verdict.OUT_OF_MEMORY, source)
    if code in policy.exit_codes and not _is_wrong_usage(code, evidence):
        return Outcome(Verdict.MOUNT_FAILURE, source)
    if code in policy.exit_codes:
        source += "; no mount of it was missing"
    elif evidence.marker is not None:
        source += f"; it outranks the log line {evidence.marker!r}"
    if code == OUT_OF_MEMORY_CODE and (evidence.reason or "").startswith(KILLED):
        return Outcome(Verdict.FAILED, source)
    return Outcome(_VERDICT_OF_CODE.get(code, Verdict.FAILED), source)


def _is_wrong_usage(code: int, evidence: Evidence) -> bool:
    """Whether it is the 2 of argparse, bash, grep, make or tar, which tells of no mount."""
    return code == MOUNT_FAILURE_CODE and evidence.mounts_held is True and evidence.marker is None


_VERDICT_OF_CODE = {
    CONFIGURATION_ERROR_CODE: Verdict.CONFIGURATION_ERROR,
    OUT_OF_MEMORY_CODE: Verdict.OUT_OF_MEMORY,
}


def next_retry_at(attempt: Attempt, policy: RetryPolicy) -> datetime | None:
    """Return when the attempt may be followed by another, or None if it never may.

    An attempt bears its job's count of retries; so the bound holds over the batch's whole life,
    however often a command is run.
    """
    if not attempt.is_verdict(Verdict.MOUNT_FAILURE) or attempt.ended_at is None:
        return None
    if attempt.retries >= policy.max_retries or attempt.is_left_alone:
        return None
    return attempt.ended_at + policy.delay_before(attempt.retries + 1)


def advice(attempt: Attempt, policy: RetryPolicy) -> str:
    """Return what a person can do about an attempt that ended badly; KEYS stands for its job's."""
    if attempt.refusal is not None:
        return "correct what the cluster refused, then submit again"
    if attempt.is_left_alone:
        own = advice(replace(attempt, agreed=False), policy)
        return f"this ledger did not submit it: runbatch delete --foreign makes room; then: {own}"
    if attempt.outcome is None:
        return "runbatch retry or runbatch submit --wait looks at the evidence"
    verdict = attempt.outcome.verdict
    if verdict is Verdict.MOUNT_FAILURE:
        return _advice_on_mounts(attempt, policy)
    return _ADVICE.get(verdict, "look at its log, then runbatch submit --rerun KEYS")


def _advice_on_mounts(attempt: Attempt, policy: RetryPolicy) -> str:
    names_no_mount = attempt.evidence is not None and attempt.evidence.marker is None
    used = f"{attempt.retries} of {policy.max_retries} retries used"
    if names_no_mount and next_retry_at(attempt, policy) is None:
        return f"{used}; its log names no mount: read it; then runbatch retry --jobs KEYS"
    if next_retry_at(attempt, policy) is None:
        return (
            f"{used}; ask an admin about the node's mounts; once mended: runbatch retry --jobs KEYS"
        )
    if attempt.was_removed_by_others:
        return "deleted by somebody; to start again: runbatch submit --rerun KEYS"
    if names_no_mount:
        return "its log names no mount: read it; if that agrees: runbatch retry"
    return "not the job's fault: runbatch retry"


_ADVICE = {
    Verdict.CONFIGURATION_ERROR: "correct the configuration, then runbatch submit --rerun KEYS",
    Verdict.OUT_OF_MEMORY: "raise [run] memory, then runbatch submit --rerun KEYS",
    Verdict.VANISHED: "to start again: runbatch submit",
}
