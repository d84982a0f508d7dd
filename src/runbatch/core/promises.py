"""What the tool promises; each promise is one small function of one step of the replay.

It returns what was wrong with the step, if anything was. What the cluster did of its own accord is
no breach of ours.
"""

from collections.abc import Callable
from enum import Enum
from typing import assert_never

from runbatch.core.actions import Why
from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.failure import next_retry_at
from runbatch.core.job import Job
from runbatch.core.journal import Did, Move, Step
from runbatch.core.marker import goes_on
from runbatch.core.names import is_integer
from runbatch.core.whose import NOT_OURS, People, contradiction, is_marked


class Promise(Enum):
    """What the tool promises, as it reads when it was kept."""

    CAP = "no slot was taken above the cap"
    ONCE = "no job was started while it might still run"
    SUCCEEDED = "no job that had succeeded was started again, unless a person named it"
    RETRIES = "only what the infrastructure broke was retried, not too soon or often"
    LOGS = "no workload was deleted before its log was saved"
    NAMES = "only its own workloads, or agreed ones, were counted or touched"
    LOST = "no job was lost"
    REAL = "no attempt was recorded that the cluster never had"
    WHOLE = "the events are whole"
    LEDGER = "the events say what the ledger says"


Rule = Callable[[Step, Move], str | None]


def _cap(step: Step, move: Move) -> str | None:
    if move.was_there_though_refused:
        number = move.changed.attempt.number
        meanwhile = "it held no slot meanwhile, unless somebody else started it"
        return f"attempt {number} was recorded as refused and listed later: {meanwhile}"
    if move.is_ours and move.takes_slot and step.in_flight > step.terms.cap:
        return f"{step.in_flight} in flight, of at most {step.terms.cap}"
    return None


def _once(step: Step, move: Move) -> str | None:
    number, mark = move.changed.attempt.number, step.terms.batch_id
    if _running(move.after, mark) > 1 >= _running(move.before, mark):
        return "two attempts of it ran at once"
    if move.changed.did is not Did.CALLED:
        return None
    for each in move.before.attempts:
        if each.number != number and each.holds_slot:
            return f"attempt {number} was submitted while attempt {each.number} held a slot"
        if each.number == number and not _may_be_called(each):
            return f"attempt {number} was submitted again, although the cluster had it"
    return None


def _running(job: Job, mark: str | None) -> int:
    """Return how many of its workloads, that we submitted, the last listing showed at work."""
    ours = (each for each in job.doubled if each.calls or is_marked(each.origin, mark))
    return sum(not each.stage.is_before_running for each in ours)


def _may_be_called(attempt: Attempt) -> bool:
    return attempt.waiting_for_name or attempt.unanswered or attempt.refusal is not None


def _last_that_counts(job: Job) -> Attempt | None:
    """Return the newest attempt; but what no submit made, and only vanished, undoes no end."""
    ends = [each for each in job.attempts if each.calls or not each.is_verdict(Verdict.VANISHED)]
    return ends[-1] if ends else job.last


def _succeeded(_: Step, move: Move) -> str | None:
    last, why = _last_that_counts(move.before), move.changed.why
    if move.starts and last and last.is_verdict(Verdict.SUCCEEDED) and why is not Why.RERUN:
        return f"attempt {last.number} had succeeded; started again for: {_word(why)}"
    return None


def _retries(step: Step, move: Move) -> str | None:
    """Return what is wrong with the reason that a job was started for."""
    if not move.starts:
        return None
    last, why = _last_that_counts(move.before), move.changed.why
    match why:
        case Why.RERUN:
            return None
        case Why.RETRY:
            return _retried(step, last, move.changed.attempt.reruns)
        case Why.FIRST:
            fits = last is None
        case Why.VANISHED:
            fits = last is not None and last.is_verdict(Verdict.VANISHED)
        case Why.REFUSED_BEFORE:
            fits = last is not None and last.refusal is not None
        case Why.AGREED | None:
            fits = False
        case _:
            assert_never(why)
    return None if fits else f"started for: {_word(why)}; but before it {_end_of(last)}"


