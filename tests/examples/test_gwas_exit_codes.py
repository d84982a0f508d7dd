"""The job that analyses one trait of the GWAS example, when something is wrong: its exit codes."""

from pathlib import Path

import pytest
from tests.examples.conftest import (
    GENOTYPES,
    PHENOTYPES,
    SCRIPTS,
    Batch,
    Run,
    edit,
    files,
    read_table,
    run_job,
    run_python,
)


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
