"""A page's walk: the files it shows and the commands it names, as a reader would do them."""

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.shell import processes_in

LIMIT_S = 60
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\bthis\s+as\s+`([^`]+)`[^`]*:\n\n\Z")
_ASKS_FOR_THE_CODE = "echo $?"


@dataclass(frozen=True)
class File:
    """A file that the reader is told to write."""

    line: int
    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command that the reader is told to type, and what the page shows below it."""

    line: int
    words: str
    output: str
    may_fail: bool


def steps_of(page: str) -> Iterator[File | Command]:
    """Return what the page tells its reader to do, in order.

    A command may end with another code than 0 only if the page asks for the code right after it.
    """
    for fence in _FENCE.finditer(page):
        line = page.count("\n", 0, fence.start()) + 2
        name = _NAME.search(page, 0, fence.start())
        if fence[1] == "console":
            yield from _commands(fence[2], line)
        elif name is not None:
            yield File(line, name[1], fence[2])


def _commands(block: str, first_line: int) -> list[Command]:
    assert block.startswith("$ "), f"line {first_line}: a console block begins with a command"
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    found: list[Command] = []
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        words, _, output = part.partition("\n")
        line = first_line + sum(each.output.count("\n") + 1 for each in found)
        found.append(Command(line, words, output, after.startswith(_ASKS_FOR_THE_CODE)))
    return found


@dataclass
class Reader:
    """Somebody with an empty folder, a home of their own, and runbatch installed."""

    folder: Path
    code: int = 0

    def do(self, step: File | Command) -> None:
        """Do as the page says; raise AssertionError where something else comes of it."""
        if isinstance(step, File):
            (self._work / step.name).write_text(step.text, "utf-8")
            return
        got = self._run(step.words)
        said = f"line {step.line}: $ {step.words}"
        assert step.may_fail or self.code == 0, f"{said}\nended with {self.code}:\n{got}"
        if different := difference(step.output, got):
            raise AssertionError(f"{said}\n(- the page, + what was printed)\n{different}")

    def _run(self, words: str) -> str:
        done = subprocess.run(
            ["bash", "-c", f"(exit {self.code})\n{words}"],
            cwd=self._work,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        self.code = done.returncode
        return done.stdout

    def leave(self) -> None:
        """End whatever a failed walk left running."""
        for process in processes_in(self.folder):
            process.kill()

    @property
    def _work(self) -> Path:
        work = self.folder / "first-batch"
        work.mkdir(exist_ok=True)
        return work

    def _environment(self) -> dict[str, str]:
        """Return nothing of this process's own but PATH: no state folder, no colours."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "COLUMNS": "100"}


def difference(page: str, got: str) -> str:
    """Return how the text differs from the page's, as a diff; empty if it does not.

    `...` in a line stands for any text of that line, and as a whole line for any lines.
    """
    if re.fullmatch(_pattern(page), got):
        return ""
    lines = got.splitlines()
    shown = [_as_printed(line, lines) for line in page.splitlines()]
    return "\n".join(line for line in difflib.ndiff(shown, lines) if not line.startswith("?"))


def _pattern(page: str) -> str:
    return "".join(
        r"(?:.*\n)*" if line == "...\n" else _line_pattern(line)
        for line in page.splitlines(keepends=True)
    )


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("..."))


def _as_printed(line: str, printed: Sequence[str]) -> str:
    """Return the first printed line that the page's line stands for: it is no difference."""
    if line == "...":
        return line
    return next((each for each in printed if re.fullmatch(_line_pattern(line), each)), line)
