"""What the tests of the GWAS example share: its scripts, and a small cohort with its results."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

SCRIPTS = Path(__file__).parents[2] / "examples" / "gwas"
SNPS, TRAITS, PLANTED = 200, 8, 3
SMALL = ("--taxa", "120", "--snps", str(SNPS), "--traits", str(TRAITS), "--planted", str(PLANTED))
GENOTYPES, PHENOTYPES, TRUTH = "genotypes.hmp.txt", "traits.txt", "planted.tsv"
JOB_VARIABLES = ("TRAIT_INDEX", "DATA_PATH", "OUTPUT_PATH", "SNP_MAF")

Run = subprocess.CompletedProcess[str]


class Batch(NamedTuple):
    """A cohort, the results of its planted traits and the runs that wrote them."""

    data: Path
    outputs: Path
    truth: dict[int, str]
    runs: dict[int, Run]


def run_python(*arguments: object, **variables: object) -> Run:
    """Run Python with these arguments; of the job's variables it sees those given and not None."""
    environment = {name: text for name, text in os.environ.items() if name not in JOB_VARIABLES}
    environment |= {name: str(value) for name, value in variables.items() if value is not None}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def run_job(data: Path, outputs: Path, index: object, **more: object) -> Run:
    """Run the job of one trait."""
    return run_python(
        SCRIPTS / "run_trait.py", DATA_PATH=data, OUTPUT_PATH=outputs, TRAIT_INDEX=index, **more
    )


def make_cohort(folder: Path, *options: str) -> Path:
    """Write a cohort, the small one unless told otherwise, and return its folder."""
    run = run_python(SCRIPTS / "make_cohort.py", "--out", folder, *(options or SMALL))
    assert (run.returncode, run.stderr) == (0, "")
    return folder


def summarise(data: Path, outputs: Path) -> Run:
    """Run the summary."""
    return run_python(SCRIPTS / "summary.py", "--data", data, "--outputs", outputs)


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a tab-separated file by header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of a text that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Return a small cohort of which every planted trait has been analysed; only to be read."""
    data = make_cohort(tmp_path_factory.mktemp("batch") / "data")
    outputs = tmp_path_factory.mktemp("outputs")
    truth = {int(row["trait_index"]): row["snp"] for row in read_table(data / TRUTH)}
    return Batch(data, outputs, truth, {index: run_job(data, outputs, index) for index in truth})


@pytest.fixture
def data(batch: Batch, tmp_path: Path) -> Path:
    """Return a copy of the small cohort that a test may spoil."""
    return Path(shutil.copytree(batch.data, tmp_path / "data"))


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Return an empty output folder."""
    folder = tmp_path / "outputs"
    folder.mkdir()
    return folder
