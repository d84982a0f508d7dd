"""`kubectl`, where it may be asked: what its pods tell, and when it is asked no more."""

from pathlib import Path

import pytest

from runbatch.clusters.runai.program import execute_kubectl
from runbatch.core.errors import Unreachable


def test_who_gave_no_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kubectl"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Unreachable) as told:
        execute_kubectl(["get", "pods", "-n", "runai-lab"], 0.1)
    assert str(told.value) == 'Run:ai: "kubectl get pods -n" gave no answer within 0.1 s.'
