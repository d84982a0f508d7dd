"""How long a report takes, and how large it is: `python -m tests.browser.measure [jobs ...]`.

Seconds of this machine, for people to read. No test compares them: machines differ.
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser
from tests.browser.chromium import launched, opened
from tests.browser.made import made

from runbatch.views.report.page import page_of

JOBS = (100, 1_000, 10_000)


def main() -> None:
    """Print a line for each number of jobs."""
    sizes = [int(word) for word in sys.argv[1:]] or JOBS
    print(
        f"{'jobs':>6}{'states':>8}{'MB':>7}{'made s':>8}{'ready s':>9}{'search s':>10}{'sort s':>8}"
    )
    with launched() as browser, TemporaryDirectory() as folder:
        for jobs in sizes:
            print(_line(browser, jobs, Path(folder)), flush=True)


def _line(browser: Browser, jobs: int, folder: Path) -> str:
    snapshot, history = made(jobs)
    file = folder / "report.html"
    started = time.perf_counter()
    file.write_text(page_of(snapshot, history, folder), "utf-8")
    made_s = time.perf_counter() - started
    seen = opened(browser, file)
    # From the first byte until table and charts are there and take clicks.
    ready_s = seen.page.evaluate("performance.now() / 1000")
    search_s, sort_s = (seen.page.evaluate(_TIMED, act) for act in ("search", "sort"))
    seen.page.context.close()
    size = file.stat().st_size / 1e6
    return (
        f"{jobs:>6}{len(history.stretches):>8}{size:>7.2f}{made_s:>8.2f}{ready_s:>9.2f}"
        f"{search_s:>10.3f}{sort_s:>8.3f}"
    )


_TIMED = """(act) => new Promise((done) => {
  const start = performance.now(), find = document.getElementById("find");
  if (act === "search") {
    find.value = "gpu-node5 failure";
    find.dispatchEvent(new Event("input"));
  } else document.querySelector("[data-sort=took] button").click();
  requestAnimationFrame(() => setTimeout(() => done((performance.now() - start) / 1000)));
})"""

if __name__ == "__main__":
    main()
