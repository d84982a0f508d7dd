"""The installed command with the program `runai` on PATH: what a person types, reads and gets."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.shell import RUNBATCH, Result, Shell, wait_for_line, wait_until
from tests.runai.rig import path_with
from tests.runai_standin import Delays, Fault, Phase, Settings, StandIn, Switches, Trouble

# Some hundred times as fast as life: jobs of seconds, and a program that answers at once.
QUICK = Settings(
    time_factor=20,
    delays=Delays(creating=(1, 2), pending=(1, 2), initializing=(2, 4), running=(10, 40)),
)
DOTENV = """# the lab's settings\r
export PROJECT=talmo-lab\r
JOB_PREFIX="eberrigan-gapit-gwas"\r
IMAGE=ghcr.io/lab/pipeline:1.4\r
START_TRAIT=2\r
END_TRAIT=13\r
MAX_CONCURRENT=5\r
DATA_PATH_HOST=/hpi/lab/data\r
OUTPUT_PATH_HOST=/hpi/lab/outputs\r
GENOTYPE_FILE=/data/g.hmp.txt\r
PHENOTYPE_FILE=/data/traits.txt\r
MODELS=BLINK,FarmCPU\r
"""
FAST = ("--poll-interval", "0.2", "--submit-interval", "0")


class Lab:
    """A folder with the lab's `.env`, and a cluster of one's own behind `runai`."""

    def __init__(self, folder: Path, settings: Settings, switches: Switches | None = None) -> None:
        self.shell = Shell(folder)
        self.shell.write(DOTENV, ".env")
        self.standin = StandIn.create(folder / "cluster", settings, switches)
        self.standin.install(folder / "bin")
        self.path = path_with(folder / "bin")

    def run(self, *words: str, **env: str) -> Result:
        return self.shell.run(*words, env={"PATH": self.path, **env})

    def read(self, *words: str, **env: str) -> Result:
        return self.shell.read(*words, env={"PATH": self.path, **env})

    def is_ours(self, name: str) -> bool:
        return name.startswith("eberrigan-gapit-gwas-")


def test_a_dotenv_batch_from_the_check_to_the_end(tmp_path: Path) -> None:
    # The first five run for 10 real seconds: however slow this machine, the sixth has to wait.
    first = {f"eberrigan-gapit-gwas-{key}": 200.0 for key in range(2, 7)}
    lab = Lab(tmp_path, replace(QUICK, durations_s=first))

    checked = lab.read("check")
    assert checked.code == 0, checked.err
    for text in (
        "eberrigan-gapit-gwas on runai (project talmo-lab, workspaces): 12 jobs",
        "at peak    60 CPUs, 160 GB of memory",
        "guard      off: without kubectl the log decides;",
        "mount      /hpi/lab/data at /data (read-only)",
        "mount      /hpi/lab/outputs at /outputs (read-write)",
        "phenotype table: not checked, /data/traits.txt cannot be read from here",
        "runai (project talmo-lab, workspaces) answers",
    ):
        assert text in checked.out
    assert "[WARN] MODELS is an old name; write MODEL." in checked.err
    assert lab.read("submit", "--dry-run").code == 0
    assert not lab.standin.truth().calls_of("submit")

    done = lab.run("submit", "--yes", "--wait", *FAST)
    assert done.code == 0, done.err
    assert "[WAIT] 5 active jobs in batch (max: 5). Waiting 0.2s..." in done.err
    assert "all 12 jobs succeeded" in done.out
    assert "submitted 12, adopted 0, skipped 0, failed to submit 0" in done.out
    truth = lab.standin.truth()
    assert truth.max_active(lab.is_ours) == 5
    assert len(truth.calls_of("submit")) == 12
    environment = dict(truth.workloads[0].request.environment)
    assert environment["TRAIT_INDEX"] == "2"
    assert environment["MODEL"] == "BLINK,FarmCPU"
    assert environment["RUNBATCH_ATTEMPT"] == "1"
    paths = {each.mount: each for each in truth.workloads[0].request.host_paths}
    assert not paths["/data"].writable
    assert paths["/outputs"].writable
    assert {each.propagation for each in paths.values()} == {"HostToContainer"}

    again = lab.read("submit-all", "--help")
    assert again.code == 2
    second = lab.read("submit", "--yes")
    assert "[SKIP] 12 jobs" in second.err
    assert len(lab.standin.truth().calls_of("submit")) == 12


def test_a_few_traits_by_the_process_environment(tmp_path: Path) -> None:
    lab = Lab(tmp_path, QUICK)
    done = lab.run("submit", "--yes", "--wait", *FAST, START_TRAIT="7", END_TRAIT="8")
    assert done.code == 0, done.err
    assert "START_TRAIT = '7' from the environment replaces START_TRAIT = '2'." in done.err
    names = {f"eberrigan-gapit-gwas-{key}" for key in (7, 8)}
    assert lab.standin.truth().names(lab.is_ours) == names


def test_the_phenotype_table_is_checked_where_it_can_be_read(tmp_path: Path) -> None:
    lab = Lab(tmp_path, QUICK)
    lab.shell.write(DOTENV.replace("/hpi/lab/data", str(tmp_path)), ".env")
    table = tmp_path / "traits.txt"
    table.write_text("Taxa\t" + "\t".join(f"t{each}" for each in range(2, 14)) + "\nx\t1\n")
    assert "phenotype table: 13 columns, the last trait is 13" in lab.read("check").out
    for text, said in (
        ("Taxa\tt2\nx\t1\n", "it has 2 columns; trait 13 is above the last."),
        ("Line\tt2\nx\t1\n", "the first header is 'Line', not 'Taxa'."),
        ("Taxa\tt2\n", "it has no data row."),
    ):
        table.write_text(text)
        for words in (("check",), ("submit", "--yes"), ("submit", "--dry-run")):
            done = lab.read(*words)
            assert done.code == 2
            assert said in done.err
    assert not lab.standin.truth().calls_of("submit")


def test_init_from_env_writes_the_equal_batch(tmp_path: Path) -> None:
    lab = Lab(tmp_path, QUICK)
    assert lab.read("init", "--from-env", ".env").code == 0
    from_env = lab.read("submit", "--dry-run", "--json", "-b", ".env")
    from_toml = lab.read("submit", "--dry-run", "--json", "-b", "batch.toml")
    assert json.loads(from_env.out) == json.loads(from_toml.out)


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ((Fault(Trouble.NOT_LOGGED_IN),), 'Log in again with "runai login"'),
        ((Fault(Trouble.LOGIN_EXPIRED),), "the login has expired"),
        ((Fault(Trouble.NO_SUCH_PROJECT),), '"runai project list" names yours'),
        ((Fault(Trouble.EMPTY_LIST), Fault(Trouble.REFUSED, verbs=("projects",))), "Run:ai: "),
        ((Fault(Trouble.NO_PERMISSION),), "Ask for access to the project"),
        ((Fault(Trouble.DNS_FAILURE),), "Is the VPN up?"),
    ],
    ids=lambda each: each if isinstance(each, str) else each[0].trouble.name,
)
def test_at_first_an_error_has_a_way_out(
    tmp_path: Path, switches: tuple[Fault, ...], said: str
) -> None:
    lab = Lab(tmp_path, QUICK, Switches(faults=switches))
    for words in (("check",), ("submit", "--yes")):
        done = lab.read(*words)
        assert done.code == 1
        assert said in done.err
        assert "Traceback" not in done.err
    assert not lab.standin.truth().names(lab.is_ours)


def test_a_refusal_is_heard_where_the_ends_of_children_are_ignored(tmp_path: Path) -> None:
    # As after `trap '' CHLD` in bash: the system then forgets the exit code of each program called.
    lab = Lab(tmp_path, QUICK, Switches(faults=(Fault(Trouble.NOT_LOGGED_IN),)))
    words = ("--ignore-signal=CHLD", str(RUNBATCH), "check")
    done = lab.shell.run(*words, env={"PATH": lab.path}, program=Path("env"))
    assert done.code == 1
    assert 'Log in again with "runai login"' in done.err


def test_no_program(tmp_path: Path) -> None:
    lab = Lab(tmp_path, QUICK)
    done = lab.read("check", PATH="/nowhere", HOME=str(tmp_path))
    assert done.code == 1
    assert 'the program "runai" is not there. Install it, or put its folder on PATH.' in done.err
    usual = tmp_path / ".runai" / "bin"
    usual.parent.mkdir()
    usual.symlink_to(tmp_path / "bin")
    assert lab.read("check", PATH="/usr/bin:/bin", HOME=str(tmp_path)).code == 0


def test_a_failed_job_is_judged_by_its_log_and_left_to_retry(tmp_path: Path) -> None:
    lab = Lab(tmp_path, replace(QUICK, outcomes={"eberrigan-gapit-gwas-3": (2,)}))
    done = lab.run("submit", "--yes", "--wait", *FAST)
    assert done.code == 3
    assert "mount failure (log: " in done.err
    assert "INFRASTRUCTURE MOUNT FAILURE" in done.err
    assert "Next: runbatch retry" in done.out
    assert not lab.standin.truth().calls_of("delete")


HOSTILE = r"""#!/bin/sh
printf '\033]0;PWNED\007\033[2J\033[31mno\r' >&2
exit 1
"""


def test_whatever_the_program_says_moves_no_cursor(tmp_path: Path) -> None:
    lab = Lab(tmp_path, QUICK)
    assert lab.run("submit", "--yes", *FAST, START_TRAIT="2", END_TRAIT="3").code == 0
    (tmp_path / "bin" / "runai").write_text(HOSTILE)
    for words in (
        "check", "status", "status --json", "logs 2", "logs 9", "submit --yes", "retry --yes",
        "delete --yes", "report", "audit",
    ):  # fmt: skip
        done = lab.read(*words.split())
        assert not {"\x1b", "\x07", "\r"} & set(done.out + done.err), words
    assert r"\x1b]0;PWNED\x07\x1b[2J\x1b[31mno" in lab.read("logs", "2").err


def test_a_kubectl_that_never_connects_holds_up_no_verdict(tmp_path: Path) -> None:
    lab = Lab(tmp_path, replace(QUICK, outcomes={"eberrigan-gapit-gwas-3": (2, 0)}))
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.write_text(
        "#!/bin/sh\n[ $1 = config ] && exec echo lab\n"
        "echo 'Unable to connect to the server: i/o timeout' >&2; exit 1\n"
    )
    only = {"START_TRAIT": "3", "END_TRAIT": "3"}
    assert lab.run("submit", "--yes", *FAST, **only).code == 0
    name = "eberrigan-gapit-gwas-3"
    wait_until(lambda: lab.standin.truth().live(lab.is_ours).get(name) is Phase.FAILED)
    dry = lab.read("retry", "--dry-run", **only)  # nothing is judged yet
    assert "eberrigan-gapit-gwas-3  mount failure (log: " in dry.out
    assert "would retry 1 job" in dry.out
    done = lab.run("retry", "--yes", "--retry-delay", "1", *FAST, **only)
    assert done.code == 0, done.err


KUBECTL = """#!{python}
import json, sys
sys.path[:0] = [{root!r}]
from pathlib import Path
from tests.runai_standin import StandIn
from tests.runai.rig import pods_json
if sys.argv[1:] == ["config", "current-context"]:
    sys.exit(print("lab"))