def _retried(step: Step, last: Attempt | None, reruns: int) -> str | None:
    policy = step.terms.retry
    due_at = next_retry_at(last, policy) if last is not None else None
    if last is not None and reruns > last.reruns:
        return "a retry was counted as a start that a person asked for"
    if due_at is None:
        bound = f"at most {policy.max_retries} retries"
        return f"retried, {bound}; but before it {_end_of(last)}"
    if last is not None and _is_weak(last):
        return f"retried for a log line that does not end a job; before it {_end_of(last)}"
    early_s = (due_at - step.entry.at).total_seconds()
    return f"retried {early_s:g} s before its delay was over" if early_s > 0 else None


def _is_weak(last: Attempt) -> bool:
    """Whether only a line of the log was a reason, and one that is no marker."""
    evidence = last.evidence
    if evidence is None or evidence.is_enough or evidence.marker is None:
        return False
    return goes_on(evidence.marker)


def _end_of(last: Attempt | None) -> str:
    """Return what an attempt came to, for people."""
    if last is None:
        return "there was none"
    if last.refusal is not None:
        return f"attempt {last.number} was refused"
    return f"attempt {last.number}: {last.outcome or 'no verdict'}"


def _word(why: Why | None) -> str:
    return why.value if why is not None else "no reason"


def _logs(_: Step, move: Move) -> str | None:
    if move.changed.did is Did.DELETE_ASKED and move.changed.attempt.log is None:
        return "its deletion was asked for, and no log was saved"
    return None


def _names(step: Step, move: Move) -> str | None:
    key, terms = move.after.key, step.terms
    if key in terms.keys:
        return None
    if move.is_ours or move.changed.did is Did.DELETE_ASKED:
        return f"{move.changed.did.value}, and is not one of the batch's jobs"
    is_known = move.before.attempts or (terms.integer_keys and is_integer(key))
    if move.changed.did is Did.ADOPTED and not is_known:
        return "adopted, and its name is not the batch's"
    return None


def _own(step: Step, move: Move) -> str | None:
    """Return what is wrong with counting or deleting a workload that no submit of ours made."""
    did, attempt = move.changed.did, move.changed.attempt
    if move.changed.why is Why.AGREED or is_marked(attempt.origin, step.terms.batch_id):
        return None
    against = contradiction(attempt.origin, step.terms.prefix, attempt.key, People())
    no_submit_made_it = attempt.uid is not None and attempt.calls == 0
    if no_submit_made_it and did in (Did.ADOPTED, Did.DELETE_ASKED):
        owner = attempt.origin.owner
        whose = f" (of {owner})" if owner is not None else ""
        return f"{did.value} without a person's yes, although {against or NOT_OURS}{whose}"
    is_new = all(each.uid != attempt.uid for each in move.before.attempts)
    if attempt.uid is not None and attempt.calls and is_new and against:
        return f"taken for the batch's own, although {against}"
    return None


def _released(_: Step, move: Move) -> str | None:
    attempt = move.changed.attempt
    if move.changed.did is Did.RELEASED and (attempt.uid or attempt.submitted_at):
        return f"attempt {attempt.number} was given up, although the cluster had it"
    return None


def _real(_: Step, move: Move) -> str | None:
    """Return what is wrong with an attempt that vanished while its job's name was another's."""
    attempt = move.changed.attempt
    was_deleted = attempt.delete_asked_at is not None
    if move.changed.did is not Did.VANISHED or attempt.calls or was_deleted:
        return None
    listed = next((each.number for each in move.after.attempts if each.listed), None)
    if listed is None:
        return None
    return f"attempt {attempt.number}, which no submit made, vanished; attempt {listed} was listed"


RULES: dict[Promise, Rule] = {
    Promise.CAP: _cap,
    Promise.ONCE: _once,
    Promise.SUCCEEDED: _succeeded,
    Promise.RETRIES: _retries,
    Promise.LOGS: _logs,
    Promise.NAMES: lambda step, move: _names(step, move) or _own(step, move),
    Promise.LOST: _released,
    Promise.REAL: _real,
}
