"""The GWAS example: a cohort with a known truth, the job that analyses one trait, the summary."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

# scipy has no type stubs.
from scipy.stats import linregress  # type: ignore[import-untyped]

SCRIPTS = Path(__file__).parents[2] / "examples" / "gwas"
SNPS, TRAITS, PLANTED = 200, 8, 3
SMALL = ("--taxa", "120", "--snps", str(SNPS), "--traits", str(TRAITS), "--planted", str(PLANTED))
GENOTYPES, PHENOTYPES, TRUTH = "genotypes.hmp.txt", "traits.txt", "planted.tsv"
JOB_VARIABLES = ("TRAIT_INDEX", "DATA_PATH", "OUTPUT_PATH", "SNP_MAF")
HAPMAP_HEADER = [
    *("rs#", "alleles", "chrom", "pos", "strand", "assembly#"),
    *("center", "protLSID", "assayLSID", "panelLSID", "QCcode"),
]

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


def regression(data: Path, snp: str, index: int) -> tuple[float, float]:
    """Return effect and p-value of one SNP by scipy's own regression, taxon by taxon."""
    marker = next(row for row in read_table(data / GENOTYPES) if row["rs#"] == snp)
    second = marker["alleles"][-1]
    pairs = []
    for row in read_table(data / PHENOTYPES):
        value = list(row.values())[index - 1]
        if value != "NA":
            pairs.append((marker[row["Taxa"]].count(second), float(value)))
    fit = linregress(*zip(*pairs, strict=True))
    return float(fit.slope), float(fit.pvalue)


@pytest.fixture(scope="module")
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


