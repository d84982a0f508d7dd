"""The processes of this machine by the workload they belong to."""

import os
from contextlib import suppress

import psutil

from runbatch.clusters.local.folder import WorkloadFolder
from runbatch.clusters.local.wrapper import UID_VARIABLE


class LivingProcesses:
    """The processes of this machine by the workload they belong to; looked up once, if at all.

    Seldom needed: only where a lock is not enough, since its holders are gone or have to end.
    """

    def __init__(self) -> None:
        self._groups: dict[str, set[int]] | None = None

    def groups(self, uid: str) -> set[int]:
        """Return the process groups whose environment bears this uid."""
        if self._groups is None:
            self._groups = {}
            for process in psutil.process_iter():
                with suppress(psutil.Error, ProcessLookupError):
                    if found := process.environ().get(UID_VARIABLE):
                        self._groups.setdefault(found, set()).add(os.getpgid(process.pid))
        return self._groups.get(uid, set())


def is_running(folder: WorkloadFolder, uid: str) -> bool:
    """Whether anything of the workload is alive, with the lock or without."""
    return folder.is_alive() or (folder.end() is None and bool(LivingProcesses().groups(uid)))
