"""No batch file, key, table or log can do anything but be understood or be refused in words."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.damage import damaged, damaged_lines, texts
from tests.properties.documents import (
    DOTENV,
    DOTENV_NAMES,
    DOTENV_VALUES,
    TOML,
    TOML_NAMES,
    TOML_VALUES,
)
from tests.unit.core.values import at

from runbatch.clusters.runai.arguments import Version, submit_args
from runbatch.clusters.runai.limits import project_of
from runbatch.clusters.runai.table import table_of
from runbatch.config.keys import parse_keys
from runbatch.config.load import load_batch
from runbatch.config.write import batch_toml
from runbatch.core.attempt import Attempt, Evidence
from runbatch.core.batch import Batch, Mount, Run
from runbatch.core.errors import BatchError
from runbatch.core.marker import Markers
from runbatch.core.workload import workload_of
from runbatch.evidence import Findings
from runbatch.recipes.gapit import check_phenotypes
from runbatch.recipes.gapit.variables import PARAMETERS
from runbatch.views.text import printable, printable_lines


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


def load(folder: Path, name: str, text: str) -> Batch | None:
    """The batch, which can be run as it is; or None if it was refused in words."""
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        batch = load_batch(path)
    except BatchError as error:
        said = str(error)
    else:
        check_can_be_run(batch)
        return batch
    assert said.startswith(str(path))
    assert printable_lines(said).encode()
    return None


def check_can_be_run(batch: Batch) -> None:
    """Every word can be handed to a program; the batch can be written down, and read again."""
    choice = batch.cluster
    for key in (batch.keys[0], batch.keys[-1]):
        workload = workload_of(batch, key, 1)
        words = [*workload.run.command, *workload.env, *workload.env.values()]
        if choice.kind == "runai":
            version = Version(2, 25)
            words += submit_args(workload, project_of(choice), table_of(choice).workload, version)
        for word in words:
            assert b"\0" not in os.fsencode(word)
    for note in batch.notes:
        printable(note).encode()


@given(text=damaged_lines(TOML, TOML_NAMES, TOML_VALUES) | texts)
def test_a_batch_toml_is_a_batch_or_refused(folder: Path, text: str) -> None:
    batch = load(folder, "batch.toml", text)
    if batch is not None:
        assert load(folder, "again.toml", batch_toml(batch)) == batch


@given(text=damaged_lines(DOTENV, DOTENV_NAMES, DOTENV_VALUES) | texts)
def test_a_dotenv_is_a_batch_or_refused(folder: Path, text: str) -> None:
    batch = load(folder, ".env", text)
    if batch is not None:
        assert load(folder, "again.toml", batch_toml(batch)) == batch


@given(
    name=st.sampled_from(["PCA_TOTAL", "SNP_MAF", "SNP_THRESHOLD", "SNP_FDR"]),
    value=st.text("0123456789.eE+-_ \u0663") | texts | st.sampled_from(DOTENV_VALUES),
)
def test_a_number_is_one_to_the_pipeline_too_and_in_its_range(name: str, value: str) -> None:
    if PARAMETERS[name].fits(value):
        assert re.fullmatch(r"[-+0-9.eE]+", value)
        assert 0 <= float(value) <= (20 if name == "PCA_TOTAL" else 1)


@pytest.mark.parametrize("name", ["batch.toml", "traits.env"])
@given(content=st.binary())
def test_bytes_that_are_no_text_are_refused(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(b"x = '" + content)
    with pytest.raises(BatchError, match=name):
        load_batch(path)


@given(content=st.binary() | damaged("a\nb\r\nc\n").map(lambda it: it.encode("utf-8", "replace")))
def test_a_file_of_keys_is_a_batch_or_refused(folder: Path, content: bytes) -> None:
    (folder / "keys.txt").write_bytes(content)
    load(folder, "batch.toml", 'prefix = "x"\njobs.file = "keys.txt"\nrun.command = ["true"]')


@given(st.lists(damaged("37,50-60,a-b") | damaged("2-9") | texts, max_size=3))
def test_keys_are_the_batch_s_or_refused(words: list[str]) -> None:
    batch = Batch(prefix="x", keys=("2", "3", "37", "a-b", "5,6"), run=Run(command=("true",)))
    with suppress(BatchError):
        assert parse_keys(words, batch) <= set(batch.keys)


TABLE = "Taxa\theight\tyield\nline1\t1.5\tNA\n"


tables = damaged(TABLE) | damaged(TABLE.replace("\t", ","))


@given(text=tables, encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_a_phenotype_table_is_checked_or_refused(folder: Path, text: str, encoding: str) -> None:
    (folder / "t.txt").write_bytes(text.encode(encoding, "surrogatepass"))
    run = Run(
        command=("true",),
        env={"GENOTYPE_FILE": "/data/g.txt", "PHENOTYPE_FILE": "/data/t.txt"},
        mounts=(Mount(str(folder), "/data"),),
    )
    batch = Batch(prefix="x", keys=("2", "3"), integer_keys=True, run=run)
    with suppress(BatchError):
        found = check_phenotypes(batch)
        assert found is not None
        assert found.was_checked
        assert re.match(r'[\ufeff" ]*Taxa', text)


MARKER = "INFRASTRUCTURE MOUNT FAILURE"
RUN = Run(command=("true",), mounts=(Mount("/hpi/data", "/data"),))
BATCH = Batch(prefix="gwas", keys=("37",), run=RUN)
MARKERS = Markers.of(BATCH)
logs = damaged(f"starting\n\x1b[31m[ERROR]\x1b[0m {MARKER}: /data\nbye\n")


@given(logs | texts)
def test_a_log_line_that_speaks_of_a_mount_is_found_whole(log: str) -> None:
    for text in (log, f"{log}\n[ERROR] {MARKER}: /data is not a mount point"):
        found = MARKERS.found_in(text)
        assert found is not None or text is log
        if found is not None:
            assert MARKER in found
            assert "\n" not in found


@given(logs.map(lambda it: it.encode("utf-8", "surrogatepass")) | st.binary(), st.integers())
def test_any_log_leads_to_a_verdict_that_can_be_stored_and_shown(log: bytes, code: int) -> None:
    attempt = Attempt(key="37", number=1, reserved_at=at(0))
    for evidence in (Evidence(), Evidence(exit_code=code)):
        after = Findings(attempt, evidence, log).judged(BATCH)
        assert after.outcome is not None
        after.outcome.source.encode()
        assert printable(str(after.outcome)).isprintable()


@given(texts | logs)
def test_what_is_shown_moves_no_cursor_and_can_be_written(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()
    assert printable(shown) == shown
    lines = printable_lines(text)
    assert lines.count("\n") == text.count("\n")
    assert lines.replace("\n", "").replace("\t", "").isprintable()
