"""Exactly what a cluster is asked to run for one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from runbatch.core.batch import Batch, Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One attempt of one job, with nothing left to interpret: every word is passed on as it is.

    `guard`: a cluster that does not itself check mounts and tell exit codes puts the guard around
    the command (`runbatch.core.guard`).
    """

    name: str
    number: int
    command: tuple[str, ...]
    env: Mapping[str, str]
    mounts: tuple[Mount, ...]
    image: str | None
    cpu: float | None
    memory: str | None
    folder: PurePath
    guard: bool = False


def workload_of(batch: Batch, key: str, number: int) -> Workload:
    """Return what attempt `number` of this job runs; it can tell who it is from RUNBATCH_*."""
    env = dict(batch.run.env)
    if batch.variable is not None:
        env[batch.variable] = key
    env |= {
        "RUNBATCH_PREFIX": batch.prefix,
        "RUNBATCH_KEY": key,
        "RUNBATCH_ATTEMPT": str(number),
    }
    return Workload(
        name=batch.workload_name(key),
        number=number,
        command=batch.run.command,
        env=env,
        mounts=batch.run.mounts,
        image=batch.run.image,
        cpu=batch.run.cpu,
        memory=batch.run.memory,
        folder=batch.folder,
        guard=batch.run.guard,
    )
