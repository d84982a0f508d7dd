"""The adapter that the page builds, from the page's own text."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, blocks

import runbatch
from runbatch.clusters import kinds
from runbatch.core.job import State

PAGE = ROOT / "docs" / "how-to" / "write-an-adapter.md"
ADAPTER, SUITE = blocks(PAGE, "python")
_, BATCH = blocks(PAGE, "ini")
MOST_LINES = 150


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page's module as an installed package, with its entry point."""
    site = tmp_path / "site"
    (site / "folder_cluster-1.dist-info").mkdir(parents=True)
    (site / "folder_cluster.py").write_text(ADAPTER)
    entry = "[runbatch.clusters]\nfolder = folder_cluster:KIND\n"
    (site / "folder_cluster-1.dist-info" / "entry_points.txt").write_text(entry)
    (site / "folder_cluster-1.dist-info" / "METADATA").write_text("Name: folder-cluster\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    kinds._found.cache_clear()
    yield site
    kinds._found.cache_clear()
    sys.modules.pop("folder_cluster", None)


def test_it_keeps_the_contract(installed: Path) -> None:
    (installed / "test_folder.py").write_text(SUITE)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_folder.py"]
    done = subprocess.run(words, cwd=installed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_batch_runs_on_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "batch.toml").write_text(BATCH)
    batch = runbatch.load_batch(tmp_path / "batch.toml")
    done = runbatch.submit(batch, wait=True, state=tmp_path / "state", poll_interval_s=0.05)
    assert done.counts[State.SUCCEEDED] == 3
    assert len(list((tmp_path / "state" / "folder-jobs").iterdir())) == 3


def test_it_is_short() -> None:
    assert len(ADAPTER.splitlines()) < MOST_LINES
