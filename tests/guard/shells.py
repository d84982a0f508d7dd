"""Real shells, and real mounts in a mount namespace of their own."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from runbatch.clusters.runai.arguments import Version, submit_args
from runbatch.core.batch import Mount, Run
from runbatch.core.workload import Workload

SHELLS = {"dash": ("dash",), "bash": ("bash",), "busybox": ("busybox", "sh")}
# As root a mount namespace is all it takes; else a user namespace lends the rights.
UNSHARE = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")


def need(*programs: str) -> None:
    """Skip the test aloud where a program is missing; in CI that is a failure."""
    missing = [each for each in programs if shutil.which(each) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must not skip: no {', '.join(missing)} here; make shells installs them")
    if missing:
        pytest.skip(f"no {', '.join(missing)} here; make shells installs them")


def need_mounts() -> None:
    """Skip the test aloud where nothing can be mounted."""
    need("unshare", "mount")
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0:
        return
    if os.environ.get("CI"):
        pytest.fail("CI must not skip: no mount namespace can be made here")
    pytest.skip("no mount namespace can be made here")


@dataclass(frozen=True)
class Container:
    """What stands for a container: a shell called `sh`, and what is mounted.

    `mounted` are folders that a file system is mounted on before the command runs, `bound` files
    that are mounted upon themselves. Only `sh` is on PATH: whatever the guard does, it does by
    itself.
    """

    shell: str
    folder: Path
    mounted: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()

    def start(
        self, command: Sequence[str], *paths: str, env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[str]":
        """Start what Run:ai would be told to run, each word and variable as they are passed on."""
        words, told = as_run(command, paths, env or {})
        mounts = "".join('mount -t tmpfs none "$1"; shift; ' for _ in self.mounted)
        mounts += "".join('mount --bind "$1" "$1"; shift; ' for _ in self.bound)
        # The outer shell mounts; then only the container's own one is left to be found.
        script = f'set -e; {mounts}PATH="$1"; shift; exec "$@"'
        return subprocess.Popen(
            [
                *UNSHARE,
                "sh",
                "-c",
                script,
                "outer",
                *self.mounted,
                *self.bound,
                self.path(),
                *words,
            ],
            env={**told, "PATH": os.environ["PATH"]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(
        self, command: Sequence[str], *paths: str, env: Mapping[str, str] | None = None
    ) -> "Ended":
        """Run it to its end."""
        process = self.start(command, *paths, env=env)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)

    def path(self) -> str:
        """Return a folder whose only program is this shell under the name sh."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        program, *words = SHELLS[self.shell]
        found = shutil.which(program)
        assert found is not None
        # BusyBox goes by the name it is called by; so do the others.
        assert words in ([], ["sh"])
        link = programs / "sh"
        if not link.exists():
            link.symlink_to(found)
        return str(programs)


@dataclass(frozen=True)
class Ended:
    """How it ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return self.out.rstrip("\n").rpartition("\n")[2]


def as_run(
    command: Sequence[str], paths: Sequence[str], env: Mapping[str, str]
) -> tuple[list[str], Mapping[str, str]]:
    """Return the words and the variables that `runai` is given for a guarded command."""
    workload = Workload(
        name="gwas-2",
        number=1,
        run=Run(
            command=tuple(command),
            image="x",
            mounts=tuple(Mount("/host", path) for path in paths),
            guard=True,
        ),
        env=env,
        folder=Path("/"),
    )
    words = submit_args(workload, "talmo-lab", "training", Version(2, 25))
    given = [value for flag, value in pairwise(words) if flag == "-e"]
    return words[words.index("--") + 1 :], dict(each.split("=", 1) for each in given)
