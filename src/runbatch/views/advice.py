"""What a person can do about failed jobs, in words; commands are ready to be typed."""

from collections.abc import Sequence

from runbatch.core.advice import Advice, Way
from runbatch.views.text import Again, plain, typed

# KEYS stands for the jobs' keys.
_WORDS = {
    Way.CORRECT_REFUSAL: "correct what the cluster refused, then submit again",
    Way.JUDGE: "runbatch retry or runbatch submit --wait looks at the evidence",
    Way.RETRY: "not the job's fault: runbatch retry",
    Way.READ_LOG_THEN_RETRY: "its log names no mount: read it; if that agrees: runbatch retry",
    Way.READ_LOG_THEN_NAME: "its log names no mount: read it; then runbatch retry --jobs KEYS",
    Way.MEND_MOUNTS: (
        "ask an admin about the node's mounts; once mended: runbatch retry --jobs KEYS"
    ),
    Way.MEND_CLUSTER: "ask an admin about the cluster; once mended: runbatch retry --jobs KEYS",
    Way.RETRY_THOUGH_OFF: (
        "[retry] infrastructure is off; to start again: runbatch retry --jobs KEYS"
    ),
    Way.RERUN_DELETED: "deleted by somebody; to start again: runbatch submit --rerun KEYS",
    Way.RERUN_CANCELLED: "somebody cancelled it; to start again: runbatch submit --rerun KEYS",
    Way.CORRECT_CONFIGURATION: "correct the configuration, then runbatch submit --rerun KEYS",
    Way.MORE_MEMORY: "raise [run] memory, then runbatch submit --rerun KEYS",
    Way.MORE_TIME: "raise its time limit, then runbatch submit --rerun KEYS",
    Way.SUBMIT: "to start again: runbatch submit",
    Way.READ_LOG_THEN_RERUN: "look at its log, then runbatch submit --rerun KEYS",
}
_FOREIGN = "this ledger did not submit it: runbatch delete --foreign makes room; then: "


def advice_text(advice: Advice, keys: Sequence[str], again: Again = plain) -> str:
    """Return the advice for the jobs of these keys, its commands as they are typed."""
    text = _WORDS[advice.way]
    if advice.used is not None:
        text = f"{advice.used[0]} of {advice.used[1]} retries used; {text}"
    return typed(_FOREIGN + text if advice.is_foreign else text, keys, again)
