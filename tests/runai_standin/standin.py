"""The stand-in as tests hold it: a folder, and what one can do with it."""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from .call import Answer
from .cluster import Cluster, Deed, Plot, Tally
from .memory import MemoryStore
from .others import populate
from .session import present, respond
from .settings import Settings
from .store import Opened, found, opened
from .switches import Switches
from .truth import Truth, read_truth

VIRTUAL_EPOCH_S = 1_767_603_600.0  # 2026-01-05 09:00 UTC, the week of the incident

# -I and -S keep the caller's environment and its installed packages out, for speed and so that
# nothing there changes an answer. The package is imported from its folder alone: its parents
# may import much more than the program needs.
_PROGRAM = """#!/bin/sh
exec {python} -I -S -X utf8 -c {code} {cluster} "$@"
"""
_CODE = "import sys; sys.path.append({parent!r}); from {package}.program import main; main()"


_KUBECTL = """#!/bin/sh
if [ "$1" = config ]; then echo 'error: current-context is not set' >&2; exit 1; fi
echo 'Error from server (Forbidden): pods is forbidden' >&2
exit 1
"""


class ClientKilled(BaseException):
    """Raised in a test's own process where the program would kill the process that called it."""


class ClientHung(Exception):
    """Raised where the program would sleep: the caller's patience is over, the call is killed."""


class StandIn:
    """One simulated cluster with its program. Any number of these may share a folder."""

    def __init__(self, folder: Path, kept: Opened | None = None) -> None:
        self.folder = folder.resolve()
        self._opened = kept or partial(opened, self.folder)

    @classmethod
    def create(
        cls, folder: Path, settings: Settings | None = None, switches: Switches | None = None
    ) -> "StandIn":
        """Make a new cluster in a folder; its time is 0 now.

        Without an `epoch_s` a cluster whose time stands still begins on a fixed day, and one
        whose time runs begins today, so that its times of day suit the clock of a tool.
        """
        found(folder, new_cluster(settings, switches))
        return cls(folder)

    @classmethod
    def in_memory(
        cls, settings: Settings | None = None, switches: Switches | None = None
    ) -> tuple["StandIn", MemoryStore]:
        """Make a new cluster that is kept nowhere but here; also return what it is kept in."""
        store = MemoryStore(new_cluster(settings, switches))
        return cls(Path(), store.opened), store

    def install(self, bin_folder: Path) -> Path:
        """Write the program `runai` into a folder, to be put on PATH, and return its path.

        Beside it stands a `kubectl` without a context, as for most users (Run:ai facts,
        22): without one, a tool might ask a real cluster.
        """
        package = Path(__file__).resolve().parent
        code = _CODE.format(parent=str(package.parent), package=package.name)
        text = _PROGRAM.format(
            python=shlex.quote(sys.executable),
            code=shlex.quote(code),
            cluster=shlex.quote(str(self.folder)),
        )
        bin_folder.mkdir(parents=True, exist_ok=True)
        _write_program(bin_folder / "kubectl", _KUBECTL)
        return _write_program(bin_folder / "runai", text)

    def call(self, *argv: str, owner: str = "batch") -> Answer:
        """Do in this process what the program does in its own, ten times as fast.

        Raises ClientKilled where the program kills its caller, ClientHung where it sleeps.
        """
        answer = respond(self._opened, list(argv), owner, pause=_hang)
        if answer.kills_client:
            raise ClientKilled(shlex.join(argv))
        if answer.pause_s:
            _hang(answer.pause_s)
        return answer

    @property
    def now_s(self) -> float:
        """Return the seconds of the cluster's time since it was made."""
        with self._opened() as store:
            return store.now_s(store.load())

    @property
    def unix_s(self) -> float:
        """Return the cluster's time of day as Unix time: what a tool's clock should say."""
        return (self.settings.epoch_s or 0.0) + self.now_s

    @property
    def settings(self) -> Settings:
        """Return the settings; `change` replaces them."""
        with self._opened() as store:
            return store.load().settings

    @property
    def switches(self) -> Switches:
        """Return the switches; `switch` replaces them."""
        with self._opened() as store:
            return store.load().switches

    def advance(self, seconds: float) -> None:
        """Move the clock on, and let everything happen that is due until then."""
        with self._opened() as store:
            store.move(seconds)
            store.save(present(store))

    def switch(self, switches: Switches) -> None:
        """Replace the switches from now on."""
        with self._opened() as store:
            cluster = present(store)
            cluster.switches = switches
            store.save(cluster)
            store.save_settings(cluster)

    def change(self, settings: Settings) -> None:
        """Replace the settings from now on: other outcomes, another generation, and so on."""
        with self._opened() as store:
            cluster = present(store)
            cluster.settings = settings
            store.save(cluster)
            store.save_settings(cluster)

    def plot(self, plots: Sequence[Plot]) -> None:
        """Have deeds done to workloads at their seconds; those in the past are done now."""
        with self._opened() as store:
            cluster = present(store)
            cluster.tally.plots.extend(plots)
            for plot in plots:
                cluster.remind(plot.at_s, -1)
            store.save(cluster)
        self.advance(0.0)

    def do(self, deed: Deed, name: str, word: str = "", seconds: float = 0.0) -> None:
        """Do one deed to the workload of a name now."""
        self.plot([Plot(0.0, deed, name, word, seconds)])

    def truth(self) -> Truth:
        """Return what really happened until now."""
        self.advance(0.0)
        return read_truth(self._opened)


def _write_program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def new_cluster(settings: Settings | None, switches: Switches | None) -> Cluster:
    """Return a cluster with other people's workloads; its time is 0."""
    settings = settings or Settings()
    if settings.epoch_s is None:
        settings = replace(settings, epoch_s=_epoch_s(settings))
    cluster = Cluster(settings, switches or Switches(), Tally())
    populate(cluster)
    return cluster


def _epoch_s(settings: Settings) -> float:
    return time.time() if settings.time_factor else VIRTUAL_EPOCH_S


def _hang(seconds: float) -> None:
    raise ClientHung(f"the call would have slept for {seconds} s")
