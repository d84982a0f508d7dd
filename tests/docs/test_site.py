"""The site builds without one warning; and what would be a warning fails it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import ROOT

PAGES = ROOT / "docs"
# What is drawn with the page, not links for who follows them.
LOADS = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"(?:https?:)?//[^\"]*\""
    r"|<link\b[^>]*\bhref=\"(?:https?:)?//[^\"]*\"|url\([\"']?(?:https?:)?//[^)]*\)|@import[^;]*"
)
BROKEN = [
    ("index.md", "[a page](reference/nowhere.md)", "target not found: 'reference/nowhere.md'"),
    ("index.md", "[a heading](reference/json.md#nowhere)", "local id not found in doc"),
    ("reference/events.md", "![a picture](../pictures/no.png)", "image file not readable"),
    ("orphan.md", "# Nobody leads here", "document isn't included in any toctree"),
]


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


def test_it_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = build(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {path.relative_to(PAGES).with_suffix(".html") for path in PAGES.rglob("*.md")}
    for page in pages - {Path("architecture.html")}:  # which only says where it has gone
        assert (tmp_path / page).exists()
    for path in tmp_path.rglob("*"):
        if path.suffix in (".html", ".css"):
            assert LOADS.findall(path.read_text("utf-8")) == [], path


def test_everything_that_is_broken_fails_it_and_is_named(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    shutil.copytree(PAGES, source)
    for page, text, _ in BROKEN:
        with (source / page).open("a") as file:
            file.write(f"\n{text}\n")
    done = build(tmp_path / "html", source)
    assert done.returncode != 0
    for page, _, said in BROKEN:
        lines = done.stderr.splitlines()
        assert any(f"{page}:" in line and said in line for line in lines), (page, said)
