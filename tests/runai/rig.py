"""The real runner, ledger and adapter over the stand-in: the program `runai` is really called."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.incident import InProcess
from tests.runai_standin import Delays, Settings, StandIn, Switches
from tests.runai_standin.lifecycle import EVICTED
from tests.runai_standin.workload import Pod

from runbatch.clock import Clock
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.runai.limits import project_of
from runbatch.clusters.runai.table import table_of
from runbatch.clusters.shell.program import Execute, Reply
from runbatch.core.batch import Batch, ClusterChoice, Mount, Run
from runbatch.core.events import Event
from runbatch.core.reconcile import learn
from runbatch.core.snapshot import Snapshot
from runbatch.core.whose import Claims
from runbatch.core.wish import Wish, rerun, stale
from runbatch.ledger.store import Ledger
from runbatch.runner import Ears, Pace, Runner
from runbatch.testing import FakeClock

PACE = Pace(poll_interval_s=30, submit_interval_s=2)
QUICK = Delays(creating=(1, 2), pending=(1, 2), initializing=(2, 5), running=(100, 300))
MOST_TICKS = 3000


def forbidden(words: Sequence[str], limit_s: float) -> Reply:
    """Answer as `kubectl` does where it is not allowed, as nearly everywhere."""
    if words[0] == "config":
        return Reply(0, "lab\n", "")
    return Reply(1, "", "Error from server (Forbidden): pods is forbidden")


def pods_json(standin: StandIn) -> str:
    """Return what `kubectl get pods -o json` would say of the stand-in's pods."""
    items = [
        {
            "metadata": {"name": pod.name, "creationTimestamp": f"{pod.created_s:012}"},
            "spec": {
                "containers": [
                    {"env": [{"name": n, "value": v} for n, v in each.request.environment]}
                ]
            },
            "status": _status(pod),
        }
        for each in standin.truth().workloads
        for pod in each.pods
        if (pod.exit_code is not None or pod.phase == EVICTED) and each.gone_s is None
    ]
    return json.dumps({"items": items})


def _status(pod: Pod) -> dict[str, object]:
    if pod.phase == EVICTED:
        return {"phase": "Failed", "reason": EVICTED}
    ended = {"terminated": {"exitCode": pod.exit_code, "reason": "Error"}}
    return {"phase": "Failed", "containerStatuses": [{"state": ended}]}


@dataclass
class Rig:
    """One batch in the project of one stand-in, on a clock that moves the stand-in's."""

    folder: Path
    batch: Batch
    standin: StandIn
    said: list[Event] = field(default_factory=list)
    kubectl: Execute = forbidden
    says_yes: bool = True
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        start = datetime.fromtimestamp(self.standin.unix_s, UTC)
        self.clock = FakeClock(start, on_sleep=self.standin.advance)

    def cluster(self) -> RunaiCluster:
        choice = self.batch.cluster
        execute = InProcess(self.standin)
        project, kind = project_of(choice), table_of(choice).workload
        return RunaiCluster(project, kind, execute=execute, kubectl=self.kubectl)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        ledger = Ledger(self.folder / "ledger")
        try:
            yield ledger
        finally:
            ledger.close()

    def wish(self, keys: frozenset[str] = frozenset()) -> Wish:
        cluster = self.cluster()
        with self.ledger() as ledger:
            before = ledger.view()
        listing = cluster.list(self.batch.prefix)
        now = self.clock.now()
        claims = Claims(agreed=self.there())
        patience = cluster.patience
        learned = learn(self.batch, before, listing, before.called, now, patience, claims)
        named = rerun(learned.view, keys)
        return Wish(start=True, wait=True, stale=stale(before), rerun=named)

    def there(self) -> frozenset[str]:
        """The uids of what is there: a person may say yes to it when a command begins."""
        there = self.standin.truth().workloads if self.says_yes else ()
        return frozenset(each.uid for each in there)

    def runner(self, ledger: Ledger, wish: Wish, ticks: Iterator[int] | None = None) -> Runner:
        left = iter(range(MOST_TICKS)) if ticks is None else ticks
        wish = replace(wish, adopt=self.there())
        return Runner(
            self.batch,
            self.cluster(),
            ledger,
            wish,
            self.clock,
            PACE,
            ears=Ears(event=self.said.append),
            stopped=lambda: next(left, None) is None,
        )

    def run(self, wish: Wish | None = None, most_ticks: int = MOST_TICKS) -> Snapshot:
        """Run one invocation; it is stopped after so many looks and actions."""
        with self.ledger() as ledger:
            wish = wish or Wish(start=True, wait=True)
            return self.runner(ledger, wish, iter(range(most_ticks))).run("test")

    def lines(self, kind: str) -> list[str]:
        return [event.text for event in self.said if event.kind.value == kind]

    def is_ours(self, name: str) -> bool:
        return self.batch.prefix == name.rpartition("-")[0] and name.rpartition("-")[2].isdigit()

    def most_active(self) -> int:
        """Return, by the stand-in's truth, the largest number of our workloads not yet ended."""
        return self.standin.truth().max_active(self.is_ours)


class Rewriting:
    """The stand-in's answers with each row of a list changed."""

    def __init__(self, rig: Rig, change: Callable[[dict[str, Any]], None]) -> None:
        self._call = InProcess(rig.standin)
        self._change = change

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        reply = self._call(words, limit_s)
        if "list" not in words or "project" in words:
            return reply
        found = json.loads(reply.out)
        for row in found["workloads"]:
            self._change(row)
        return replace(reply, out=json.dumps(found))


def make_rig(
    folder: Path,
    *,
    last: int = 10,
    cap: int = 5,
    prefix: str = "gwas",
    workload: str = "workspace",
    settings: Settings | None = None,
    switches: Switches | None = None,
) -> Rig:
    batch = Batch(
        prefix=prefix,
        keys=tuple(str(key) for key in range(2, last + 2)),
        integer_keys=True,
        variable="TRAIT_INDEX",
        cap=cap,
        cluster=ClusterChoice(kind="runai", project="talmo-lab", workload=workload),
        run=Run(
            command=("/scripts/entrypoint.sh", "run"),
            image="ghcr.io/lab/pipeline:1.4",
            mounts=(Mount("/hpi/data", "/data"),),
        ),
    )
    settings = settings or Settings(delays=QUICK)
    standin, _ = StandIn.in_memory(settings, switches)
    return Rig(folder, batch, standin)


def path_with(bin_folder: Path) -> str:
    return os.pathsep.join([str(bin_folder), os.environ["PATH"]])
