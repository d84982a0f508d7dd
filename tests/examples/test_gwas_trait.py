"""The job that analyses one trait of the GWAS example, when all is well: scipy says the same."""

from pathlib import Path

import pytest

# scipy has no type stubs.
from scipy.stats import linregress  # type: ignore[import-untyped]
from tests.examples.conftest import (
    GENOTYPES,
    PHENOTYPES,
    PLANTED,
    SNPS,
    TRAITS,
    Batch,
    files,
    read_table,
    run_job,
)


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