path = "/api/v1/namespaces/runai-talmo-lab/pods?limit=500"
assert sys.argv[1:] == ["get", "--request-timeout=20s", "--raw", path], sys.argv
print(pods_json(StandIn(Path({cluster!r}))))
"""


def with_kubectl(lab: Lab) -> None:
    """Put a `kubectl` beside `runai` that may read the project's pods."""
    program = lab.shell.folder / "bin" / "kubectl"
    root = str(Path(__file__).parents[2])
    cluster = str(lab.standin.folder)
    program.write_text(KUBECTL.format(python=sys.executable, root=root, cluster=cluster))
    program.chmod(0o755)


def test_ten_failures_five_of_them_mounts(tmp_path: Path) -> None:
    prefix = "eberrigan-gapit-gwas"
    codes: dict[str, tuple[int, ...]] = {f"{prefix}-{key}": (2, 0) for key in range(2, 7)}
    codes |= {f"{prefix}-{key}": (1,) for key in range(7, 12)}
    lab = Lab(tmp_path, replace(QUICK, outcomes=codes))
    with_kubectl(lab)
    done = lab.run("submit", "--yes", "--wait", *FAST)
    assert done.code == 3, done.err
    before = lab.standin.truth()

    dry = lab.read("retry", "--dry-run", "--retry-delay", "1")
    assert dry.code == 0, dry.err
    for text in (
        "10 failed jobs",
        "    5  configuration error",
        "    5  mount failure",
        "would retry 5 jobs",
        "eberrigan-gapit-gwas-4  mount failure (exit code 2, Error)  (retry 1",
        "would leave 5 jobs alone",
        "eberrigan-gapit-gwas-8  configuration error (exit code 1, Error): correct",
    ):
        assert text in dry.out
    as_json = lab.read("retry", "--dry-run", "--json").json
    assert as_json["by_verdict"] == {"configuration error": 5, "mount failure": 5}
    assert as_json["retry"] == ["2", "3", "4", "5", "6"]
    truth = lab.standin.truth()
    for verb in ("submit", "delete"):
        assert len(truth.calls_of(verb)) == len(before.calls_of(verb))
    assert lab.read("retry").code == 2

    done = lab.run("retry", "--yes", "--retry-delay", "1", "--json", *FAST)
    assert done.code == 3, done.err
    totals = done.json["totals"]
    assert totals["failed"] == 10
    assert (totals["retried"], totals["succeeded_after_retry"]) == (5, 5)
    assert (totals["failed_for_good"], len(totals["skipped"])) == (0, 5)
    truth = lab.standin.truth()
    created = [truth.created(f"{prefix}-{key}") for key in range(2, 12)]
    assert created == [2] * 5 + [1] * 5
    assert len(truth.calls_of("delete")) == 5
    assert truth.max_active(lab.is_ours) <= 5

    named = lab.run("retry", "--yes", "--jobs", "7-8", "--once", *FAST)
    assert "retried 2" in named.out
    truth = lab.standin.truth()
    assert [truth.created(f"{prefix}-{key}") for key in range(7, 12)] == [2, 2, 1, 1, 1]


