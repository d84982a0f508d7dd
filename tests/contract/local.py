"""The local cluster in a folder of its own, for the tests that run real processes on it."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from runbatch.clusters.local.cluster import LocalCluster
from runbatch.core.stage import Stage
from runbatch.core.workload import Workload
from runbatch.testing.contract import make_workload

LIMIT_S = 20


class LocalRig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def workloads(self) -> Path:
        return self.folder / "root" / "workloads"

    def cluster(self) -> LocalCluster:
        return LocalCluster(self.folder / "root", grace_s=1)

    def workload(
        self, name: str, *, exit_code: int = 0, output: str = "", endless: bool = False
    ) -> Workload:
        rest = "time.sleep(600)" if endless else f"sys.exit({exit_code})"
        return self.python(name, f"print({output!r}, flush=True); {rest}")

    def python(self, name: str, program: str) -> Workload:
        command = (sys.executable, "-I", "-S", "-c", f"import os, signal, sys, time; {program}")
        return make_workload(name, command, self.folder)

    def let_time_pass(self) -> None:
        time.sleep(0.01)

    def phase(self, name: str) -> Stage | None:
        found = (each for each in self.cluster().list("contract").observations)
        return next((each.stage for each in found if each.name == name), None)

    def uid(self, name: str) -> str:
        found = self.cluster().list("contract").observations
        return next(each.uid for each in found if each.name == name)

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            self.let_time_pass()

    def text(self, name: str) -> str:
        """Return what a job wrote to a file, once it is there."""
        path = self.folder / name
        self.wait(path.exists)
        self.wait(lambda: bool(path.read_text()))
        return path.read_text()


def note(name: str) -> str:
    """Return a statement that writes the process id to a file, at once."""
    return f"open({name!r}, 'w').write(str(os.getpid()))"


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
