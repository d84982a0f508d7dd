"""The breaks of `make breaks` are about the source as it is."""

import shutil
from pathlib import Path

import pytest
from tests.breaks import ROOT, Break, read_breaks


@pytest.mark.parametrize("broken", read_breaks(), ids=lambda each: each.name)
def test_each_break_finds_its_words_and_still_compiles(broken: Break, tmp_path: Path) -> None:
    package = tmp_path / "runbatch"
    shutil.copytree(ROOT / "src" / "runbatch", package)
    broken.apply(package)
    for edit in broken.edits:
        compile((package / edit.file).read_text("utf-8"), edit.file, "exec")
