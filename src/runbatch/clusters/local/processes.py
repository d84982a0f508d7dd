"""The processes of this machine by the workload they belong to.

Each bears in its environment whose it is, and that outlives every file: a folder may be removed or
moved while its job runs. A process that drops its environment is known by its folder's lock alone.
"""

import json
import os
import signal
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runbatch.clusters.records.folder import WorkloadFolder
from runbatch.clusters.records.wrapper import UID_VARIABLE
from runbatch.core.attempt import UNKNOWN_ORIGIN, Origin
from runbatch.core.workload import ORIGIN_VARIABLES, origin_of

MARK_VARIABLE = "RUNBATCH_LOCAL"
_LOOK_AGAIN_S = 0.02
_TOLD = (MARK_VARIABLE, *ORIGIN_VARIABLES)


@dataclass(frozen=True, slots=True)
class Mark:
    """Which workload a process belongs to; `roots` is what its cluster's folder is known by."""

    name: str
    uid: str
    number: int
    roots: frozenset[str]
    origin: Origin = UNKNOWN_ORIGIN

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the variables that the workload's processes bear it in."""
        told = {"name": self.name, "attempt": self.number, "roots": sorted(self.roots)}
        return {UID_VARIABLE: self.uid, MARK_VARIABLE: json.dumps(told)}


class LivingProcesses:
    """The processes of this machine that belong to workloads; looked up once, if at all."""

    def __init__(self) -> None:
        self._marked: dict[str, dict[int, Mapping[str, str]]] | None = None

    def pids(self, uid: str) -> Collection[int]:
        """Return the processes whose environment bears this uid."""
        return self._by_uid().get(uid, {}).keys()

    def marks(self, roots: frozenset[str]) -> Iterator[Mark]:
        """Yield each workload of the folder that is known by these, and of which anything lives.

        Only our own user's processes count: nobody else can pretend to be a job of ours.
        """
        for uid, processes in self._by_uid().items():
            own = (variables for pid, variables in processes.items() if _is_own(pid))
            mark = next(filter(None, (_mark_in(variables, uid) for variables in own)), None)
            if mark is not None and mark.roots & roots:
                yield mark

    def _by_uid(self) -> Mapping[str, Mapping[int, Mapping[str, str]]]:
        if self._marked is None:
            self._marked = {}
            for pid, variables in _environments():
                told = {name: variables.get(name, "") for name in _TOLD}
                self._marked.setdefault(variables[UID_VARIABLE], {})[pid] = told
        return self._marked


def is_running(folder: WorkloadFolder, uid: str) -> bool:
    """Whether anything of the workload is alive, with its folder's lock or without.

    The folder may be another workload's by now; without a description it may still be its own.
    """
    description = folder.describe()
    if description is None or description.uid == uid:
        if folder.is_alive():
            return True
        if folder.end() is not None:
            return False
    return bool(LivingProcesses().pids(uid))


def end(folder: WorkloadFolder, uid: str, grace_s: float) -> bool:
    """End every process of the workload, politely first; return whether all of them are gone."""
    # The second SIGTERM makes the wrapper kill the command, and still record that.
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
        if not is_running(folder, uid):
            return True
        _signal(uid, number)
        deadline = time.monotonic() + grace_s
        while is_running(folder, uid) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_S)
    return not is_running(folder, uid)


def _signal(uid: str, number: int) -> None:
    groups = set()
    for pid in LivingProcesses().pids(uid):
        with suppress(ProcessLookupError):
            groups.add(os.getpgid(pid))
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _environments() -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each process that bears a workload's uid, and its variables.

    What ends meanwhile is none, and what we may not read cannot be one of our own.
    """
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            content = path.read_bytes()
            if UID_VARIABLE.encode() not in content:
                continue
            words = (word.partition("=") for word in os.fsdecode(content).split("\0"))
            variables = {variable: value for variable, _, value in words}
            if UID_VARIABLE in variables:
                yield int(path.parent.name), variables


def users_of(file: Path) -> list[int]:
    """Return which other processes have the file open, as far as we may know.

    Only to name them to people: somebody may just be looking.
    """
    found: set[int] = set()
    with suppress(OSError):
        wanted = file.stat()
        for path in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):
                if os.path.samestat(path.stat(), wanted):
                    found.add(int(path.parts[2]))
    return sorted(found - {os.getpid()})


def _is_own(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}").stat().st_uid == os.geteuid()
    return False


def _mark_in(variables: Mapping[str, str], uid: str) -> Mark | None:
    """Return what the variables tell; None if they are not those that we wrote."""
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(variables[MARK_VARIABLE])
        name, number, roots = str(told["name"]), int(told["attempt"]), frozenset(told["roots"])
        return Mark(name, uid, number, roots, origin_of(variables))
    return None
