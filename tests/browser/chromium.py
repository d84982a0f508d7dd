"""A real Chromium without a screen, and pages in it whose every misstep is written down."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # it may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "no Chromium here; make browser installs it, or: apt install chromium"


def program() -> str | None:
    """Return the browser's program, None where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a browser as long as the block; it starts with nothing of yours."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def is_ci() -> bool:
    return bool(os.environ.get("CI"))


@dataclass(frozen=True)
class Dots:
    """How many dots there are of a colour, and in which line the first one is."""

    count: int
    top: int


@dataclass
class Opened:
    """A page, and what went wrong or out in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def rows(self) -> list[str]:
        """The keys in the table, as they stand."""
        return self.page.locator("#table tbody th").all_inner_texts()

    def picture(self, chart: str) -> str:
        """What a chart shows, as one text."""
        self._wait_until_drawn()
        return str(self.page.locator(f"{chart} canvas").evaluate("(it) => it.toDataURL()"))

    def dots(self, chart: str, *names: str) -> dict[str, "Dots"]:
        """Where a chart has dots of these colours of the page's style."""
        colours = [self.variable(name) for name in names]
        self._wait_until_drawn()
        found = self.page.locator(f"{chart} canvas").evaluate(_FIND_DOTS, colours)
        return {name: Dots(*each) for name, each in zip(names, found, strict=True)}

    def _wait_until_drawn(self) -> None:
        # A page hears of its new size or colours with its next frame, not with the call that
        # changes them; and what it then draws is on the canvas after its script's own turn.
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def variable(self, name: str) -> tuple[int, ...]:
        """A colour of the page's style."""
        value = self.page.evaluate(
            "(name) => getComputedStyle(document.documentElement).getPropertyValue(name)",
            f"--{name}",
        )
        digits = str(value).strip().lstrip("#")
        if len(digits) == 3:
            digits = "".join(2 * digit for digit in digits)
        return tuple(bytes.fromhex(digits))


# On a copy: a canvas that is read from often complains.
_FIND_DOTS = """(canvas, colours) => {
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const dots = new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
  return colours.map(([red, green, blue]) => {
    const wanted = (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
    let count = 0, top = -1;
    dots.forEach((dot, i) => {
      if (dot !== wanted) return;
      if (count === 0) top = Math.floor(i / width);
      count += 1;
    });
    return [count, top];
  });
}"""


def opened(browser: Browser, file: Path, **settings: Any) -> Opened:
    """Open a file in a window of its own with the network off, unless `settings` say otherwise."""
    defaults: dict[str, Any] = {"offline": True, "reduced_motion": "reduce"}
    context = browser.new_context(**defaults | settings)
    found = Opened(context.new_page())
    found.page.goto(file.as_uri())
    return found
