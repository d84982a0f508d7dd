"""Makes the pictures of the report in docs/pictures: `make pictures`.

Of two batches: the incident, replayed on the simulated Run:ai cluster with a node whose mount table
is nearly full, and a real one of this machine's own processes.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, ViewportSize
from tests.browser.chromium import launched, opened
from tests.e2e.shell import Shell, toml
from tests.incident import DOTENV, PACE, InProcess, run_runbatch, settings
from tests.runai_standin import StandIn

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.config.load import load_batch
from runbatch.core.history import history_of
from runbatch.core.snapshot import snapshot_of
from runbatch.core.wish import Wish
from runbatch.ledger.record import read_record
from runbatch.ledger.store import Ledger
from runbatch.runner import Runner
from runbatch.testing.clock import FakeClock
from runbatch.views.report.page import page_of

FOLDER = Path(__file__).parents[2] / "docs/pictures"
WIDE, NARROW = ViewportSize(width=1200, height=900), ViewportSize(width=390, height=844)
ROWS_SHOWN = 8
FULL_NODE = {"gpu-node5": 12}
# Fails as a missing mount does until somebody mounts the folder, which is made between the two.
JOB = """
import os, time
time.sleep(0.2 + int(os.environ["KEY"]) % 7 / 5)
missing = int(os.environ["KEY"]) % 6 == 0 and not os.path.isdir("mounted")
missing and print("INFRASTRUCTURE MOUNT FAILURE: data", flush=True)
os._exit(2 if missing else 137 if os.environ["KEY"] == "23" else 0)
"""


def main() -> None:
    """Make every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as name, launched() as browser:
        folder = Path(name)
        incident = _incident(folder)
        _take(browser, incident, "report-wide", WIDE)
        _take(browser, incident, "report-dark", WIDE, scheme="dark")
        _take(browser, incident, "report-narrow", NARROW)
        _take(browser, _local(folder / "local"), "report-local", WIDE)


def _incident(folder: Path) -> Path:
    """Return the page of the incident: all traits submitted, then what failed retried."""
    dotenv, ledger_folder = folder / ".env", folder / "ledger"
    dotenv.write_text(DOTENV)
    batch = load_batch(dotenv)
    standin = StandIn.create(folder / "cluster", replace(settings(1), mount_tables=FULL_NODE))
    run_runbatch(standin, batch, ledger_folder)
    clock = FakeClock(datetime.fromtimestamp(standin.unix_s, UTC), on_sleep=standin.advance)
    cluster = RunaiCluster("talmo-lab", "workspace", execute=InProcess(standin))
    ledger = Ledger(ledger_folder)
    wish = Wish(retry=True, wait=True)
    Runner(batch, cluster, ledger, wish, clock, PACE).run("retry")
    view = ledger.view()
    ledger.close()
    history = history_of(read_record(ledger_folder).entries)
    page = folder / "incident.html"
    page.write_text(page_of(snapshot_of(batch, view, clock.now()), history, folder), "utf-8")
    return page


def _local(folder: Path) -> Path:
    folder.mkdir()
    shell = Shell(folder)
    job = [sys.executable, "-I", "-S", "-c", JOB]
    shell.write(toml(job, last=48, cap=8, prefix="plates", more="[retry]\ndelay_s = 1"))
    shell.submit()
    (folder / "mounted").mkdir()
    shell.run("retry", "--yes")
    shell.run("report")
    return folder / "report.html"


def _take(
    browser: Browser, file: Path, name: str, viewport: ViewportSize, scheme: str = "light"
) -> None:
    """Take a picture of the page down to the table's first rows."""
    page = opened(browser, file, viewport=viewport, color_scheme=scheme).page
    last = page.locator("#table tbody tr").nth(ROWS_SHOWN - 1).bounding_box()
    if last is None:
        raise RuntimeError(f"{file} shows no {ROWS_SHOWN} rows")
    end = last["y"] + last["height"] + 12
    path = FOLDER / f"{name}.png"
    clip = {"x": 0, "y": 0, "width": viewport["width"], "height": end}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
    page.context.close()


if __name__ == "__main__":
    main()
