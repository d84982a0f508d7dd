"""Killed at random on the local cluster, judged by the jobs' own journal and their processes."""

import time
from collections.abc import Callable, Mapping, Set
from pathlib import Path

import psutil
from tests.e2e.shell import ENDING, Journal, Shell, toml
from tests.kills.conftest import Kills
from tests.kills.loop import LONGEST_S, play
from tests.kills.scene import CAP, PREFIX, RETRY_POLICY, SCRIPT, Doing, Record

from runbatch.clusters.local.cluster import LocalCluster
from runbatch.clusters.records.folder import WorkloadFolder
from runbatch.core.reference import Ref

# A mount failure that nobody is to retry, a success, and one that runs until the scene is over.
THEIRS = "{'1': lambda: end(2), '2': int, '3': lambda: time.sleep(3600)}"


class LocalScene:
    """The batch on this machine, beside another one whose name begins alike."""

    env: Mapping[str, str] = {}
    verdicts: Mapping[int, str] = {
        0: "succeeded",
        1: "configuration error",
        2: "mount failure",
    }

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.shell = Shell(folder)
        self.saved_logs = self.shell.state / "local" / PREFIX / "logs"
        self._root = self.shell.state / "clusters" / "local"
        self._journal = Journal(folder / "journal")
        self._theirs = Journal(folder / "theirs")
        command = self._journal.command(seconds=0.8, then=self._ending())
        self.shell.write(toml(command, last=len(SCRIPT), cap=CAP, prefix=PREFIX, more=RETRY_POLICY))
        self._before = self._start_theirs()

    def _ending(self) -> str:
        return f"""{ENDING}
codes = {dict(SCRIPT)!r}[os.environ["RUNBATCH_KEY"]]
begun = open({str(self._journal.path)!r}).read().splitlines()
number = begun.count("begin " + os.environ["RUNBATCH_KEY"])
code = codes[min(number, len(codes)) - 1]
print("run", number, flush=True)
note(f"exit-{{code}}")
end(code)
"""

    def _start_theirs(self) -> Mapping[str, object]:
        command = self._theirs.command(
            seconds=0, then=f"{ENDING}{THEIRS}[os.environ['RUNBATCH_KEY']]()"
        )
        path = self.shell.write(
            toml(command, last=3, cap=3, prefix=f"{PREFIX}-2", more=RETRY_POLICY), "theirs.toml"
        )
        assert self.shell.run("submit", "--yes", "-b", str(path)).code == 0
        deadline = time.monotonic() + LONGEST_S
        # All three have begun; the last one goes on.
        while [each[1:] for each in self._seen().values()] != [(1, False), (1, False), (1, True)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self._seen()

    def _seen(self) -> Mapping[str, tuple[int, int, bool]]:
        """Return of each of their workloads: which folder, how often it began, whether it runs."""
        begun = self._theirs.begun()
        return {
            path.name: (
                path.stat().st_ino,
                begun.count(path.name.rpartition("-")[2]),
                WorkloadFolder(path).is_alive(),
            )
            for path in sorted((self._root / "workloads").glob(f"{PREFIX}-2-*"))
        }

    def record(self) -> Record:
        codes: dict[str, list[int | None]] = {}
        doubled = set()
        for word, key in self._journal.entries():
            runs = codes.setdefault(key, [])
            if word == "begin":
                doubled |= {key} if None in runs else set()
                runs.append(None)
            else:
                runs[runs.index(None)] = int(word.removeprefix("exit-"))
        there = {key: self._number_there(key) for key in codes}
        return Record(
            codes=codes,
            most_at_once=self._journal.most_at_once(),
            doubled=doubled,
            deleted={
                (key, number)
                for key, runs in codes.items()
                for number in range(1, len(runs) + 1)
                if number != there[key]
            },
            touched={name for name, _ in self._before.items() ^ self._seen().items()},
        )

    def _number_there(self, key: str) -> object:
        """Return which run of the job the cluster still has."""
        path = self._root / "workloads" / f"{PREFIX}-{key}"
        description = WorkloadFolder(path).describe()
        return description and description.number

    def doing_of(self, command: psutil.Process) -> Doing:
        modes = {Path(file.path).name: file.mode for file in command.open_files()}
        if modes.get("alive.lock") == "r+":  # whoever only looks opens it for reading
            return Doing("submit")
        return Doing("delete" if modes.get("names.lock") == "a" else None)

    def log_line(self, number: int) -> str:
        return f"run {number}\n"

    def in_doubt(self) -> Set[str]:
        return set()  # a submit that was cut off is settled within seconds

    def close(self) -> None:
        cluster = LocalCluster(self._root, grace_s=1)
        for each in cluster.list(PREFIX).observations:
            cluster.remove(Ref(each.name, each.uid))


def test_every_promise_holds_however_often_it_is_killed(
    tmp_path: Path, kills: Kills, record_property: Callable[[str, object], None]
) -> None:
    toll = play(lambda number: LocalScene(tmp_path / str(number)), kills.number, waits=kills.waits)
    record_property("toll", f"local: {toll}")
