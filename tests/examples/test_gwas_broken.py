"""The second half of `make demo`: what a missing mount broke is retried, and nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.e2e.shell import RUNBATCH

GWAS = Path(__file__).parents[2] / "examples" / "gwas"


def test_a_late_folder_is_a_mount_failure_and_the_configuration_error_is_left(
    tmp_path: Path,
) -> None:
    for name in ("broken.toml", "make_cohort.py", "run_trait.py"):
        shutil.copy(GWAS / name, tmp_path)
    subprocess.run([sys.executable, "make_cohort.py", "--out", "data"], cwd=tmp_path, check=True)

    def run(*words: str) -> str:
        where = ("-b", "broken.toml", "--state-dir", "state", "--yes", "--poll-interval", "0.1")
        done = subprocess.run(
            [RUNBATCH, *words, *where], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 3, done.stderr
        return done.stdout

    assert "mount failure: 6 jobs (1-6)" in run("submit", "--wait")
    (tmp_path / "late").mkdir()
    retried = run("retry")
    assert "6 jobs: 5 succeeded, 1 failed." in retried
    assert "configuration error: 1 job (1)" in retried
