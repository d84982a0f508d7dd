"""Where a batch's state is kept."""

from pathlib import Path

import pytest

import runbatch
from runbatch.core.batch import Batch, ClusterChoice, Run
from runbatch.core.errors import BatchError
from runbatch.views.preview import label_of
from runbatch.wiring import Place

NO_PROJECTS = [None, "", "..", "../../../outside", "a/b", "/outside", "a\0b", "a\n"]


def batch_on(kind: str, project: str | None) -> Batch:
    cluster = ClusterChoice(kind=kind, project=project, workload="training")
    return Batch(prefix="gwas", keys=("1",), run=Run(command=("true",)), cluster=cluster)


@pytest.mark.parametrize("project", ["talmo-lab", *NO_PROJECTS])
def test_a_batch_on_local_has_one_ledger_whatever_its_project(
    tmp_path: Path, project: str | None
) -> None:
    batch = batch_on("local", project)
    assert Place(batch, tmp_path).ledger_folder == tmp_path / "local" / "gwas"
    assert label_of(batch) == "local"


def test_a_batch_on_runai_has_a_ledger_for_each_project(tmp_path: Path) -> None:
    batch = batch_on("runai", "talmo-lab")
    assert Place(batch, tmp_path).ledger_folder == tmp_path / "runai" / "talmo-lab" / "gwas"
    assert label_of(batch) == "runai (project talmo-lab, trainings)"


@pytest.mark.parametrize("project", NO_PROJECTS)
def test_what_is_no_project_never_becomes_a_folder(tmp_path: Path, project: str | None) -> None:
    batch = batch_on("runai", project)
    with pytest.raises(BatchError, match=r"^\[cluster\] project"):
        _ = Place(batch, tmp_path).ledger_folder
    # A batch of Python's own making passes no file's checks.
    with pytest.raises(BatchError, match=r"^\[cluster\] project"):
        runbatch.wait(batch, state=tmp_path)
    assert list(tmp_path.iterdir()) == []
