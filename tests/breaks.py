"""Break the tool on purpose, and see which check catches it: `make breaks`.

Each break of `breaks.toml` is a few words of the source replaced in a copy;
`tests/unit/test_breaks.py` keeps the words current.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

ROOT = Path(__file__).parents[1]
TESTS = ("tests/unit/core", "tests/unit/test_ledger.py", "tests/simulation/test_runner.py")
SEEDS = int(os.environ.get("SEEDS", "300"))


@dataclass(frozen=True, slots=True)
class Edit:
    """In a file of the package, words and what is to stand there instead."""

    file: str
    good: str
    bad: str


@dataclass(frozen=True, slots=True)
class Break:
    """A promise taken out."""

    name: str
    edits: Sequence[Edit]

    def apply(self, package: Path) -> None:
        """Break the package in this folder."""
        for edit in self.edits:
            path = package / edit.file
            text = path.read_text("utf-8")
            if text.count(edit.good) != 1:
                raise ValueError(f"{self.name}: {edit.file} does not hold {edit.good!r} once")
            path.write_text(text.replace(edit.good, edit.bad), "utf-8")


def read_breaks() -> list[Break]:
    """Return the breaks of `breaks.toml`."""
    found = tomllib.loads((Path(__file__).with_suffix(".toml")).read_text("utf-8"))
    return [
        Break(each["name"], [Edit(**edit) for edit in each["edits"]]) for each in found["breaks"]
    ]


@dataclass(frozen=True, slots=True)
class Caught:
    """What a check said of a break."""

    unit: int  # failed tests
    seeds: int  # broken histories
    example: str


def try_out(broken: Break) -> Caught:
    """Run the checks on a broken copy."""
    with TemporaryDirectory() as folder:
        package = Path(folder) / "runbatch"
        shutil.copytree(ROOT / "src" / "runbatch", package)
        broken.apply(package)
        env = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        unit = _run(["pytest", *TESTS], env)
        seeds = _run(["tests.simulation", "--seeds", str(SEEDS)], env)
        if "broken" not in seeds:
            raise ValueError(f"{broken.name}: the tool only crashes, which shows nothing")
        example = re.search(r"^seed \d+: (.*)$", seeds, re.MULTILINE)
        return Caught(
            unit=_number(r"(\d+) failed", unit),
            seeds=_number(r"(\d+) broken", seeds),
            example=example[1] if example else "",
        )


def _run(words: Sequence[str], env: dict[str, str]) -> str:
    quiet = ["--no-header", "--tb=no", "-p", "no:cacheprovider"] if "pytest" in words else []
    done = subprocess.run(
        [sys.executable, "-m", *words, *quiet],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def main() -> None:
    """Try every break; exit with 1 unless each is caught by a test or a history."""
    is_all_caught = True
    click.echo(f"{'break':<42}{'failed tests':>13}  broken of {SEEDS} seeds")
    for each in read_breaks():
        caught = try_out(each)
        click.echo(f"{each.name:<42}{caught.unit:>13}  {caught.seeds:>4}  {caught.example[:60]}")
        is_all_caught = is_all_caught and bool(caught.unit or caught.seeds)
    sys.exit(0 if is_all_caught else 1)


if __name__ == "__main__":
    main()
