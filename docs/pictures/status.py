"""Draws what `runbatch status --watch` shows: `python -m docs.pictures.status` writes the SVGs.

One batch is the incident, replayed on a simulated Run:ai cluster while nobody retries yet; the
other is a real one on this machine. Names of machines are made up: a picture is for everybody.
"""

import io
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from tests.incident import DOTENV, PACE, InProcess, settings
from tests.runai_standin import StandIn

from runbatch.cli.status import Looker
from runbatch.clock import SystemClock
from runbatch.clusters.kinds import kind_of
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.config.load import load_batch
from runbatch.core.snapshot import snapshot_of
from runbatch.core.waits import Answer, waits_of
from runbatch.core.wish import Wish
from runbatch.ledger.invocations import Invocation
from runbatch.ledger.store import Ledger
from runbatch.runner import Runner
from runbatch.testing.clock import FakeClock
from runbatch.views.status import Picture, Status, status_of
from runbatch.wiring import Place

HERE = Path(__file__).parent
SIZES = ((80, 24), (120, 26))
SEED = 1
HOURS = 1.6
HOST = "login-2"
LOCAL = """
prefix = "weekly-maps"
max_concurrent = 4
[jobs]
range = [1, 36]
variable = "TILE"
[run]
command = ["python3", "job.py"]
"""
JOB = """
import os, sys, time
tile = int(os.environ["TILE"])
time.sleep(1 + tile % 3)
sys.exit({7: 1, 11: 2, 12: 2}.get(tile, 0))
"""
WILL_FAIL = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """What was seen, when, and how often one looks."""

    status: Status
    at: datetime
    poll_interval_s: float


def incident(folder: Path) -> Scene:
    """Return how the replayed incident stands after some time."""
    (folder / ".env").write_text(DOTENV, "utf-8")
    batch = load_batch(folder / ".env")
    standin = StandIn.create(folder / "cluster", settings(SEED))
    began = datetime.fromtimestamp(standin.unix_s, UTC)
    clock = FakeClock(began, on_sleep=standin.advance)
    cluster = RunaiCluster("talmo-lab", "workspace", execute=InProcess(standin))
    ledger = Ledger(folder)
    runner = Runner(batch, cluster, ledger, Wish(start=True, wait=True), clock, PACE)
    while (clock.now() - began).total_seconds() < HOURS * 3600:
        looked_at = clock.now()
        runner.tick()
        clock.sleep(PACE.poll_interval_s)
    snapshot = snapshot_of(batch, ledger.view(), clock.now())
    ledger.close()
    submit = Invocation(1, HOST, 4711, "submit", began, looked_at)
    waits = waits_of(
        snapshot, Answer(looked_at), ["submit"], cluster.list(batch.prefix).observations
    )
    return Scene(status_of(snapshot, waits, [submit]), clock.now(), PACE.poll_interval_s)


def local(folder: Path) -> Scene:
    """Return how a real batch on this machine stands once some of its jobs have failed."""
    (folder / "batch.toml").write_text(LOCAL, "utf-8")
    (folder / "job.py").write_text(JOB, "utf-8")
    program = Path(sys.executable).with_name("runbatch")
    words = [str(program), "submit", "--yes", "--wait", "--state-dir", str(folder)]
    place = Place(load_batch(folder / "batch.toml"), folder)
    looker = Looker(place, SystemClock())
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        while len((status := looker.look()).snapshot.failed) < WILL_FAIL:
            time.sleep(0.1)
    at_work = tuple(replace(each, host=HOST, pid=4711) for each in status.at_work)
    nodes = tuple(replace(each, node=HOST) for each in status.nodes)
    seen = replace(status, at_work=at_work, nodes=nodes)
    return Scene(seen, status.snapshot.at, kind_of("local").poll_interval_s)


def draw(path: Path, scene: Scene, width: int, height: int) -> None:
    """Write the picture of a terminal of this size."""
    console = Console(
        record=True, width=width, height=height, file=io.StringIO(), force_terminal=True
    )
    console.print(Picture(scene.status, lambda: scene.at, scene.poll_interval_s))
    svg = console.export_svg(title="runbatch status --watch", unique_id=path.stem)
    # No fonts from elsewhere: it is to look the same with the network off.
    path.write_text(re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL), "utf-8")


def main() -> None:
    """Draw them all."""
    for name, scene_in in (("status", incident), ("status-local", local)):
        with TemporaryDirectory() as folder:
            scene = scene_in(Path(folder))
        for width, height in SIZES:
            draw(HERE / f"{name}-{width}.svg", scene, width, height)


if __name__ == "__main__":
    main()
