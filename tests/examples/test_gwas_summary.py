"""The summary of the GWAS example: whether what was planted was found."""

import shutil
from pathlib import Path

import pytest
from tests.examples.conftest import Batch, edit, read_table, summarise


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
