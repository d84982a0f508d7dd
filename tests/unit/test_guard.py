"""The guard as words and a text; tests/guard runs it in real shells."""

import re
from pathlib import PurePath

import pytest

from runbatch.clusters.runai.arguments import Version, submit_args
from runbatch.clusters.runai.limits import LONGEST_VALUE
from runbatch.clusters.shell.guard import LINES, TEXT, guarded, logged_code
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.workload import Workload, workload_of

PLAIN = Workload(
    name="gwas-37",
    number=1,
    run=Run(
        command=("/scripts/entrypoint.sh", "run-single-trait"),
        mounts=(Mount("/hpi/data", "/data"), Mount("/hpi/outputs", "/outputs/")),
        image="lab/gwas:1",
    ),
    env={"TRAIT_INDEX": "37"},
    folder=PurePath("/"),
)


def test_the_command_is_wrapped_in_words_that_need_no_quoting() -> None:
    """Run:ai quotes words anew on their way: Run:ai facts, 17."""
    wrapped = guarded(PLAIN).run.command
    ours = wrapped[: -len(PLAIN.run.command)]
    assert ours == ("sh", "-c", "eval${IFS}$RUNBATCH_GUARD", "runbatch")
    assert not any(re.search(r"[\s'\"\\]", word) for word in ours)
    assert wrapped[len(ours) :] == PLAIN.run.command


def test_the_text_and_the_mounts_travel_in_variables() -> None:
    env = guarded(PLAIN).env
    assert env == {
        "TRAIT_INDEX": "37",
        "RUNBATCH_GUARD": TEXT,
        "RUNBATCH_GUARD_MOUNTS": "/data:/outputs",
    }


def test_the_text_survives_the_way() -> None:
    """One line, single blanks, nothing that Kubernetes would replace, not too long."""
    assert TEXT.split() == LINES.split()
    assert not re.search(r"[\n\t]|  ", TEXT)
    assert "$$" not in TEXT
    assert not re.search(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)", TEXT)
    assert len(TEXT) <= LONGEST_VALUE


def test_nothing_is_wrapped_unless_it_is_asked_for() -> None:
    batch = Batch(prefix="gwas", keys=("37",), run=Run(command=("job",), image="x"))
    guarding = Batch(prefix="gwas", keys=("37",), run=Run(command=("job",), image="x", guard=True))
    version = Version(2, 25)
    plain = submit_args(workload_of(batch, "37", 1), "p", "training", version)
    wrapped = submit_args(workload_of(guarding, "37", 1), "p", "training", version)
    assert plain[plain.index("--") :] == ["--", "job"]
    assert wrapped[wrapped.index("--") :] == [
        *("--", "sh", "-c", "eval${IFS}$RUNBATCH_GUARD", "runbatch", "job")
    ]
    assert not any("RUNBATCH_GUARD" in word for word in plain)


LINE = "runbatch: exit code 1"


@pytest.mark.parametrize(
    ("log", "code"),
    [
        pytest.param(f"step 1\n\n{LINE}\n", 1, id="the last line"),
        pytest.param(LINE, 1, id="the only line, without an end"),
        pytest.param(f"{LINE}\r\n\n \n", 1, id="blanks behind it"),
        pytest.param("runbatch: exit code 137", 137, id="137"),
        pytest.param("runbatch: exit code 0", 0, id="0"),
        pytest.param(f"runbatch: exit code 2\n{LINE}", 1, id="the last of two"),
        pytest.param(LINE + "\nx" * 19, 1, id="the twentieth from the end: two streams mix"),
        pytest.param(LINE + "\nx" * 20, None, id="too far from the end to be the last word"),
        pytest.param(f"it said: {LINE}", None, id="in the middle of a line"),
        pytest.param(f"{LINE}.", None, id="something behind it"),
        pytest.param("runbatch: exit code 1234", None, id="no exit code"),
        pytest.param("runbatch: exit code -1", None, id="a negative one"),
        pytest.param("runbatch: exit code ", None, id="none"),
        pytest.param("", None, id="an empty log"),
    ],
)
def test_an_exit_code_is_read_in_the_last_lines_of_a_log(log: str, code: int | None) -> None:
    assert logged_code(log) == code
