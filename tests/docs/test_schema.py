"""The JSON Schema of batch.toml, tried as an editor would, beside the loader."""

import string
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from docs.generate.batch_toml import batch_schema
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.docs.blocks import ROOT, blocks

from runbatch.config.load import load_batch
from runbatch.config.write import batch_toml
from runbatch.core.errors import BatchError

SCHEMA = batch_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = [
    ROOT / "src/runbatch/config/template.toml",
    *sorted((ROOT / "examples").glob("**/*.toml")),
]
GOOD = """
prefix = "test"
max_concurrent = 2
[cluster]
kind = "local"
[jobs]
range = [1, 4]
variable = "KEY"
[run]
command = ["true"]
"""
RUNAI = GOOD.replace('"local"', '"runai"')


def problems(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_each_batch_that_we_show_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    texts = [text for page in pages for text in blocks(page, "toml")]
    whole = [text for text in texts if "[run]" in text and "prefix" in text]
    assert len(whole) > 1
    for text in [*whole, *(path.read_text("utf-8") for path in FILES)]:
        assert problems(text) == [], text


def test_the_template_s_comments_are_valid_too() -> None:
    template = (files("runbatch.config") / "template.toml").read_text("utf-8")
    keys = [line.removeprefix("# ") for line in template.splitlines()]
    text = "\n".join(line for line in keys if not line.endswith((".", "flight.", "--wait")))
    assert problems(text) == []
    assert "mounts" in tomllib.loads(text)["run"]


def test_what_init_writes_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    path.write_text(GOOD)
    assert problems(batch_toml(load_batch(path))) == []


WRONG = [
    pytest.param(GOOD.replace("range =", "rnage ="), id="a misspelt key"),
    pytest.param("colour = 1\n" + GOOD, id="an unknown key at the top"),
    pytest.param(GOOD.replace("= 2", "= 0"), id="a cap of 0"),
    pytest.param(GOOD.replace("= 2", "= 10001"), id="a cap above the largest"),
    pytest.param(GOOD.replace("= 2", '= "2"'), id="a cap in quotes"),
    pytest.param(GOOD.replace("[1, 4]", "[1, 4, 7]"), id="a range of three"),
    pytest.param(GOOD.replace("[1, 4]", "[-1, 4]"), id="a range below 0"),
    pytest.param(GOOD.replace("range = [1, 4]", ""), id="no keys"),
    pytest.param(GOOD.replace("range", 'keys = ["a"]\nrange'), id="two kinds of keys"),
    pytest.param(GOOD.replace("range = [1, 4]", "keys = []"), id="no jobs"),
    pytest.param(GOOD.replace("range = [1, 4]", 'keys = ["a", "a"]'), id="a key twice"),
    pytest.param(GOOD.replace("range = [1, 4]", 'keys = [""]'), id="an empty key"),
    pytest.param(GOOD.replace('"test"', '"Test_1"'), id="a prefix that no cluster takes"),
    pytest.param(GOOD.replace('"test"', f'"{"x" * 49}"'), id="too long a prefix"),
    pytest.param(GOOD.replace('"KEY"', '"RUNBATCH_KEY"'), id="a variable of ours"),
    pytest.param(GOOD.replace('"KEY"', '"A B"'), id="a variable with a space"),
    pytest.param(GOOD.replace('["true"]', '"true"'), id="a command that is no list"),
    pytest.param(GOOD.replace('["true"]', "[]"), id="no command"),
    pytest.param(GOOD + "cpu = 0", id="no CPU"),
    pytest.param(GOOD + 'memory = "lots"', id="memory without a number"),
    pytest.param(GOOD + 'memory = "32"', id="memory without a unit"),
    pytest.param(GOOD + 'env = { "A B" = "x" }', id="a name with a space"),
    pytest.param(GOOD + "env = { A = 1.5 }", id="a value that is no text"),
    pytest.param(GOOD + 'mounts = [{ host = "/x", path = "data" }]', id="a relative mount"),
    pytest.param(GOOD + 'mounts = [{ host = "/x" }]', id="half a mount"),
    pytest.param(GOOD + "[retry]\nexit_codes = [1]", id="a retry of a configuration error"),
    pytest.param(GOOD + "[retry]\nmax_retries = 11", id="too many retries"),
    pytest.param(GOOD + "[retry]\ndelay_s = 0", id="no delay"),
    pytest.param(GOOD + '[retry]\nlog_markers = [" "]', id="an empty marker"),
    pytest.param(GOOD.replace('"local"', '"slurm"'), id="a cluster nobody knows"),
    pytest.param(RUNAI + 'image = "i:1"', id="Run:ai without a project"),
    pytest.param(RUNAI.replace('"runai"', '"runai"\nproject = "p"'), id="Run:ai without an image"),
]


def test_the_good_one_is_good(tmp_path: Path) -> None:
    for text in (GOOD, RUNAI.replace('"runai"', '"runai"\nproject = "p"') + 'image = "i:1"'):
        assert problems(text) == []
        (tmp_path / "batch.toml").write_text(text)
        load_batch(tmp_path / "batch.toml")


@pytest.mark.parametrize("text", WRONG)
def test_what_the_schema_refuses_is_refused(tmp_path: Path, text: str) -> None:
    assert problems(text)
    (tmp_path / "batch.toml").write_text(text)
    with pytest.raises(BatchError):
        load_batch(tmp_path / "batch.toml")


NAMES = st.text(string.ascii_letters + string.digits + "_-. ", max_size=6)
ODD = st.one_of(
    NAMES, st.integers(-2, 12_000), st.floats(-1, 400), st.booleans(), st.lists(NAMES, max_size=2)
)
CHANGES = st.dictionaries(
    st.sampled_from(
        [
            ("prefix",),
            ("max_concurrent",),
            ("jobs", "variable"),
            ("run", "cpu"),
            ("run", "memory"),
            ("run", "env"),
            ("retry", "exit_codes"),
            ("retry", "max_retries"),
            ("retry", "delay_s"),
        ]
    ),
    st.one_of(ODD, st.dictionaries(NAMES, ODD, max_size=1), st.lists(st.integers(-1, 300))),
    max_size=2,
)


# What no schema can say: 1.0 is a whole number to it, and 0 is an amount of memory.
UNSAYABLE = (".0: write a whole number", "memory = '0", "overwrite")


@settings(deadline=None)
@given(changes=CHANGES)
def test_the_schema_and_the_loader_agree(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[tuple[str, ...], Any]
) -> None:
    value = tomllib.loads(GOOD) | {"retry": {}}
    for place, change in changes.items():
        table = value if len(place) == 1 else value[place[0]]
        table[place[-1]] = change
    refused = list(VALIDATOR.iter_errors(value))
    complaint = complaint_about(value, tmp_path_factory.mktemp("batch") / "batch.toml")
    if complaint is None:
        assert refused == []
    else:
        assert refused or any(words in complaint for words in UNSAYABLE), complaint


def complaint_about(value: dict[str, Any], path: Path) -> str | None:
    """Return what the loader says against the value, written as a file."""
    path.write_text(tomli_w.dumps(value))
    try:
        load_batch(path)
    except BatchError as error:
        return str(error)
    return None
