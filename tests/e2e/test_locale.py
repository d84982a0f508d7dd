"""A locale that cannot carry a value: the job gets it all the same, as UTF-8."""

import os
import subprocess
import sys
from pathlib import Path

BATCH = """\
prefix = "test"
[jobs]
keys = ["1"]
[run]
command = ["sh", "-c", 'printf "%s %s" "$LIMIT" "$1"', "sh", "µ"]
env = { LIMIT = "≥ 5" }
"""


def test_a_value_that_the_locale_cannot_carry_reaches_the_job(tmp_path: Path) -> None:
    (tmp_path / "batch.toml").write_text(BATCH, "utf-8")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "runbatch", "submit", "--yes", "--wait"],
        cwd=tmp_path,
        env={**os.environ, **plain, "RUNBATCH_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    log = tmp_path / "state/clusters/local/workloads/test-1/log"
    assert log.read_bytes() == "≥ 5 µ".encode()