def test_a_retry_gathers_the_evidence_once(tmp_path: Path) -> None:
    names = [f"eberrigan-gapit-gwas-{key}" for key in range(2, 7)]
    codes, durations = dict.fromkeys(names, (2, 0)), dict.fromkeys(names, 120.0)
    lab = Lab(tmp_path, replace(QUICK, outcomes=codes, durations_s=durations))
    few = {"END_TRAIT": "6"}
    assert lab.run("submit", "--yes", *FAST, **few).code == 0
    wait_until(lambda: set(lab.standin.truth().live(lab.is_ours).values()) == {Phase.FAILED})
    asked = lab.read("retry", **few)
    assert asked.code == 2
    question = "Of 5 failed jobs of eberrigan-gapit-gwas, retry what the infrastructure broke?"
    assert question in asked.err
    assert lab.standin.truth().calls_of("logs") == []

    done = lab.run("retry", "--yes", "--retry-delay", "1", *FAST, **few)
    assert done.code == 0, done.err
    assert "failed jobs found: 5 (5 mount failure); retried 5" in done.out
    truth = lab.standin.truth()
    assert [len(truth.calls_of(verb)) for verb in ("logs", "describe")] == [5, 5]


def test_no_attempt_is_given_the_log_of_the_next(tmp_path: Path) -> None:
    lab, two = Lab(tmp_path, QUICK), {"END_TRAIT": "3"}
    assert lab.run("submit", "--yes", "--wait", *FAST, **two).code == 0
    words = ("workspace", "delete", "eberrigan-gapit-gwas-2", "-p", "talmo-lab")
    subprocess.run(["runai", *words], env={**os.environ, "PATH": lab.path}, check=True)
    wait_until(lambda: len(lab.standin.truth().live(lab.is_ours)) == 1)
    again = ("submit", "--yes", "--wait", "--rerun", "2")
    assert lab.run(*again, *FAST, **two).code == 0
    assert lab.run("logs", "2", "--attempt", "2", **two).code == 0
    first = lab.run("logs", "2", "--attempt", "1", **two)
    assert (first.code, first.out) == (1, "")
    assert "no log: none is saved, and its workload is not listed" in first.err


