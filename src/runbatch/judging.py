"""Judging attempts that failed, by all the evidence, with their logs saved."""

from collections.abc import Collection, Sequence
from contextlib import closing

from runbatch.core.attempt import Attempt
from runbatch.core.events import Kind
from runbatch.evidence import Findings, description_of, gather
from runbatch.workbench import Workbench

# Of so many the evidence is gathered before the first of them is retried.
MOST_GATHERED = 8


class Judging:
    """One invocation's judging; `corrected` are the turns that were judged once more."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.corrected: set[tuple[str, int, int]] = set()

    def gather_few(self, failed: Sequence[Attempt]) -> bool:
        """Judge so many that the first need not wait for the last one's log: the next look goes on.

        Those that the cluster does not answer for hold up no others.
        """
        for first in range(0, len(failed), MOST_GATHERED):
            if self._bench.stopped() or self._gather(failed[first : first + MOST_GATHERED]):
                return first == 0
        return not failed

    def _gather(self, attempts: Collection[Attempt]) -> bool:
        """Judge failed attempts by all the evidence, save their logs, and say so.

        Return False if the cluster did not answer for one of them. It is asked again at the next
        look; but not for ever: what can never be read is judged without.
        """
        answered = True
        with (
            closing(self._bench.ledger.incoming()) as incoming,
            closing(
                gather(attempts, self._bench.batch.prefix, self._bench.cluster, incoming)
            ) as findings,
        ):
            for found in findings:
                if found.attempt.is_unjudged:
                    answered = self._judge(found) and answered
                else:
                    self._correct(found)
                if self._bench.stopped():
                    break  # each may take minutes; whoever comes next asks for the others
        return answered

    def _judge(self, found: Findings) -> bool:
        """Judge a failed attempt; return False if it has to be asked for again."""
        error = None if found.is_enough else found.error
        if error is not None and not self._bench.is_silent_for_good(found.attempt, error):
            text = f"{error} Its log is asked for again."
            self._bench.narrator.tell_once(Kind.TROUBLE, found.attempt, text)
            return False
        after = self._remember(found)
        self._bench.narrator.judged(after)
        return True

    def _correct(self, found: Findings) -> None:
        """Judge once more what was judged on weak evidence; only a stronger one changes that."""
        self.corrected.add(found.attempt.turn)
        after = self._remember(found)
        if after.outcome != found.attempt.outcome:
            self._bench.narrator.corrected(found.attempt, after)

    def _remember(self, found: Findings) -> Attempt:
        """Save the log if there is one, and the verdict; return the attempt with it."""
        after, now = found.judged(self._bench.batch), self._bench.now()
        if found.log is not None:
            self._bench.ledger.save_log(found.attempt, found.file, description_of(after), now)
        self._bench.ledger.judged(after, now)
        return after
