"""The incident, replayed: `python -m tests.incident`.

186 traits, MAX_CONCURRENT=50, a project in which 33 workloads of other people run, and nodes whose
mount tables overflow when too much starts at once. Twice on the same seed: once under the old
script's rule, which counted every Running row of the project, and once under runbatch, which counts
the batch's own jobs in every state that is no end. The stand-in's own record is the judge.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.runai_standin import ClientHung, Delays, Others, Phase, Settings, StandIn, Truth

from runbatch.clusters.runai.arguments import Version, list_args, submit_args
from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.program import Reply
from runbatch.config.load import load_batch
from runbatch.core.batch import Batch
from runbatch.core.errors import Unreachable
from runbatch.core.wish import Wish
from runbatch.core.workload import workload_of
from runbatch.ledger.store import Ledger
from runbatch.runner import Pace, Runner
from runbatch.testing.clock import FakeClock

PREFIX = "eberrigan-gapit-gwas"
DOTENV = f"""
PROJECT=talmo-lab
IMAGE=ghcr.io/lab/pipeline:1.4
JOB_PREFIX={PREFIX}
START_TRAIT=2
END_TRAIT=187
MAX_CONCURRENT=50
DATA_PATH_HOST=/hpi/lab/data
OUTPUT_PATH_HOST=/hpi/lab/outputs
GENOTYPE_FILE=/data/genotypes.hmp.txt
PHENOTYPE_FILE=/data/traits.txt
MODEL=BLINK,FarmCPU
"""
PACE = Pace(poll_interval_s=30, submit_interval_s=2)
OTHERS_RUNNING = 33
MOUNT_FAILURE = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What the stand-in recorded of one run; times in hours of its clock."""

    rule: str
    most_active: int
    mount_failures: int
    submits: int
    lists: int
    hours: float


def settings(seed: int, others: int = OTHERS_RUNNING, generation: str = "2.25") -> Settings:
    """Return the cluster of the incident: slow starts, and room for some 60 such jobs' mounts."""
    return Settings(
        seed=seed,
        generation=generation,
        nodes=8,
        slots=40,
        mount_table=20,
        delays=Delays(initializing=(120, 300), running=(1200, 3600)),
        others=Others(running=others, mounts=1, per_hour=10),
    )


def is_ours(name: str) -> bool:
    """Whether a workload of this name is the batch's."""
    return name.startswith(f"{PREFIX}-")


@dataclass(frozen=True, slots=True)
class InProcess:
    """The program, called in this process: the same words and answers, only faster.

    Raises Unreachable where the program would hang.
    """

    standin: StandIn

    def __call__(self, words: Sequence[str], limit_s: float) -> Reply:
        """Return how the call ended."""
        try:
            answer = self.standin.call(*words)
        except ClientHung as error:
            raise Unreachable(f"Run:ai: no answer within {limit_s:g} s.") from error
        return Reply(answer.exit_code or 0, answer.stdout, answer.stderr)


def run_runbatch(standin: StandIn, batch: Batch, folder: Path) -> Result:
    """Run the batch as `runbatch submit --wait` does."""
    clock = FakeClock(datetime.fromtimestamp(standin.unix_s, UTC), on_sleep=standin.advance)
    cluster = RunaiCluster("talmo-lab", "workspace", execute=InProcess(standin))
    ledger = Ledger(folder)
    try:
        wish = Wish(start=True, wait=True)
        Runner(batch, cluster, ledger, wish, clock, PACE).run("submit")
    finally:
        ledger.close()
    return result_of("the batch's own, in any state but an end", standin.truth())


def run_old_script(standin: StandIn, batch: Batch) -> Result:
    """Run the batch as the old script did: it waits while 50 rows say Running."""
    version = Version(2, 25)
    for key in batch.keys:
        while _running_rows(standin, version) >= batch.cap:
            standin.advance(PACE.poll_interval_s)
        workload = workload_of(batch, key, 1)
        standin.call(*submit_args(workload, "talmo-lab", "workspace", version))
        standin.advance(PACE.submit_interval_s)
    while any(phase not in (Phase.COMPLETED, Phase.FAILED) for phase in _live(standin)):
        standin.advance(PACE.poll_interval_s)
    return result_of("every Running row of the project", standin.truth())


def _running_rows(standin: StandIn, version: Version) -> int:
    answer = standin.call(*list_args("talmo-lab", "workspace", version))
    return sum(row["phase"] == "Running" for row in json.loads(answer.stdout)["workloads"])


def _live(standin: StandIn) -> list[Phase]:
    return list(standin.truth().live(is_ours).values())


def result_of(rule: str, truth: Truth) -> Result:
    """Return what was recorded."""
    codes = [truth.exit_codes(name) for name in truth.names(is_ours)]
    return Result(
        rule=rule,
        most_active=truth.max_active(is_ours),
        mount_failures=sum(MOUNT_FAILURE in found for found in codes),
        submits=len(truth.calls_of("submit")),
        lists=len(truth.calls_of("list")),
        hours=truth.changes[-1].at_s / 3600,
    )


def replay(folder: Path, seed: int = 1) -> tuple[Result, Result, Truth]:
    """Return both runs of one seed, the old rule's and runbatch's; and the truth of the latter."""
    path = folder / ".env"
    path.write_text(DOTENV, "utf-8")
    batch = load_batch(path)
    before, _ = StandIn.in_memory(settings(seed))
    after, _ = StandIn.in_memory(settings(seed))
    old = run_old_script(before, batch)
    new = run_runbatch(after, batch, folder / "ledger")
    return old, new, after.truth()


def main() -> None:
    """Replay one seed (an argument, default 1) and print both runs side by side."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with TemporaryDirectory() as folder:
        *results, _ = replay(Path(folder), seed)
    print(f"186 traits, MAX_CONCURRENT=50, {OTHERS_RUNNING} workloads of others, seed {seed}\n")
    print(f"{'what counts against the cap':<42}{'most active':>12}{'mount failures':>16}"
          f"{'submits':>9}{'lists':>7}{'hours':>7}")  # fmt: skip
    for each in results:
        print(f"{each.rule:<42}{each.most_active:>12}{each.mount_failures:>16}"
              f"{each.submits:>9}{each.lists:>7}{each.hours:>7.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
