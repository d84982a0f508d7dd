"""One batch whose jobs follow a script, the record of what really happened to it, its promises."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
from tests.e2e.shell import Shell

PREFIX = "kills"
CAP = 5
MAX_RETRIES = 2
# How the runs of each job end. One that is started too often ends as the last time, and is found.
SCRIPT: Mapping[str, tuple[int, ...]] = {
    "1": (2, 0),
    "2": (1,),
    "3": (2,) * (1 + MAX_RETRIES),
    "4": (2, 2, 0),
    **{str(key): (0,) for key in range(5, 15)},
    **{str(key): (2, 0) for key in (6, 8, 11, 14)},
}
RETRY_POLICY = f"""
[retry]
delay_s = 1
max_retries = {MAX_RETRIES}
"""


@dataclass(frozen=True)
class Record:
    """What really happened until now, whatever the tool believes.

    `codes` has how each run of a job ended, None for one that has not; `deleted` names runs by
    their job and number; `touched` are workloads of other batches and people.
    """

    codes: Mapping[str, Sequence[int | None]]
    most_at_once: int
    doubled: Set[str]
    deleted: Set[tuple[str, int]]
    touched: Set[str]

    @property
    def unfinished(self) -> Set[str]:
        """Return the jobs whose script is not over."""
        return {key for key, codes in SCRIPT.items() if (*self.codes.get(key, ()),) != codes}


@dataclass(frozen=True)
class Doing:
    """What a command is in the middle of: a submit or a delete, and programs that it waits for."""

    verb: str | None
    calls: Sequence[psutil.Process] = ()


class Scene(Protocol):
    """The batch on one cluster, in a folder of its own.

    `verdicts` is what the tool is to conclude from each exit code, with what it can know there.
    """

    shell: Shell
    env: Mapping[str, str]
    saved_logs: Path
    verdicts: Mapping[int, str]

    def record(self) -> Record:
        """Return what the jobs, the operating system or the cluster itself wrote down."""

    def doing_of(self, command: psutil.Process) -> Doing:
        """Return what the command is in the middle of; raise psutil.Error if it is gone."""

    def log_line(self, number: int) -> str:
        """Return what only the log of this run of a job says."""

    def in_doubt(self) -> Set[str]:
        """Return the jobs that only minutes can help on, once nothing else is left to do."""

    def close(self) -> None:
        """End what still runs."""


def check_promises(scene: Scene) -> None:
    """Assert what must hold at any moment, by the record alone."""
    record = scene.record()
    assert record.most_at_once <= CAP
    assert record.doubled == set()
    assert record.touched == set()
    for key, codes in record.codes.items():
        ended = tuple(code for code in codes if code is not None)
        assert ended == SCRIPT[key][: len(ended)], f"job {key} was not to end so"
        assert len(codes) <= len(SCRIPT[key]), f"job {key} was started once more"
    for key, number in record.deleted:
        log = scene.saved_logs / f"{key}.{number}.log"
        assert scene.log_line(number) in log.read_text("utf-8")


def check_status(scene: Scene, left: Set[str]) -> None:
    """Assert that `status` tells the same; the jobs `left` are in doubt and hold their slots."""
    codes = scene.record().codes
    done = scene.shell.read("status", "--json", env=scene.env)
    assert done.code == 0, done.err
    assert done.json["in_flight"] == len(left)
    jobs = {job["key"]: job for job in done.json["jobs"]}
    assert jobs.keys() == SCRIPT.keys()
    assert {key for key, job in jobs.items() if job["state"] == "in_flight"} == left
    for key in jobs.keys() - left:
        attempts = jobs[key]["attempts"]
        assert jobs[key]["state"] == ("failed" if codes[key][-1] else "succeeded")
        assert [each["number"] for each in attempts] == list(range(1, len(codes[key]) + 1))
        expected = [scene.verdicts[code] for code in codes[key] if code is not None]
        assert [each["verdict"] for each in attempts] == expected