class TestCohort:
    """make_cohort.py."""

    def test_default_cohort_has_the_promised_size_and_format(self, tmp_path: Path) -> None:
        run = run_python(SCRIPTS / "make_cohort.py", "--out", tmp_path)
        assert run.returncode == 0
        assert set(files(tmp_path)) == {GENOTYPES, PHENOTYPES, TRUTH}
        genotypes = read_table(tmp_path / GENOTYPES)
        traits = read_table(tmp_path / PHENOTYPES)
        planted = read_table(tmp_path / TRUTH)
        assert list(genotypes[0])[:11] == HAPMAP_HEADER
        assert list(genotypes[0])[11:] == [row["Taxa"] for row in traits]
        assert {row["chrom"] for row in genotypes} == set("12345")
        assert (len(genotypes), len(traits), len(traits[0]) - 1) == (1000, 200, 40)
        assert len({row["snp"] for row in planted}) == len(planted) == 12
        headers = list(traits[0])
        assert all(headers[int(row["trait_index"]) - 1] == row["trait"] for row in planted)

    def test_second_allele_of_every_snp_is_the_rare_one_and_not_too_rare(
        self, batch: Batch
    ) -> None:
        for row in read_table(batch.data / GENOTYPES):
            calls = "".join(list(row.values())[11:])
            assert set(calls) == set(row["alleles"]) - {"/"}
            assert 0.1 <= calls.count(row["alleles"][-1]) / len(calls) <= 0.5

    def test_about_two_percent_of_the_values_are_missing(self, batch: Batch) -> None:
        cells = [cell for row in read_table(batch.data / PHENOTYPES) for cell in row.values()]
        assert 0.005 < cells.count("NA") / len(cells) < 0.04

    def test_same_seed_gives_the_same_bytes(self, batch: Batch, tmp_path: Path) -> None:
        assert files(make_cohort(tmp_path / "again")) == files(batch.data)

    def test_another_seed_changes_every_file(self, batch: Batch, tmp_path: Path) -> None:
        other = files(make_cohort(tmp_path / "other", *SMALL, "--seed", "1"))
        assert all(other[name] != content for name, content in files(batch.data).items())

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            pytest.param(["--taxa", "x"], "--taxa: 'x' is not a whole", id="no number"),
            pytest.param(["--snps", "9"], "--snps: '9' is not a whole", id="too few SNPs"),
            pytest.param(["--seed", "-1"], "--seed: '-1' is not a whole", id="negative seed"),
            pytest.param(["--planted", "41"], "--planted: more than", id="more than traits"),
        ],
    )
    def test_bad_argument_is_one_error_and_writes_nothing(
        self, tmp_path: Path, options: list[str], complaint: str
    ) -> None:
        run = run_python(SCRIPTS / "make_cohort.py", "--out", tmp_path / "new", *options)
        assert run.returncode == 2
        assert run.stderr.count("error:") == 1
        assert complaint in run.stderr
        assert not (tmp_path / "new").exists()

    def test_folder_that_cannot_be_made_is_one_error(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        run = run_python(SCRIPTS / "make_cohort.py", "--out", tmp_path / "file", *SMALL)
        assert run.returncode == 2
        assert "error: argument --out: cannot write the cohort" in run.stderr


class TestResult:
    """run_trait.py when all is well."""

    def test_planted_snp_is_the_strongest_of_every_planted_trait(self, batch: Batch) -> None:
        assert len(batch.truth) == PLANTED
        for index, snp in batch.truth.items():
            rows = read_table(batch.outputs / f"trait_{index}.tsv")
            assert rows[0]["snp"] == snp
            assert float(rows[0]["p_value"]) < 1e-6
            assert float(rows[1]["p_value"]) > 1e-4

    def test_log_names_trait_size_and_strongest_snp(self, batch: Batch) -> None:
        for index, run in batch.runs.items():
            assert (run.returncode, run.stderr) == (0, "")
            assert f"trait {index} (root_angle_day{index - 1:02d})" in run.stdout
            assert f"{SNPS} SNPs tested" in run.stdout
            assert f"strongest SNP: {batch.truth[index]} (p = " in run.stdout

    def test_trait_without_planted_snp_has_no_strong_snp(self, batch: Batch, outputs: Path) -> None:
        index = min(set(range(2, TRAITS + 2)) - set(batch.truth))
        assert run_job(batch.data, outputs, index).returncode == 0
        rows = read_table(outputs / f"trait_{index}.tsv")
        assert float(rows[0]["p_value"]) > 0.001 / SNPS

    def test_effects_and_p_values_equal_those_of_scipy(self, batch: Batch) -> None:
        index = min(batch.truth)
        rows = read_table(batch.outputs / f"trait_{index}.tsv")
        assert "NA" in [
            list(row.values())[index - 1] for row in read_table(batch.data / PHENOTYPES)
        ]
        for row in (*rows[:3], rows[SNPS // 2], rows[-1]):
            expected = regression(batch.data, row["snp"], index)
            assert (float(row["effect"]), float(row["p_value"])) == pytest.approx(
                expected, rel=1e-5
            )

    def test_result_has_every_snp_once_and_ascending_p_values(self, batch: Batch) -> None:
        genotypes = read_table(batch.data / GENOTYPES)
        rows = read_table(batch.outputs / f"trait_{min(batch.truth)}.tsv")
        assert list(rows[0]) == ["snp", "chrom", "pos", "maf", "effect", "p_value"]
        places = sorted((row["snp"], row["chrom"], row["pos"]) for row in rows)
        assert places == sorted((row["rs#"], row["chrom"], row["pos"]) for row in genotypes)
        p_values = [float(row["p_value"]) for row in rows]
        assert p_values == sorted(p_values)

    def test_taxa_are_matched_by_name_and_line_ends_do_not_matter(
        self, batch: Batch, data: Path, outputs: Path
    ) -> None:
        header, *rows = (data / PHENOTYPES).read_text(encoding="utf-8").splitlines()
        stranger = rows[0].replace("line_0001", "not_genotyped")
        shuffled = "\r\n".join([header, stranger, *reversed(rows), ""])
        (data / PHENOTYPES).write_bytes(shuffled.encode())
        index = min(batch.truth)
        assert run_job(data, outputs, index).returncode == 0
        name = f"trait_{index}.tsv"
        assert files(outputs) == {name: (batch.outputs / name).read_bytes()}

    def test_snp_without_variation_gets_p_one(
        self, batch: Batch, data: Path, outputs: Path
    ) -> None:
        lines = (data / GENOTYPES).read_text(encoding="utf-8").split("\n")
        cells = lines[1].split("\t")
        lines[1] = "\t".join([*cells[:11], *([cells[1][-1] * 2] * 120)])
        (data / GENOTYPES).write_text("\n".join(lines), encoding="utf-8")
        index = min(batch.truth)
        run = run_job(data, outputs, index)
        assert (run.returncode, run.stderr) == (0, "")
        last = read_table(outputs / f"trait_{index}.tsv")[-1]
        assert last["snp"] == cells[0]
        assert [float(last[name]) for name in ("maf", "effect", "p_value")] == [0, 0, 1]

    def test_snp_maf_leaves_out_exactly_the_rarer_snps(self, batch: Batch, outputs: Path) -> None:
        index = min(batch.truth)
        assert run_job(batch.data, outputs, index, SNP_MAF="0.3").returncode == 0
        every = read_table(batch.outputs / f"trait_{index}.tsv")
        kept = read_table(outputs / f"trait_{index}.tsv")
        assert 0 < len(kept) < SNPS
        assert kept == [row for row in every if float(row["maf"]) >= 0.3]


class TestExitCodes:
    """run_trait.py when something is wrong."""

    @pytest.mark.parametrize("missing", ["data", "outputs"])
    def test_missing_mount_is_a_retryable_infrastructure_failure(
        self, batch: Batch, outputs: Path, tmp_path: Path, missing: str
    ) -> None:
        gone = tmp_path / "gone"
        paths = (gone, outputs) if missing == "data" else (batch.data, gone)
        run = run_job(*paths, 2)
        assert run.returncode == 2
        assert run.stderr.splitlines() == [
            f"[ERROR] INFRASTRUCTURE MOUNT FAILURE: {gone} is not a mount point",
            "[ERROR] Infrastructure failure detected (exit code 2) - retryable",
        ]
        assert not gone.exists()

    @pytest.mark.parametrize(
        ("variables", "complaint"),
        [
            pytest.param({"TRAIT_INDEX": None}, "TRAIT_INDEX is not set", id="no trait"),
            pytest.param({"DATA_PATH": None}, "DATA_PATH is not set", id="no data path"),
            pytest.param({"OUTPUT_PATH": None}, "OUTPUT_PATH is not set", id="no output path"),
            pytest.param({"OUTPUT_PATH": ""}, "OUTPUT_PATH is not set", id="empty output path"),
            pytest.param({"TRAIT_INDEX": "two"}, "TRAIT_INDEX is 'two'", id="trait is a word"),
            pytest.param({"TRAIT_INDEX": "2.0"}, "TRAIT_INDEX is '2.0'", id="trait is no integer"),
            pytest.param({"TRAIT_INDEX": "1"}, "TRAIT_INDEX is '1'", id="trait is the taxa column"),
            pytest.param(
                {"TRAIT_INDEX": "10"}, "last column of traits.txt is 9", id="no such trait"
            ),
            pytest.param({"SNP_MAF": "0.51"}, "SNP_MAF is '0.51'", id="frequency above one half"),
            pytest.param({"SNP_MAF": "-0.1"}, "SNP_MAF is '-0.1'", id="negative frequency"),
            pytest.param({"SNP_MAF": "0.5"}, "no SNP has", id="frequency that no SNP has"),
            pytest.param({"SNP_MAF": "nan"}, "SNP_MAF is 'nan'", id="frequency is no number"),
        ],
    )
    def test_wrong_variable_is_a_configuration_error(
        self, batch: Batch, outputs: Path, variables: dict[str, str | None], complaint: str
    ) -> None:
        right = {"DATA_PATH": batch.data, "OUTPUT_PATH": outputs, "TRAIT_INDEX": 2}
        self.check_refusal(
            run_python(SCRIPTS / "run_trait.py", **{**right, **variables}), complaint, outputs
        )

    @pytest.mark.parametrize("name", [GENOTYPES, PHENOTYPES])
    def test_missing_file_is_a_configuration_error(
        self, data: Path, outputs: Path, name: str
    ) -> None:
        (data / name).unlink()
        complaint = f"Missing required files or directories: {name}"
        self.check_refusal(run_job(data, outputs, 2), complaint, outputs)

    @pytest.mark.parametrize(
        ("spoil", "complaint"),
        [
            pytest.param((PHENOTYPES, "Taxa", "taxon"), "not 'Taxa'", id="first is not Taxa"),
            pytest.param((PHENOTYPES, "0002", "0001"), "row 'line_0001'", id="taxon comes twice"),
            pytest.param((PHENOTYPES, "0001\t", "0001\tx"), "not a number", id="value is a word"),
            pytest.param((GENOTYPES, "rs#", "id"), "no HapMap header", id="no HapMap file"),
            pytest.param((GENOTYPES, "NA\tNA", "NA"), "not two alleles", id="row is cut short"),
            pytest.param((GENOTYPES, "NA\tA", "NA\tN"), "not made of", id="unknown letter"),
        ],
    )
    def test_spoilt_file_is_a_configuration_error(
        self, data: Path, outputs: Path, spoil: tuple[str, str, str], complaint: str
    ) -> None:
        name, old, new = spoil
        edit(data / name, old, new)
        self.check_refusal(run_job(data, outputs, 2), complaint, outputs)

    def test_trait_without_variation_is_a_configuration_error(
        self, data: Path, outputs: Path
    ) -> None:
        taxa = [row["Taxa"] for row in read_table(data / PHENOTYPES)]
        rows = ["Taxa\tflat", *(f"{taxon}\t0.1" for taxon in taxa)]
        (data / PHENOTYPES).write_text("\n".join(rows), encoding="utf-8")
        self.check_refusal(run_job(data, outputs, 2), "values that differ", outputs)

    @staticmethod
    def check_refusal(run: Run, complaint: str, outputs: Path) -> None:
        """Check that the job ended with one line about the configuration and no result."""
        assert run.returncode == 1
        assert run.stderr.startswith("[ERROR] ")
        assert complaint in run.stderr
        assert run.stderr.count("\n") == 1
        assert files(outputs) == {}

    def test_full_disk_keeps_the_old_result_whole_and_leaves_no_scraps(
        self, batch: Batch, outputs: Path
    ) -> None:
        (outputs / "trait_2.tsv").write_text("earlier result", encoding="utf-8")
        limited = (
            "import resource, runpy, sys;"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
            "runpy.run_path(sys.argv[1], run_name='__main__')"
        )
        arguments = ("-B", "-c", limited, SCRIPTS / "run_trait.py")
        run = run_python(*arguments, DATA_PATH=batch.data, OUTPUT_PATH=outputs, TRAIT_INDEX=2)
        assert run.returncode == 3
        assert run.stderr.startswith("[ERROR] analysis failed: ")
        assert files(outputs) == {"trait_2.tsv": b"earlier result"}


class TestSummary:
    """summary.py."""

    def test_all_planted_snps_are_found(self, batch: Batch) -> None:
        run = summarise(batch.data, batch.outputs)
        assert (run.returncode, run.stderr) == (0, "")
        header, *rows, blank, verdict = run.stdout.splitlines()
        assert header.split("  ")[0] == "index"
        for row, (index, snp) in zip(rows, batch.truth.items(), strict=True):
            cells = row.split()
            assert cells[0] == str(index)
            p_value = float(read_table(batch.outputs / f"trait_{index}.tsv")[0]["p_value"])
            assert cells[2:] == [snp, snp, f"{p_value:.2e}", "yes"]
        assert (blank, verdict) == ("", "3 of 3 planted SNPs found")

    def test_trait_without_result_is_named_and_does_not_fail(
        self, batch: Batch, tmp_path: Path
    ) -> None:
        outputs = Path(shutil.copytree(batch.outputs, tmp_path / "outputs"))
        (outputs / f"trait_{min(batch.truth)}.tsv").unlink()
        run = summarise(batch.data, outputs)
        assert run.returncode == 0
        assert run.stdout.count("no result") == 1
        assert "2 of 3 planted SNPs found" in run.stdout

    def test_other_snp_is_a_disagreement(self, batch: Batch, tmp_path: Path) -> None:
        outputs = Path(shutil.copytree(batch.outputs, tmp_path / "outputs"))
        index, snp = min(batch.truth.items())
        edit(outputs / f"trait_{index}.tsv", snp, "S9_9")
        run = summarise(batch.data, outputs)
        assert run.returncode == 1
        row = next(line.split() for line in run.stdout.splitlines() if "S9_9" in line)
        assert (row[2], row[-1]) == (snp, "no")
        assert "2 of 3 planted SNPs found" in run.stdout

    def test_result_that_is_no_table_is_bad_input(self, batch: Batch, outputs: Path) -> None:
        name = f"trait_{min(batch.truth)}.tsv"
        (outputs / name).write_text("snp\tch", encoding="utf-8")
        run = summarise(batch.data, outputs)
        assert (run.returncode, run.stdout) == (2, "")
        assert f"error: {name} is not a table" in run.stderr

    @pytest.mark.parametrize("missing", ["data", "outputs"])
    def test_missing_folder_is_bad_input(self, batch: Batch, tmp_path: Path, missing: str) -> None:
        gone = tmp_path / "gone"
        paths = (gone, batch.outputs) if missing == "data" else (batch.data, gone)
        run = summarise(*paths)
        assert (run.returncode, run.stdout) == (2, "")
        assert str(gone) in run.stderr
