"""Does one node lose more mounts than chance would? An exact answer, for people to act on.

Where the nodes of jobs that succeeded are known: Fisher's exact test, one-sided (R. A. Fisher,
Statistical Methods for Research Workers, 5th edition, 1934, section 21.02), of a node's mount
failures against all others'. Run:ai tells the nodes of failed jobs only. Then the mount failures
stand alone, and the exact sign test (J. Arbuthnott, 1710) asks how likely so many of them are on
one node that ran as many as half of all jobs; on one that ran fewer it is less likely still.

Since every node is looked at, each p is multiplied by their number (Bonferroni's correction): it is
the chance that *any* node looks so bad while all are alike.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from math import comb

from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.past import node_of

# A false alarm in one of a hundred batches whose nodes are all alike.
STANDS_OUT_BELOW = 0.01
# Nobody saw whether a mount was missing.
_SAYS_NOTHING = (
    Verdict.VANISHED,
    Verdict.UNDETERMINED,
    Verdict.INFRASTRUCTURE_FAILURE,
    Verdict.CANCELLED,
)


class Method(Enum):
    """How p was reached, in words."""

    FISHER = "Fisher's exact test"
    SIGN = "exact sign test, even if half of all jobs ran there"


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """How attempts ended on one node and on all others; `p` is corrected for looking at all."""

    node: str
    ended: int
    mount_failures: int
    ended_elsewhere: int
    mount_failures_elsewhere: int
    method: Method
    p: float

    @property
    def stands_out(self) -> bool:
        """Whether chance alone would hardly ever make a node look so bad."""
        return self.p < STANDS_OUT_BELOW


def node_records(attempts: Iterable[Attempt]) -> tuple[NodeRecord, ...]:
    """Return a record for each node, the least likely to be chance first.

    Counted are attempts whose end was judged and whose node is known; an end that nobody saw or
    could judge says nothing of a node's mounts.
    """
    known = [each for each in attempts if node_of(each) and _says_something(each)]
    ended = Counter(node_of(each) or "" for each in known)
    failed = [each for each in known if each.is_verdict(Verdict.MOUNT_FAILURE)]
    failures = Counter(node_of(each) or "" for each in failed)
    method = _method_for(known)
    records = (_record(node, ended, failures, method) for node in ended)
    return tuple(sorted(records, key=lambda each: (each.p, -each.mount_failures, each.node)))


def _says_something(attempt: Attempt) -> bool:
    outcome = attempt.standing_outcome
    return outcome is not None and outcome.verdict not in _SAYS_NOTHING


def _method_for(known: Collection[Attempt]) -> Method:
    succeeded = any(each.is_verdict(Verdict.SUCCEEDED) for each in known)
    return Method.FISHER if succeeded else Method.SIGN


def _record(node: str, ended: Counter[str], failures: Counter[str], method: Method) -> NodeRecord:
    here, there = failures[node], failures.total() - failures[node]
    left = ended.total() - ended[node]
    chance = (
        drawn_tail(here, ended[node], there, left)
        if method is Method.FISHER
        else sign_tail(here, here + there)
    )
    return NodeRecord(
        node=node,
        ended=ended[node],
        mount_failures=here,
        ended_elsewhere=left,
        mount_failures_elsewhere=there,
        method=method,
        p=min(1.0, chance * len(ended)),
    )


def drawn_tail(marked: int, drawn: int, marked_left: int, left: int) -> float:
    """Return how likely `drawn` of all would hold `marked` or more of the marked by chance.

    `left` were not drawn, `marked_left` of them are marked: the hypergeometric tail, summed in
    whole numbers, so that nothing is rounded before the end.
    """
    all_marked, everything = marked + marked_left, drawn + left
    ways, total = comb(drawn, marked) * comb(left, marked_left), 0
    while ways:
        total += ways
        # One more marked among the drawn: its ways from these, exactly. At the most there are 0.
        ways *= (drawn - marked) * (all_marked - marked)
        marked += 1
        ways //= marked * (left - all_marked + marked)
    return total / comb(everything, all_marked)


def sign_tail(heads: int, tosses: int) -> float:
    """Return how likely so many heads or more are, of so many tosses of a fair coin."""
    ways, total = comb(tosses, heads), 0
    while ways:
        total += ways
        ways *= tosses - heads
        heads += 1
        ways //= heads
    return total / (1 << tosses)
