"""How a state or an end is drawn: one colour each, and a sign where it is not all well."""

from enum import Enum

from runbatch.core.attempt import Attempt, Phase, Verdict
from runbatch.core.history import SUBMITTING, WAITING_FOR_NAME, state_of
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
    MOUNT_FAILURE = "mount-failure", "×", "mount failure"  # noqa: RUF001

    def __init__(self, style: str, sign: str, text: str) -> None:
        self.style = style
        self.sign = sign
        self.text = text


_OF_VERDICT = {
    Verdict.SUCCEEDED: Shade.SUCCEEDED,
    Verdict.MOUNT_FAILURE: Shade.MOUNT_FAILURE,
    Verdict.CONFIGURATION_ERROR: Shade.CONFIGURATION_ERROR,
    Verdict.OUT_OF_MEMORY: Shade.OUT_OF_MEMORY,
    Verdict.FAILED: Shade.FAILED,
    Verdict.VANISHED: Shade.UNSEEN,
    Verdict.UNDETERMINED: Shade.UNSEEN,
}
_STARTING = (Phase.CREATING, Phase.PENDING, Phase.INITIALIZING, Phase.RESUMING)
_RUNNING = (Phase.RUNNING, Phase.UPDATING, Phase.DEGRADED)
_LEAVING = (Phase.STOPPING, Phase.STOPPED, Phase.DELETING, Phase.TERMINATING)
_OF_STATE = {
    SUBMITTING: Shade.STARTING,
    WAITING_FOR_NAME: Shade.LEAVING,
    **{phase.value: Shade.STARTING for phase in _STARTING},
    **{phase.value: Shade.RUNNING for phase in _RUNNING},
    **{phase.value: Shade.LEAVING for phase in _LEAVING},
}


def of_state(state: str) -> Shade:
    """Return the shade of a `Stretch.state`; a word nobody knows is in doubt."""
    return _OF_STATE.get(state, Shade.IN_DOUBT)


def of_end(attempt: Attempt) -> Shade | None:
    """Return the shade of how an attempt ended, None if it has not."""
    if attempt.refusal is not None:
        return Shade.FAILED
    if attempt.ended_at is None:
        return None
    return _OF_VERDICT[attempt.outcome.verdict] if attempt.outcome else Shade.UNSEEN


def word_of(attempt: Attempt) -> str:
    """Return the state that an attempt is in, or how it ended, in a word or three."""
    state = state_of(attempt) if attempt.ended_at is None else None
    return verdict_of(attempt) if state is None else state
