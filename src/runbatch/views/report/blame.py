"""Which node to speak to an admin about, and what to say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from runbatch.clusters.kinds import kind_of
from runbatch.core.attempt import Attempt, Verdict
from runbatch.core.batch import Batch
from runbatch.core.past import node_of
from runbatch.core.snapshot import Snapshot
from runbatch.views.preview import label_of
from runbatch.views.report.findings import all_attempts
from runbatch.views.report.nodes import Method, NodeRecord, node_records
from runbatch.views.text import plural, printable, short_keys, short_list

_MOST_KEYS_NAMED = 20
_NONE_MISSING = "No mount was missing."


@dataclass(frozen=True, slots=True)
class Blame:
    """What is known of nodes and mounts: a statement, its numbers, and letters to send."""

    statement: str
    records: tuple[NodeRecord, ...]
    letters: tuple[str, ...]


def blame_of(snapshot: Snapshot) -> Blame:
    """Return which nodes stand out, if any, and a letter for each that does."""
    failed = [each for each in all_attempts(snapshot) if each.ended_as(Verdict.MOUNT_FAILURE)]
    records = node_records(all_attempts(snapshot))
    if records and kind_of(snapshot.batch.cluster.kind).has_one_node:
        return Blame(_statement_of_one_node(len(failed), records[0]), records, ())
    return Blame(
        statement=_statement(len(failed), records),
        records=records,
        letters=tuple(
            _letter(each, len(records), failed, snapshot.batch)
            for each in records
            if each.stands_out
        ),
    )


def _statement_of_one_node(failures: int, record: NodeRecord) -> str:
    if not failures:
        return _NONE_MISSING
    return f"All ran on {printable(record.node)}: there is no other node to compare it with."


def _statement(failures: int, records: Sequence[NodeRecord]) -> str:
    if not failures:
        return _NONE_MISSING
    worst = max(records, key=lambda each: (-each.p, each.mount_failures), default=None)
    if worst is None or not worst.mount_failures:
        return f"{plural(failures, 'mount failure')}; on which node, the cluster did not tell."
    if worst.method is Method.FISHER and not worst.ended_elsewhere:
        return _statement_of_one_node(failures, worst)
    names = [each.node for each in records if each.stands_out]
    verb = "stands out" if len(names) == 1 else "stand out"
    begin = f"{short_list(names)} {verb}" if names else "No node stands out"
    return f"{begin}: {_comparison(worst, len(records))}."


def _comparison(record: NodeRecord, nodes: int) -> str:
    """Return the numbers of one node against those of all others, and what the test says."""
    here, there = record.mount_failures, record.mount_failures_elsewhere
    node = printable(record.node)
    if record.method is Method.FISHER:
        numbers = (
            f"{here} of {plural(record.ended, 'attempt')} on {node} found a mount missing, "
            f"against {there} of {record.ended_elsewhere} elsewhere"
        )
    else:
        numbers = f"{here} of {plural(here + there, 'mount failure')} were on {node}"
    p = f"p = {record.p:.2g}" if record.p else "p < 1e-300"
    corrected = f", corrected for {nodes} nodes" if nodes > 1 else ""
    return f"{numbers} ({p}, {record.method.value}{corrected})"


def _letter(record: NodeRecord, nodes: int, failed: Iterable[Attempt], batch: Batch) -> str:
    mine = [each for each in failed if node_of(each) == record.node]
    return "\n".join(_lines(record, nodes, mine, batch))


def _lines(record: NodeRecord, nodes: int, mine: Sequence[Attempt], batch: Batch) -> Iterator[str]:
    yield f"Node {printable(record.node)}: mounts are missing"
    yield f"{_comparison(record, nodes)}."
    yield f"Batch: {batch.prefix}, on {label_of(batch)}"
    first, last = min(mine, key=_ended_at), max(mine, key=_ended_at)
    yield f"First: {_ended_at(first):%Y-%m-%d %H:%M:%S} UTC"
    yield f"Last:  {_ended_at(last):%Y-%m-%d %H:%M:%S} UTC"
    yield f"Example ({printable(batch.workload_name(first.key))}): {_words_of(first)}"
    yield f"Jobs: {short_keys(list(dict.fromkeys(each.key for each in mine)), _MOST_KEYS_NAMED)}"
    yield "Seen before: a full mount table, the storage's connection limit, an attach time-out."


def _words_of(attempt: Attempt) -> str:
    """Return the attempt's own log line, or what else told of its end."""
    marker = attempt.evidence.marker if attempt.evidence else None
    return printable(marker or (attempt.outcome.source if attempt.outcome else ""))


def _ended_at(attempt: Attempt) -> datetime:
    return attempt.ended_at or attempt.reserved_at
