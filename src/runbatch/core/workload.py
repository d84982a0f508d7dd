"""Exactly what a cluster is asked to run for one attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from runbatch.core.attempt import Origin
from runbatch.core.batch import Batch, Run

PREFIX_VARIABLE = "RUNBATCH_PREFIX"
KEY_VARIABLE = "RUNBATCH_KEY"
ATTEMPT_VARIABLE = "RUNBATCH_ATTEMPT"
BATCH_VARIABLE = "RUNBATCH_BATCH"
ORIGIN_VARIABLES = (PREFIX_VARIABLE, KEY_VARIABLE, BATCH_VARIABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One attempt of one job, with nothing left to interpret: every word is passed on as it is.

    `env` is all that the job is told: `run.env`, its key, and who it is. With `run.guard` a cluster
    that does not itself check mounts and tell exit codes puts the guard around the command.
    `folder` is where relative paths start.
    """

    name: str
    number: int
    run: Run
    env: Mapping[str, str]
    folder: PurePath


def workload_of(batch: Batch, key: str, number: int, batch_id: str | None = None) -> Workload:
    """Return what attempt `number` of this job runs; it can tell who it is from RUNBATCH_*.

    `batch_id` is the mark of the ledger that submits it.
    """
    env = dict(batch.run.env)
    if batch.variable is not None:
        env[batch.variable] = key
    env |= {
        PREFIX_VARIABLE: batch.prefix,
        KEY_VARIABLE: key,
        ATTEMPT_VARIABLE: str(number),
    }
    if batch_id is not None:
        env[BATCH_VARIABLE] = batch_id
    return Workload(
        name=batch.workload_name(key),
        number=number,
        run=batch.run,
        env=env,
        folder=batch.folder,
    )


def origin_of(env: Mapping[str, str | None], owner: str | None = None) -> Origin:
    """Return what a workload of this environment, as far as that is known, says of itself."""
    return Origin(
        owner=owner or None,
        prefix=env.get(PREFIX_VARIABLE) or None,
        key=env.get(KEY_VARIABLE) or None,
        batch=env.get(BATCH_VARIABLE) or None,
    )
