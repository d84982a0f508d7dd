"""The installed command as a subprocess, on the real `local` cluster."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from runbatch.cli.main import main

RUNBATCH = Path(sys.executable).with_name("runbatch")
# How a job of these tests ends: by the exit-code contract, so with a marker before a 2.
ENDING = """import os, sys
def end(code):
    if code == 2: print("[ERROR] INFRASTRUCTURE MOUNT FAILURE", flush=True)
    sys.exit(code)
"""


@dataclass(frozen=True)
class Result:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A folder with a batch file and a state folder of its own."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write(self, text: str, name: str = "batch.toml") -> Path:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return path

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if "COLOR" not in name}
        return {**plain, "RUNBATCH_STATE_DIR": str(self.state), **(more or {})}

    def run(
        self, *words: str, env: Mapping[str, str] | None = None, program: Path = RUNBATCH
    ) -> Result:
        done = subprocess.run(
            [program, *words],
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def read(self, *words: str, env: Mapping[str, str] | None = None) -> Result:
        """Run a command that starts no job in this process: most of a short one is its start."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with (
            contextlib.chdir(self.folder),
            patch.dict(os.environ, self.environment(env), clear=True),
            patch.multiple(sys, stdin=io.StringIO(), stdout=out, stderr=err),
        ):
            code = _exit_code(words)
        return Result(code, *(each.buffer.getvalue().decode() for each in (out, err)))

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [RUNBATCH, *words],
            cwd=self.folder,
            env=self.environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def submit(self, *words: str) -> Result:
        return self.run("submit", "--yes", "--wait", "--poll-interval", "0.1", *words)


def _exit_code(words: Sequence[str]) -> int:
    try:
        main(words)
    except SystemExit as end:
        return int(end.code or 0)
    raise AssertionError("it never ended")


def toml(
    command: Sequence[str],
    *,
    keys: Sequence[str] | None = None,
    last: int = 4,
    cap: int = 2,
    prefix: str = "test",
    more: str = "",
) -> str:
    """Return a batch file; JSON strings and arrays are TOML too, but for raw control characters."""
    jobs = f"keys = {json.dumps(keys)}" if keys is not None else f"range = [1, {last}]"
    return f"""
prefix = "{prefix}"
max_concurrent = {cap}
[jobs]
{jobs}
variable = "KEY"
[run]
command = {json.dumps(list(command))}
{more}
"""


def processes_in(state: Path) -> list[psutil.Process]:
    """Return the wrappers of the workloads below this state folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(word.startswith(str(state)) for word in words):
            found.append(process)
    return found


@dataclass(frozen=True)
class Journal:
    """Where jobs themselves write when they begin and end: the truth, whatever the tool believes.

    Each line is one `write` to a file opened for appending, which the kernel keeps whole and in
    order.
    """

    path: Path

    def command(self, *, seconds: float = 0.2, then: str = "", together: int = 1) -> list[str]:
        """Return a job's command that keeps this journal and sleeps in between.

        With `together` each waits until so many have begun.
        """
        program = f"""
import os, sys, time
def note(word):
    fd = os.open({str(self.path)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, (word + " " + os.environ["RUNBATCH_KEY"] + "\\n").encode())
note("begin")
while open({str(self.path)!r}).read().count("begin") < {together}:
    time.sleep(0.01)
time.sleep({seconds})
{then}
note("end")
"""
        return [sys.executable, "-I", "-S", "-c", program]

    def entries(self) -> list[tuple[str, str]]:
        if not self.path.exists():
            return []
        lines = self.path.read_text().splitlines()
        return [(word, key) for word, key in (line.split(" ", 1) for line in lines)]

    def most_at_once(self) -> int:
        """Return the largest number of jobs that were running at any time."""
        running = most = 0
        for word, _ in self.entries():
            running += 1 if word == "begin" else -1
            most = max(most, running)
        return most

    def begun(self) -> list[str]:
        return [key for word, key in self.entries() if word == "begin"]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once it holds; the test fails if that takes very long."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Read what the process says until it says this."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it never said {text!r}")
