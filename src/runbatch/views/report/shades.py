"""How a state or an end is drawn: one colour each, and a sign where it is not all well."""

from enum import Enum

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.stage import Stage
from runbatch.views.retries import verdict_of


class Shade(Enum):
    """A colour of the page (`--<value>` in page.css), its sign and what it stands for.

    In the order they are drawn: what matters more lies on top.
    """

    RETRY_WAIT = "retry-wait", "", "between two attempts"
    STARTING = "starting", "", "waiting to start"
    RUNNING = "running", "", "running"
    SUCCEEDED = "succeeded", "✓", "succeeded"
    LEAVING = "leaving", "", "stopped, or being deleted"
    IN_DOUBT = "in-doubt", "", "in doubt"
    UNSEEN = "unseen", "?", "end unclear"
    FAILED = "failed", "◆", "failed"
    OUT_OF_MEMORY = "out-of-memory", "▲", "out of memory"
    CONFIGURATION_ERROR = "configuration-error", "!", "configuration error"
    INFRASTRUCTURE_FAILURE = "infrastructure-failure", "+", "infrastructure failure"
    MOUNT_FAILURE = "mount-failure", "×", "mount failure"  # noqa: RUF001

    def __init__(self, style: str, sign: str, text: str) -> None:
        self.style = style
        self.sign = sign
        self.text = text


_OF_VERDICT = {
    Verdict.SUCCEEDED: Shade.SUCCEEDED,
    Verdict.MOUNT_FAILURE: Shade.MOUNT_FAILURE,
    Verdict.INFRASTRUCTURE_FAILURE: Shade.INFRASTRUCTURE_FAILURE,
    Verdict.CONFIGURATION_ERROR: Shade.CONFIGURATION_ERROR,
    Verdict.OUT_OF_MEMORY: Shade.OUT_OF_MEMORY,
    Verdict.TIME_LIMIT: Shade.FAILED,
    Verdict.CANCELLED: Shade.FAILED,
    Verdict.FAILED: Shade.FAILED,
    Verdict.VANISHED: Shade.UNSEEN,
    Verdict.UNDETERMINED: Shade.UNSEEN,
}
_OF_STAGE = {
    Stage.SUBMITTED: Shade.STARTING,
    Stage.QUEUED: Shade.STARTING,
    Stage.STARTING: Shade.STARTING,
    Stage.RUNNING: Shade.RUNNING,
    Stage.RESERVED: Shade.LEAVING,
    Stage.HELD: Shade.LEAVING,
    Stage.LEAVING: Shade.LEAVING,
}


def of_stage(stage: Stage) -> Shade:
    """Return the shade of a slot's stage; what a cluster has no word for is in doubt."""
    return _OF_STAGE.get(stage, Shade.IN_DOUBT)


def of_end(attempt: Attempt) -> Shade | None:
    """Return the shade of how an attempt ended, None if it has not."""
    if attempt.refusal is not None:
        return Shade.FAILED
    if attempt.ended_at is None:
        return None
    return _OF_VERDICT[attempt.outcome.verdict] if attempt.outcome else Shade.UNSEEN


def word_of(attempt: Attempt) -> str:
    """Return the state that an attempt is in, or how it ended, in a word or three."""
    return attempt.word if attempt.holds_slot and attempt.ended_at is None else verdict_of(attempt)
