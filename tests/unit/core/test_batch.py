"""What the user asked for: what is valid, and what an error says of what is not."""

from pathlib import PurePath
from typing import Any

import pytest
from tests.unit.core.values import batch

from runbatch.core.batch import (
    LARGEST_CAP,
    MOST_JOBS,
    Batch,
    Mount,
    Run,
    are_integers,
    check_cap,
    memory_bytes,
    range_of,
)
from runbatch.core.errors import BatchError
from runbatch.core.failure import RetryPolicy
from runbatch.core.workload import Workload, workload_of

HALF = "\ud83d"
ENDS_OF_THE_HALVES = ("\ud800", "\udfff")


def mounts(*paths: str) -> tuple[Mount, ...]:
    return tuple(Mount("/host", path) for path in paths)


def test_a_batch_unless_told_otherwise() -> None:
    asked = Batch(prefix="gwas", keys=("a",), run=Run(command=("job",)))
    assert (asked.cap, asked.folder) == (50, PurePath())
    assert (asked.integer_keys, asked.variable, asked.retry) == (False, None, RetryPolicy())
    assert (asked.run.image, asked.run.cpu, asked.run.memory) == (None, None, None)
    assert (asked.run.env, asked.run.mounts) == ({}, ())


@pytest.mark.parametrize(
    ("changes", "place", "problem"),
    [
        pytest.param({"prefix": "GWAS"}, "prefix = 'GWAS'", "a letter first", id="capitals"),
        pytest.param({"cap": 0}, "max_concurrent = 0", "from 1 to 10000", id="a cap of none"),
        pytest.param({"cap": -1}, "max_concurrent = -1", "from 1 to", id="a negative cap"),
        pytest.param({"cap": 10_001}, "max_concurrent = 10001", "from 1 to", id="a huge cap"),
        pytest.param({"variable": "2X"}, "[jobs] variable '2X'", "no digit first", id="digit"),
        pytest.param({"variable": "A-B"}, "[jobs] variable 'A-B'", "letters, digits", id="dash"),
        pytest.param({"variable": ""}, "[jobs] variable ''", "letters, digits", id="no name"),
        pytest.param({"variable": "A\n"}, "[jobs] variable 'A\\n'", "letters", id="a line end"),
        pytest.param(
            {"variable": "RUNBATCH_KEY"},
            "[jobs] variable 'RUNBATCH_KEY'",
            "are set by runbatch",
            id="one of our own variables",
        ),
        pytest.param(
            {"variable": "X", "run": Run(command=("job",), env={"X": "1"})},
            "[jobs] variable = 'X'",
            "[run] env sets the same variable",
            id="a variable that is set twice",
        ),
        pytest.param({"keys": ()}, "[jobs]", "there are no jobs", id="no jobs"),
        pytest.param(
            {"keys": tuple(map(str, range(MOST_JOBS + 1)))},
            "[jobs]",
            "10001 jobs; a batch holds at most 10000",
            id="too many jobs",
        ),
        pytest.param(
            {"keys": ("3", "2", "3")}, "[jobs]", "the key '3' is there twice", id="a key twice"
        ),
        pytest.param({"keys": ("",)}, "[jobs] key ''", "at least one character", id="no key"),
        pytest.param({"keys": ("a\0",)}, "[jobs] key 'a\\x00'", "NUL", id="a NUL in a key"),
        pytest.param({"keys": (HALF,)}, "[jobs] key ", "surrogate", id="half a character"),
        *(
            pytest.param({"keys": (half,)}, "[jobs] key ", "surrogate", id=f"half {ord(half):x}")
            for half in ENDS_OF_THE_HALVES
        ),
        pytest.param(
            {"keys": ("k" * 46,)},
            f"[jobs] key {'k' * 46!r}",
            f"the name 'gwas-{'k' * 46}' has 51 characters",
            id="a long name",
        ),
    ],
)
def test_a_batch_that_is_refused(changes: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(BatchError) as caught:
        batch(**changes) if "keys" in changes else batch("37", **changes)
    assert caught.value.place.startswith(place)
    assert problem in caught.value.problem
    assert str(caught.value) == f"{caught.value.place}: {caught.value.problem}"


@pytest.mark.parametrize(
    ("changes", "place", "problem"),
    [
        pytest.param({"command": ()}, "[run] command", "name a program", id="no command"),
        pytest.param({"command": ("", "x")}, "[run] command", "name a program", id="no program"),
        pytest.param({"command": ("a", "b\0")}, "[run] command", "NUL", id="a NUL in a word"),
        pytest.param({"command": (HALF,)}, "[run] command", "surrogate", id="half a character"),
        pytest.param({"working_dir": "a\0"}, "[run] working_dir", "NUL", id="a NUL in a folder"),
        pytest.param({"working_dir": ""}, "[run] working_dir", "is empty", id="no folder"),
        pytest.param({"env": {"A B": ""}}, "[run] env 'A B'", "letters, digits", id="a name"),
        pytest.param({"env": {"RUNBATCH_X": ""}}, "[run] env 'RUNBATCH_X'", "set by", id="ours"),
        pytest.param({"env": {"A": "\0"}}, "[run] env A", "NUL", id="a NUL in a value"),
        pytest.param({"image": "a\0:1"}, "[run] image", "NUL", id="a NUL in the image"),
        pytest.param({"env": {"A": HALF}}, "[run] env A", "surrogate", id="half in a value"),
        pytest.param({"cpu": 0}, "[run] cpu = 0", "a number of cores above 0", id="no cores"),
        pytest.param({"cpu": -1.5}, "[run] cpu = -1.5", "above 0", id="negative cores"),
        pytest.param({"cpu": 10_001}, "[run] cpu = 10001", "at most 10000", id="too many cores"),
        pytest.param({"cpu": float("nan")}, "[run] cpu = nan", "above 0", id="no number"),
        pytest.param({"memory": "32 G"}, "[run] memory = '32 G'", "like 32G", id="a blank"),
        pytest.param({"mounts": mounts("/d", "/d")}, "[run] mounts", "same path", id="one path"),
        pytest.param({"mounts": mounts("/d", "/d/")}, "[run] mounts", "same path", id="a slash"),
        pytest.param(
            {"mounts": mounts("/d/e", "//d/./e")}, "[run] mounts", "same", id="spelt two ways"
        ),
    ],
)
def test_a_run_that_is_refused(changes: dict[str, Any], place: str, problem: str) -> None:
    with pytest.raises(BatchError) as caught:
        Run(**{"command": ("job",)} | changes)
    assert caught.value.place.startswith(place)
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cpu": 0.5}, id="half a core"),
        pytest.param({"cpu": 10_000}, id="the most cores"),
        pytest.param({"mounts": mounts("/d", "/d/e", "/", "/D")}, id="mounts of their own"),
        pytest.param({"env": {"BIG": "ü" * 50_000}}, id="the longest value"),
        pytest.param({"command": ("\ud7ff\ue000", "")}, id="characters next to the surrogates"),
    ],
)
def test_a_run_at_its_limits(changes: dict[str, Any]) -> None:
    run = Run(**{"command": ("job",)} | changes)
    assert {name: getattr(run, name) for name in changes} == changes


