"""Killed at random on a Run:ai cluster, the program `runai` too; judged by the cluster's record."""

from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from tests.e2e.shell import Shell, toml
from tests.kills.conftest import Kills
from tests.kills.loop import play
from tests.kills.scene import CAP, PREFIX, RETRY_POLICY, SCRIPT, Doing, Record
from tests.runai.rig import path_with
from tests.runai_standin import (
    Delays,
    Fault,
    Others,
    Phase,
    Settings,
    StandIn,
    Switches,
    Trouble,
    Truth,
)

from runbatch.core.attempt import Attempt
from runbatch.core.job import Job
from runbatch.ledger.store import Ledger

PROJECT = "talmo-lab"
CLUSTER = f"""
image = "ghcr.io/lab/pipeline:1.4"
mounts = [{{ host = "/hpi/data", path = "/data" }}]
[cluster]
kind = "runai"
project = "{PROJECT}"
workload = "workspace"
"""
# Whoever asks for these is not asked for by the batch: a mount failure to be tempted by, too.
THEIRS = {f"{PREFIX}-2-1": (2,), f"{PREFIX}-2-test": (2,), f"x{PREFIX}-1": (0,)}
SETTINGS = Settings(
    time_factor=20,
    delays=Delays(creating=(1, 2), pending=(1, 2), initializing=(2, 4), running=(5, 15)),
    outcomes={**{f"{PREFIX}-{key}": codes for key, codes in SCRIPT.items()}, **THEIRS},
    others=Others(running=5, per_hour=60, duration_s=(60, 600)),
)
# Real ones take their time: what a killed command has asked for is done after its death.
SLOW = Switches(
    faults=(
        Fault(Trouble.HANG_BEFORE, rate=0.2, verbs=("submit", "delete"), seconds=1.5),
        Fault(Trouble.HANG_AFTER, rate=0.2, verbs=("submit", "delete"), seconds=0.5),
    )
)
MUTILATED = (Phase.DELETING, Phase.STOPPING, Phase.STOPPED, Phase.RESUMING)
# A call that has had no effect for so long has none any more.
DEAD_AFTER = timedelta(seconds=10)


class RunaiScene:
    """The batch in a project that other people use too."""

    # No exit code is told here: where the log has no marker, nobody knows.
    verdicts: Mapping[int, str] = {0: "succeeded", 1: "undetermined", 2: "mount failure"}

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.shell = Shell(folder)
        self._ledger = self.shell.state / "runai" / PROJECT / PREFIX
        self.saved_logs = self._ledger / "logs"
        self._standin = StandIn.create(folder / "cluster", SETTINGS)
        self._standin.install(folder / "bin")
        self.env: Mapping[str, str] = {"PATH": path_with(folder / "bin")}
        for name in THEIRS:
            self._standin.call(
                "workspace", "submit", name, "-p", PROJECT, "-i", "x:1", owner="other"
            )
        self._standin.switch(SLOW)
        more = CLUSTER + RETRY_POLICY
        self.shell.write(toml(["run"], last=len(SCRIPT), cap=CAP, prefix=PREFIX, more=more))

    def record(self) -> Record:
        truth = self._standin.truth()
        codes: dict[str, list[int | None]] = {}
        deleted = set()
        for workload in truth.workloads:
            if not _is_ours(workload.name):
                continue
            key = workload.name.removeprefix(f"{PREFIX}-")
            codes.setdefault(key, []).append(workload.pods[-1].exit_code if workload.pods else None)
            if Phase.DELETING in (phase for _, phase in workload.history):
                deleted.add((key, len(codes[key])))
        return Record(
            codes=codes,
            most_at_once=truth.max_active(_is_ours),
            doubled=truth.overlapping(_is_ours),
            deleted=deleted,
            touched=_touched(truth),
        )

    def doing_of(self, command: psutil.Process) -> Doing:
        calls = command.children()
        verbs = {verb for call in calls for verb in _verbs(call)}
        return Doing(next(iter(verbs), None), calls)

    def log_line(self, number: int) -> str:
        return f"RUNBATCH_ATTEMPT={number}\n"

    def in_doubt(self) -> Set[str]:
        ledger = Ledger(self._ledger, read_only=True)
        jobs = ledger.view().jobs.values()
        ledger.close()
        open_ones = {
            job.key for job in jobs if job.is_unfinished or not (job.last and job.last.outcome)
        }
        dead = {job.key for job in jobs if _is_dead(job)}
        return dead if open_ones <= dead else set()

    def close(self) -> None:
        """Do nothing: it ends with its folder."""


def _is_ours(name: str) -> bool:
    return name.startswith(f"{PREFIX}-") and name.removeprefix(f"{PREFIX}-").isdigit()


def _verbs(call: psutil.Process) -> Set[str]:
    """Return `submit` or `delete` if that is what was typed behind `runai workspace`."""
    with suppress(psutil.NoSuchProcess):
        words = call.cmdline()
        if "workspace" in words:
            return {"submit", "delete"} & {words[words.index("workspace") + 1]}
    return set()


def _touched(truth: Truth) -> Set[str]:
    """Return the workloads of others to which more happened than to run and to end."""
    found = {
        each.name for each in truth.changes if each.owner == "other" and each.phase in MUTILATED
    }
    return found | {name for name in THEIRS if truth.created(name) != 1}


def _is_dead(job: Job) -> bool:
    """Whether a submit or delete of the job was cut off before it reached the cluster."""
    asked_at = _asked_at(job, job.last) if job.last is not None else None
    return asked_at is not None and datetime.now(UTC) - asked_at > DEAD_AFTER


def _asked_at(job: Job, last: Attempt) -> datetime | None:
    if last.unanswered:
        return last.called_at
    return job.holder.delete_asked_at if last.waiting_for_name and job.holder else None


def test_every_promise_holds_however_often_it_is_killed(
    tmp_path: Path, kills: Kills, record_property: Callable[[str, object], None]
) -> None:
    toll = play(lambda number: RunaiScene(tmp_path / str(number)), kills.number, waits=kills.waits)
    record_property("toll", f"runai: {toll}")
