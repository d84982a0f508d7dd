"""The browser, started once for each test process; without one, tests are skipped aloud."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.browser.chromium import MISSING, Opened, is_ci, launched, opened, program

Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if program() is None:
        if is_ci():
            pytest.fail(f"CI must not skip: {MISSING}")
        pytest.skip(MISSING)
    with launched() as started:
        yield started


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens pages; in the end each must have kept quiet and asked for nothing but itself."""
    every: list[tuple[Opened, Path]] = []

    def open_one(page: str | Path, **settings: Any) -> Opened:
        file = tmp_path / "report.html" if isinstance(page, str) else page
        if isinstance(page, str):
            file.write_text(page, "utf-8")
        every.append((opened(browser, file, **settings), file))
        return every[-1][0]

    yield open_one
    for each, file in every:
        each.page.context.close()
        assert each.complaints == []
        assert each.requests == [file.as_uri()]
