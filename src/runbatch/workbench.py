"""What one invocation works with, and how long the cluster has told nothing of one attempt."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from runbatch.clusters.base import Cluster
from runbatch.core.attempt import Attempt
from runbatch.core.batch import Batch
from runbatch.core.errors import Busy, ClusterError, NoLog, Unauthorized
from runbatch.ledger.store import Ledger
from runbatch.narrator import Narrator

# What the cluster does not answer for so long, about one attempt, it may never answer.
MOST_SILENCE = timedelta(minutes=15)
# That there is no log is believed once it was said for so long, and of so old an end at once.
NO_LOG_AGREED = timedelta(minutes=4)
LOGS_ARE_GONE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Workbench:
    """The batch, where it runs, what is remembered and told of it, and the batch's time.

    `stopped` says that nothing more is to be begun. `silent_since` is when the cluster first told
    nothing of an attempt.
    """

    batch: Batch
    cluster: Cluster
    ledger: Ledger
    narrator: Narrator
    now: Callable[[], datetime]
    stopped: Callable[[], bool]
    silent_since: dict[tuple[str, int], datetime] = field(default_factory=dict)

    def is_silent_for_good(self, attempt: Attempt, error: ClusterError) -> bool:
        """Whether nothing was to be had of the attempt for so long that nothing may ever be.

        A cluster that is busy, or wants a login, says that it will answer. That there is no log is
        an answer, which several looks in a row agree on.
        """
        if isinstance(error, Busy | Unauthorized):
            return False
        since = self.silent_since.setdefault(attempt.id, self.now())
        most = NO_LOG_AGREED if isinstance(error, NoLog) else MOST_SILENCE
        return self.now() - since >= most

    def has_no_log(self, attempt: Attempt, error: ClusterError) -> bool:
        """Whether it is sure that there is no log: one answer that says so may be wrong."""
        if not isinstance(error, NoLog):
            return False
        ended_at = attempt.ended_at or self.now()
        is_old = self.now() - ended_at >= LOGS_ARE_GONE_AFTER
        return is_old or attempt.never_ran or self.is_silent_for_good(attempt, error)