def test_a_batch_of_the_most_jobs() -> None:
    assert len(batch(*range_of(0, 9_999), cap=10_000).keys) == 10_000


@pytest.mark.parametrize(
    ("host", "path", "place", "problem"),
    [
        pytest.param("/a", "data", "[run] mounts path = 'data'", "begins with /", id="relative"),
        pytest.param("/a", "", "[run] mounts path = ''", "begins with /", id="no path"),
        pytest.param("/a", "/\0", "[run] mounts path", "NUL", id="a NUL in the path"),
        pytest.param("/\0", "/a", "[run] mounts host", "NUL", id="a NUL in the host folder"),
        pytest.param("/" + HALF, "/a", "[run] mounts host", "surrogate", id="half a character"),
    ],
)
def test_a_mount_that_is_refused(host: str, path: str, place: str, problem: str) -> None:
    with pytest.raises(BatchError) as caught:
        Mount(host, path)
    assert caught.value.place.startswith(place)
    assert problem in caught.value.problem


def test_a_mount_is_read_only_unless_asked_otherwise() -> None:
    assert Mount("/hpi/data", "/data").read_only
    assert not Mount("out", "/outputs", read_only=False).read_only


def test_a_batch_is_the_same_however_it_was_read() -> None:
    assert batch("37", notes=("START_TRAIT is not set: 2",)) == batch("37")
    assert batch("37", folder=PurePath("/elsewhere")) != batch("37")


@pytest.mark.parametrize("cap", [1, 50, LARGEST_CAP])
def test_a_cap_that_is_allowed(cap: int) -> None:
    check_cap("--max-concurrent", cap)
    assert batch("37").with_cap(cap) == batch("37", cap=cap)


def test_another_cap_is_checked_as_well() -> None:
    with pytest.raises(BatchError, match="max_concurrent = 0: write a number from 1"):
        batch("37").with_cap(0)
    with pytest.raises(BatchError, match="--max-concurrent = 0: write a number from 1"):
        check_cap("--max-concurrent", 0)


