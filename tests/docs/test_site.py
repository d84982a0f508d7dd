"""The site builds without one warning; and what would be a warning fails it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT

PAGES = ROOT / "docs"


def build(target: Path, source: Path = PAGES) -> subprocess.CompletedProcess[str]:
    """Build as `make docs` does."""
    return subprocess.run(
        [sys.executable, "-m", "docs.site", target, source],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "html"
    done = build(target)
    assert (done.returncode, done.stderr) == (0, "")
    return target


def test_it_builds_without_a_warning(site: Path) -> None:
    pages = {path.relative_to(PAGES).with_suffix("") for path in PAGES.rglob("*.md")}
    moved = {Path("architecture")}
    for page in pages - moved:
        assert (site / page).with_suffix(".html").exists()


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    """Links lead out, for who follows them; what a page is drawn with lies beside it."""
    loads = re.compile(
        r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//[^\"]*\""
        r"|<link\b[^>]*\bhref=\"(?:https?:)?//[^\"]*\"|url\([\"']?(?:https?:)?//[^)]*\)|@import[^;]*"
    )
    for path in site.rglob("*"):
        if path.suffix in (".html", ".css"):
            assert loads.findall(path.read_text("utf-8")) == [], path


BROKEN = [
    ("index.md", "[a page](reference/nowhere.md)", "target not found: 'reference/nowhere.md'"),
    ("index.md", "[a heading](reference/json.md#nowhere)", "local id not found in doc"),
    ("index.md", "[a file](../README.md)", "target not found: '../README.md'"),
    ("reference/events.md", "[a picture](../pictures/no.png)", "not found: '../pictures/no.png'"),
    ("reference/events.md", "![a picture](../pictures/no.png)", "image file not readable"),
    ("orphan.md", "# Nobody leads here", "document isn't included in any toctree"),
]


def build_with(faults: Iterable[tuple[str, str, str]], folder: Path) -> tuple[int, str]:
    """Build the pages with these texts added; return the exit code and the complaints."""
    source = folder / "docs"
    shutil.copytree(PAGES, source)
    for page, text, _ in faults:
        with (source / page).open("a") as file:
            file.write(f"\n{text}\n")
    done = build(folder / "html", source)
    return done.returncode, done.stderr


def test_one_broken_link_fails_it(tmp_path: Path) -> None:
    code, complaints = build_with(BROKEN[:1], tmp_path)
    assert code != 0
    assert complaints.count("WARNING") == 1


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build_with(BROKEN, tmp_path_factory.mktemp("broken"))[1]


@pytest.mark.parametrize(("page", "said"), [(page, said) for page, _, said in BROKEN])
def test_everything_that_is_broken_is_named(complaints: str, page: str, said: str) -> None:
    assert any(f"{page}:" in line and said in line for line in complaints.splitlines())
