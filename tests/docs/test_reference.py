"""The generated pages are what the code says now; those by hand leave none of its names out."""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click
import pytest
from docs.generate.__main__ import FOLDER, pages
from docs.generate.batch_toml import TABLES
from docs.generate.markdown import SAID

import runbatch
from runbatch.cli import audit, delete, main, run
from runbatch.cli.main import all_commands, cli
from runbatch.core.attempt import Evidence, Verdict
from runbatch.core.failure import RULES, RetryPolicy, judge
from runbatch.recipes.gapit.dotenv import Variables, batch_of
from runbatch.recipes.gapit.variables import DEFAULTS, OLD_NAMES, PARAMETERS, PIPELINE_NAMES


def read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


@pytest.mark.parametrize("name", pages())
def test_a_page_is_what_the_code_says_now(name: str) -> None:
    assert read(name) == pages()[name], f"docs/reference/{name} is old: run make reference"


def test_no_page_is_left_from_a_generator_that_is_gone() -> None:
    generated = {path.name for path in FOLDER.iterdir() if SAID in path.read_text("utf-8")}
    assert generated == set(pages())


def test_every_command_and_option_stands_there() -> None:
    text = read("command-line.md")
    assert re.findall(r"^## runbatch (\S+)$", text, re.M) == list(all_commands())
    shared = text.partition("\n## Options of every command\n")[2].partition("\n## ")[0]
    for name, command in {"": cli, **all_commands()}.items():
        section = text.partition(f"\n## runbatch {name}\n")[2].partition("\n## ")[0]
        for option in (each for each in command.params if isinstance(each, click.Option)):
            assert f"`{', '.join(option.opts)}" in section + shared


def test_every_key_stands_there() -> None:
    keys = [key for model in TABLES.values() for key in model.model_fields]
    tables = {"cluster", "jobs", "run", "retry"}
    found = re.findall(r"^\| `([a-z_]+)` \|", read("batch-toml.md"), re.M)
    assert found == [key for key in keys if key not in tables]


def test_every_variable_of_ours_stands_there() -> None:
    texts = (path.read_text("utf-8") for path in Path(runbatch.__file__).parent.rglob("*.py"))
    names = {name for text in texts for name in re.findall(r'"(RUNBATCH_[A-Z_]*[A-Z])"', text)}
    assert "RUNBATCH_STATE_DIR" in names
    assert [name for name in sorted(names) if f"| `{name}` | " not in read("environment.md")] == []


class Asked(dict[str, str]):
    """Variables that remember which of them were asked for."""

    def __init__(self, **values: str) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


def test_every_variable_of_a_dotenv_file_stands_there() -> None:
    asked = Asked(GENOTYPE_FILE="/data/g", PHENOTYPE_FILE="/data/p")
    batch_of(Variables(asked, {}), Path())
    rows = [line.strip("| ").split(" | ") for line in read("dotenv.md").splitlines()]
    variables = {row[0].strip("`"): row for row in rows if re.fullmatch("`[A-Z_]+`", row[0])}
    old = {name for names in (*OLD_NAMES.values(), *PIPELINE_NAMES.values()) for name in names}
    assert set(variables) == asked.names - old
    assert {row[4].strip("`") for row in variables.values() if len(row) > 4} == old
    for name, default in DEFAULTS.items():
        assert variables[name][1] == f"`{default}`"
    for name, check in PARAMETERS.items():
        assert variables[name][2] == check.allowed


def test_every_exit_code_stands_there() -> None:
    text = read("exit-codes.md")
    codes = {main.ERROR, main.WRONG_USAGE, run.JOBS_ENDED_BADLY, audit.PROMISE_BROKEN}
    codes |= {delete.NOT_ALL_GONE, click.UsageError.exit_code, 0, 130, 143}
    assert {int(code) for code in re.findall(r"^\| `(\d+)` \| [^|]+ \|$", text, re.M)} == codes
    rows = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", text, re.M)
    assert (
        [each.strip("`") for row in rows for each in row.split(", ")]
        == [name for name in all_commands() if f"`{name}`" in text]
        == list(all_commands())
    )


def verdicts() -> Iterator[tuple[str, str]]:
    """Yield what each exit code of a container comes to, but for those that are just failures."""
    found = {code: judge(Evidence(exit_code=code), RetryPolicy()).verdict for code in range(1, 256)}
    for verdict, codes in groupby(found, key=lambda code: found[code]):
        if verdict is not Verdict.FAILED:
            yield ", ".join(f"`{code}`" for code in codes), verdict.value


def test_what_a_container_s_exit_codes_come_to() -> None:
    table = read("exit-codes.md").partition("\n## Of a job's container\n")[2]
    rows = re.findall(r"^\| (`\d.*?) \| ([a-z ]+) \|", table, re.M)
    assert rows == [("`0`", Verdict.SUCCEEDED.value), *verdicts()]


def test_every_rule_stands_there_in_its_order_with_its_verdict() -> None:
    table = (
        read("exit-codes.md").partition("\n## How a verdict is reached\n")[2].partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (.+) \| ([a-z ]+) \|$", table, re.M)
    assert rows[1:] == [(rule.name, rule.verdict.value) for rule in RULES]
