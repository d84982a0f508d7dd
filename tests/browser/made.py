"""A batch that never ran, of any size: its snapshot and history, the same each time."""

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from pathlib import Path

from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
from runbatch.core.batch import Batch, ClusterChoice, Run, range_of
from runbatch.core.history import History, Level, Stretch
from runbatch.core.job import View
from runbatch.core.snapshot import Snapshot, snapshot_of
from runbatch.core.stage import Stage

EPOCH = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
MARKER = "INFRASTRUCTURE MOUNT FAILURE: /data is not a mount point"


def at(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


# A machine is one node; a report on nodes is of a cluster.
ON_RUNAI = ClusterChoice(kind="runai", project="talmo-lab", workload="training")


def made(jobs: int, cap: int = 50, *, logs: Path = Path("/state/logs")) -> tuple[Snapshot, History]:
    """Return a finished batch; on gpu-node5 a mount is missing for the first hour."""
    batch = Batch(
        prefix="made-gwas",
        keys=range_of(1, jobs),
        run=Run(command=("job",)),
        cap=cap,
        integer_keys=True,
        cluster=ON_RUNAI,
    )
    attempts, stretches, levels = _played(batch, logs)
    view, ended = View.of(attempts), levels[-1].at
    past = History(tuple(levels), tuple(stretches), view)
    return snapshot_of(batch, view, ended + timedelta(minutes=1)), past


def _played(batch: Batch, logs: Path) -> tuple[list[Attempt], list[Stretch], list[Level]]:
    """Start a job every two seconds while there is room, and mount failures once more."""
    attempts: list[Attempt] = []
    stretches: list[Stretch] = []
    levels: list[Level] = []
    ends: list[float] = []
    waiting = [(0.0, int(key), 1) for key in batch.keys]
    now = 0.0
    while waiting or ends:
        is_full = len(ends) >= batch.cap or not waiting
        if ends and (is_full or ends[0] <= max(now + 2, waiting[0][0])):
            now = max(now, ends[0])
            levels.append(Level(at(heappop(ends)), len(ends), batch.cap))
            continue
        due, key, number = heappop(waiting)
        now = max(now + 2, due)
        attempt, parts, end = _attempt(str(key), number, now, logs)
        attempts.append(attempt)
        stretches.extend(parts)
        heappush(ends, end)
        levels.append(Level(at(now), len(ends), batch.cap))
        if attempt.is_verdict(Verdict.MOUNT_FAILURE):
            heappush(waiting, (end + 30, key, number + 1))
    return attempts, stretches, levels


def _attempt(
    key: str, number: int, start: float, logs: Path
) -> tuple[Attempt, list[Stretch], float]:
    dice = (int(key) * 7919 + number * 104_729) % 1000
    node = f"gpu-node{dice % 8 + 1}"
    verdict, source = _end(dice, node, start)
    running = 5 if verdict is Verdict.MOUNT_FAILURE else 900 + dice * 3
    lengths = (20 + dice % 7 * 5, 60 + dice % 11 * 9, running)
    times = list(accumulate(lengths, initial=start))
    stages = (Stage.QUEUED, "Pending"), (Stage.STARTING, "Initializing"), (Stage.RUNNING, "Running")
    states = zip(stages, pairwise(times), strict=True)
    good, end = verdict is Verdict.SUCCEEDED, times[-1]
    attempt = Attempt(
        key=key,
        number=number,
        reserved_at=at(start),
        called_at=at(start),
        submitted_at=at(start),
        uid=f"{key}.{number}",
        node=node,
        seen_at=at(end),
        seen_stage=Stage.SUCCEEDED if good else Stage.FAILED,
        ended_at=at(end),
        evidence=Evidence(node=node, marker=MARKER if source.startswith("log") else None),
        outcome=Outcome(verdict, source),
        log=None if good else str(logs / f"{key}.{number}.log"),
    )
    parts = [Stretch(key, number, *shown, at(begin), at(then)) for shown, (begin, then) in states]
    return attempt, parts, end


def _end(dice: int, node: str, start: float) -> tuple[Verdict, str]:
    if node == "gpu-node5" and start < 3600:
        return Verdict.MOUNT_FAILURE, f"log: {MARKER}"
    if dice < 40:
        return Verdict.OUT_OF_MEMORY, "exit code 137, OOMKilled"
    if dice > 990:
        return Verdict.CONFIGURATION_ERROR, "exit code 1"
    return Verdict.SUCCEEDED, "exit code 0"