# Before a submit or a delete took effect, only the grace time tells: that is tried on a fake clock.
@pytest.mark.parametrize(
    ("verb", "trouble"),
    [
        ("list", Trouble.KILL_CLIENT_BEFORE),
        ("list", Trouble.KILL_CLIENT_AFTER),
        ("submit", Trouble.KILL_CLIENT_AFTER),
        ("delete", Trouble.KILL_CLIENT_AFTER),
    ],
)
def test_retry_really_killed_at_a_call_and_run_again(
    tmp_path: Path, verb: str, trouble: Trouble
) -> None:
    prefix = "eberrigan-gapit-gwas"
    codes: dict[str, tuple[int, ...]] = {f"{prefix}-2": (2, 2, 0), f"{prefix}-3": (1,)}
    lab = Lab(tmp_path, replace(QUICK, outcomes=codes))
    lab.shell.write(DOTENV.replace("END_TRAIT=13", "END_TRAIT=4"), ".env")
    assert lab.run("submit", "--yes", "--wait", *FAST).code == 3
    nth = len(lab.standin.truth().calls_of(verb)) + (4 if verb == "list" else 1)
    lab.standin.switch(Switches(faults=(Fault(trouble, verbs=(verb,), nth=(nth,)),)))

    words = ("retry", "--yes", "--retry-delay", "1", *FAST)
    assert lab.run(*words).code == -signal.SIGKILL
    done = lab.run(*words, "--json")

    assert done.code == 3, done.err
    truth = lab.standin.truth()
    assert [truth.created(f"{prefix}-{key}") for key in (2, 3, 4)] == [3, 1, 1]
    assert truth.overlapping(lab.is_ours) == set()
    assert [len(job["attempts"]) for job in done.json["jobs"]] == [3, 1, 1]
    assert done.json["jobs"][0]["verdict"] == "succeeded"
    assert {Path(each["log"]).exists() for each in done.json["jobs"][0]["attempts"][:2]} == {True}


HANGING_LOGS = """#!/bin/sh
case " $* " in *" logs "*) echo $$ >> {asked}; exec sleep 1000;; esac
exec {program} "$@"
"""


def test_a_second_signal_ends_it_at_once_whatever_is_waited_for(tmp_path: Path) -> None:
    """Here for logs, side by side, each for up to a minute."""
    codes: dict[str, tuple[int, ...]] = {
        f"eberrigan-gapit-gwas-{key}": (2,) for key in range(2, 14)
    }
    lab = Lab(tmp_path, replace(QUICK, outcomes=codes))
    program, real, asked = (tmp_path / name for name in ("bin/runai", "bin/real", "asked"))
    program.rename(real)
    program.write_text(HANGING_LOGS.format(asked=asked, program=real))
    program.chmod(0o755)
    with lab.shell.start("submit", "--yes", "--wait", *FAST, env={"PATH": lab.path}) as process:
        wait_until(asked.exists)
        process.send_signal(signal.SIGTERM)
        wait_for_line(process, "[STOP]")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 143
    for pid in asked.read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