def test_a_range_is_inclusive() -> None:
    assert range_of(2, 187) == tuple(str(key) for key in range(2, 188))
    assert len(range_of(2, 187)) == 186
    assert range_of(42, 42) == ("42",)
    assert range_of(0, 1) == ("0", "1")
    assert len(range_of(1, MOST_JOBS)) == MOST_JOBS


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        pytest.param(
            187,
            2,
            "[jobs] range = [187, 2]: the first key is above the last; write [2, 187].",
            id="the wrong way round",
        ),
        pytest.param(-1, 5, "[jobs] range = [-1, 5]: keys are whole numbers from 0.", id="below 0"),
        pytest.param(
            0,
            MOST_JOBS,
            "[jobs] range = [0, 10000]: 10001 jobs; a batch holds at most 10000.",
            id="too many",
        ),
        pytest.param(
            5,
            10_005,
            "[jobs] range = [5, 10005]: 10001 jobs; a batch holds at most 10000.",
            id="too many by one",
        ),
        pytest.param(
            0,
            10**30,
            f"[jobs] range = [0, {10**30}]: {10**30 + 1} jobs; a batch holds at most 10000.",
            id="absurdly many: told at once",
        ),
    ],
)
def test_a_range_that_is_refused(first: int, last: int, message: str) -> None:
    with pytest.raises(BatchError) as caught:
        range_of(first, last)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("keys", "whole"),
    [
        pytest.param(("2", "37", "187"), True, id="whole numbers"),
        pytest.param(("0",), True, id="zero"),
        pytest.param(("2", "sample-a"), False, id="one of them is a word"),
        pytest.param(("037",), False, id="a number that begins with 0"),
        pytest.param(("-1",), False, id="a negative number"),
        pytest.param(("1.5",), False, id="a fraction"),
        pytest.param(("1 ",), False, id="a blank behind it"),
        pytest.param(("٣",), False, id="a digit of another script"),
        pytest.param(("²",), False, id="a digit that is no number"),
        pytest.param(("",), False, id="an empty key"),
        pytest.param(("9" * 5000,), True, id="a number of thousands of digits"),
    ],
)
def test_whether_keys_are_whole_numbers(keys: tuple[str, ...], whole: bool) -> None:
    assert are_integers(keys) is whole


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("32G", 32 * 1000**3),
        ("500M", 500 * 1000**2),
        ("1.5Gi", 1_610_612_736),
        ("2T", 2 * 1000**4),
        ("2TiB", 2 * 1024**4),
        ("64K", 64_000),
        ("64Ki", 65_536),
        ("1GB", 1000**3),
        ("0.001K", 1),
        ("0.001Ki", 1),
    ],
)
def test_how_many_bytes_a_memory_is(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    [
        *("", "G", "32g", "32 G", "-1G", "1e3", "1,5G", "1.G", ".5G", "32GG", "1G\n"),
        *("0", "0.0G", "0.0001K", "9" * 400 + "G"),
        # Without its unit a slip of the pen would be 32 bytes.
        *("32", "0.5", "1024B", "32i", "34359738368"),
        "٣G",
    ],
)
def test_what_is_no_memory(text: str) -> None:
    with pytest.raises(BatchError) as caught:
        memory_bytes(text)
    assert caught.value.place == f"[run] memory = {text!r}"
    assert caught.value.problem == "write a number and a unit, like 32G or 500M."


COMMAND = ("sh", "-c", 'echo "$A" && exit 3', "", "é ü", "--", "a,b=c")
FULL = batch(
    "007 'x'",
    prefix="g-2",
    integer_keys=False,
    variable="TRAIT_INDEX",
    folder=PurePath("/home/me/batch"),
    run=Run(
        command=COMMAND,
        image="ghcr.io/lab/pipeline:1.4",
        cpu=1.5,
        memory="32G",
        env={"MODEL": "BLINK,FarmCPU", "EMPTY": "", "QUOTED": "\"a' b\n$HOME"},
        mounts=(Mount("/hpi", "/data"), Mount("out", "/outputs", read_only=False)),
    ),
)


def test_every_word_reaches_the_cluster_as_it_is() -> None:
    assert workload_of(FULL, "007 'x'", 3) == Workload(
        name="g-2-007 'x'",
        number=3,
        run=FULL.run,
        env={
            "MODEL": "BLINK,FarmCPU",
            "EMPTY": "",
            "QUOTED": "\"a' b\n$HOME",
            "TRAIT_INDEX": "007 'x'",
            "RUNBATCH_PREFIX": "g-2",
            "RUNBATCH_KEY": "007 'x'",
            "RUNBATCH_ATTEMPT": "3",
        },
        folder=PurePath("/home/me/batch"),
    )
    assert "TRAIT_INDEX" not in FULL.run.env


def test_a_job_that_has_no_variable_of_its_own_is_told_its_key_all_the_same() -> None:
    workload = workload_of(batch("37"), "37", 1)
    assert workload.env == {
        "RUNBATCH_PREFIX": "gwas",
        "RUNBATCH_KEY": "37",
        "RUNBATCH_ATTEMPT": "1",
    }
    assert workload.name == "gwas-37"


def test_a_name_is_the_same_for_each_attempt() -> None:
    assert {workload_of(FULL, "a", number).name for number in (1, 2, 3)} == {"g-2-a"}


def test_a_propagation_nobody_knows_is_refused() -> None:
    said = r"\[run\] mounts propagation = 'Bidirectional': write HostToContainer or None"
    with pytest.raises(BatchError, match=said):
        Mount("/a", "/b", propagation="Bidirectional")


def test_two_mounts_at_one_path_are_refused() -> None:
    with pytest.raises(BatchError, match=r"\[run\] mounts: two of them have the same path"):
        Run(command=("x",), mounts=(Mount("/a", "/data"), Mount("/b", "/data")))


def test_a_value_that_no_program_can_be_given_is_refused() -> None:
    with pytest.raises(BatchError, match=r"\[run\] env BIG: longer than 100000 bytes"):
        Run(command=("x",), env={"BIG": "ü" * 50_001})
