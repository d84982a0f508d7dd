"""The cohort that the GWAS example makes: its size and format, and what is planted in it."""

from pathlib import Path

import pytest
from tests.examples.conftest import (
    GENOTYPES,
    PHENOTYPES,
    SCRIPTS,
    SMALL,
    TRUTH,
    Batch,
    files,
    make_cohort,
    read_table,
    run_python,
)

HAPMAP_HEADER = [
    *("rs#", "alleles", "chrom", "pos", "strand", "assembly#"),
    *("center", "protLSID", "assayLSID", "panelLSID", "QCcode"),
]


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
