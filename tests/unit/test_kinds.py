"""Kinds of clusters: found by name, also in other packages, and each with its own table."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.ledgers import called

from runbatch.clusters import kinds
from runbatch.clusters.kinds import names
from runbatch.config.load import load_batch
from runbatch.core.batch import Batch, ClusterChoice, Run
from runbatch.core.errors import BatchError
from runbatch.views.preview import label_of
from runbatch.wiring import Place, pace_of

TOY = """
from pathlib import PurePath
from runbatch.clusters.kinds import Identity, Kind, Table

class ToyTable(Table):
    kind: str
    queue: str = "short"

KIND = Kind(
    table=ToyTable,
    identity=lambda batch: Identity(PurePath("toys", batch.prefix)),
    open=lambda batch, state_dir, for_one_look: None,
    poll_interval_s=7,
    submit_interval_s=1,
)
"""
FILE = 'prefix = "gwas"\n[jobs]\nkeys = [1]\n[run]\ncommand = ["true"]\n[cluster]\n'


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that offers a kind of cluster, as pip would install it."""
    info = tmp_path / "toy_cluster-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-cluster\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[runbatch.clusters]\ntoy = toy_cluster:KIND\n")
    (tmp_path / "toy_cluster.py").write_text(TOY)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "toy_cluster", raising=False)
    kinds._found.cache_clear()
    yield
    kinds._found.cache_clear()


def load(tmp_path: Path, text: str) -> Batch:
    path = tmp_path / "batch.toml"
    path.write_text(FILE + text)
    return load_batch(path)


@pytest.mark.usefixtures("toy")
def test_another_package_s_kind_is_a_kind_like_ours(tmp_path: Path) -> None:
    batch = load(tmp_path, 'kind = "toy"\nqueue = "long"\n')
    assert batch.cluster == ClusterChoice(kind="toy", queue="long")
    assert Place(batch, tmp_path).ledger_folder == tmp_path / "toys" / "gwas"
    assert (label_of(batch), pace_of(batch, None, None).poll_interval_s) == ("toy", 7)
    assert names() == ("local", "runai", "toy")


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nowhere_at_all", "No module named"),
        ("KIND = (", "'\\(' was never closed"),
        ("raise OSError('no disk')", "no disk"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(tmp_path: Path, code: str, why: str) -> None:
    (tmp_path / "toy_cluster.py").write_text(code)
    with pytest.raises(BatchError, match=f"'toy': its package cannot be used: {why}"):
        load(tmp_path, 'kind = "toy"\n')


@pytest.mark.usefixtures("toy")
def test_a_package_that_cannot_be_imported_stops_no_batch_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "toy_cluster.py").write_text("import nowhere_at_all")
    assert label_of(load(tmp_path, 'kind = "local"\nproject = "p"\n')) == "local"


@pytest.mark.usefixtures("toy")
def test_an_unknown_kind_is_told_all_there_are(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="'slurm': write 'local', 'runai' or 'toy'"):
        load(tmp_path, 'kind = "slurm"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = true", "[cluster] kind = true: write 'local' or 'runai'."),
        ("kind = []", "[cluster] kind = []: write 'local' or 'runai'."),
        (
            'kind = "runai"\nprojet = "p"',
            "[cluster] projet: there is no such key; did you mean project.",
        ),
        ('knid = "runai"', "[cluster] knid: there is no such key; did you mean kind."),
        (
            'kind = "runai"\nproject = "p"\nworkload = "job"',
            "[cluster] workload = 'job': write 'workspace' or 'training'.",
        ),
        ('kind = "runai"\nproject = 3', "[cluster] project = 3: write text, in quotes."),
        ('kind = "runai"', "[cluster] project: is missing; name your Run:ai project."),
    ],
)
def test_what_is_wrong_with_a_cluster_s_table_is_told_by_its_kind(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(BatchError) as error:
        load(tmp_path, text)
    assert str(error.value) == f"{tmp_path / 'batch.toml'}: {said}"


def test_a_key_of_another_kind_waits_for_that_kind(tmp_path: Path) -> None:
    """As files have had them: one line is changed, or --cluster given, to try it on local."""
    batch = load(tmp_path, 'kind = "local"\nproject = "p"\nworkload = "training"\n')
    assert label_of(batch) == "local"
    (tmp_path / "batch.toml").write_text(
        f'{FILE.replace("[cluster]", "")}image = "i:1"\n[cluster]\nproject = "p"\n'
    )
    moved = load_batch(tmp_path / "batch.toml", cluster="runai")
    assert label_of(moved) == "runai (project p, workspaces)"


def test_a_kind_that_python_names_wrongly_makes_nothing(tmp_path: Path) -> None:
    cluster = ClusterChoice(kind="../outside")
    batch = Batch(prefix="gwas", keys=("1",), run=Run(command=("true",)), cluster=cluster)
    with pytest.raises(BatchError, match=r"^\[cluster\] kind = '../outside': write 'local' or"):
        Place(batch, tmp_path).open_ledger()
    assert list(tmp_path.iterdir()) == []


def test_a_batch_keeps_what_its_jobs_in_flight_are_listed_under(tmp_path: Path) -> None:
    def place(workload: str) -> Place:
        cluster = ClusterChoice(kind="runai", project="p", workload=workload)
        run = Run(command=("true",), image="i:1")
        return Place(Batch(prefix="gwas", keys=("1",), run=run, cluster=cluster), tmp_path)

    ledger = place("training").open_ledger()
    assert ledger.reserve(called("1"), None, cap=1)
    ledger.close()
    with pytest.raises(BatchError, match=r"workload = 'workspace': 1 jobs of this batch run as tr"):
        place("workspace").open_ledger()
    place("training").open_ledger().close()
