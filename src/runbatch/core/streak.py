"""A batch that cannot work: its jobs all end alike, of something that no further job would mend."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from runbatch.core.actions import Streak
from runbatch.core.attempt import Attempt, Cause, Evidence, Verdict
from runbatch.core.job import View

MOST_ALIKE = 5
# The shell's words for a program that cannot be run, or is not there.
_NO_PROGRAM = (126, 127)


def streak_of(view: View, since: datetime | None) -> Streak | None:
    """Return how the jobs end that were called since, if none succeeded and too many ended alike.

    What ended before tells nothing: it may have been corrected since.
    """
    if since is None:
        return None
    called = [each for each in view.attempts if each.called_at and each.called_at >= since]
    if any(each.ended_as(Verdict.SUCCEEDED) for each in called):
        return None
    ends = Counter(end for each in called for end in _hopeless_end(each))
    alike = ends.most_common(1)
    return Streak(alike[0][1], alike[0][0]) if alike and alike[0][1] >= MOST_ALIKE else None


def _hopeless_end(attempt: Attempt) -> Iterator[str]:
    """Yield how it ended, if the next job would end in the same way."""
    evidence = attempt.evidence or Evidence()
    # Of a container that the cluster failed to start, the code is the cluster's.
    code = None if evidence.cause is Cause.LAUNCH else evidence.known_code
    if attempt.ended_at is not None and code in _NO_PROGRAM:
        yield f"exit code {code}"
    elif attempt.ended_as(Verdict.CONFIGURATION_ERROR):
        yield Verdict.CONFIGURATION_ERROR.value
