"""The generated pages are what the code says now, and leave nothing out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from docs.generate import dotenv, environment, exit_codes
from docs.generate.batch_toml import TABLES
from docs.generate.command_line import LIBRARIES_VARIABLES, VARIABLES
from docs.generate.markdown import SAID
from docs.generate.pages import FOLDER, pages

import runbatch
from runbatch.cli.main import all_commands, cli
from runbatch.config.dotenv import Variables, batch_of
from runbatch.config.gapit import OLD_NAMES, PIPELINE_NAMES

SOURCE = Path(runbatch.__file__).parent


@pytest.mark.parametrize("name", pages())
def test_a_page_is_what_the_code_says_now(name: str) -> None:
    found = (FOLDER / name).read_text("utf-8")
    assert found == pages()[name], f"docs/reference/{name} is old: run make reference"
    assert SAID in "".join(found.splitlines()[:2])


def test_no_page_is_left_from_a_generator_that_is_gone() -> None:
    generated = {path.name for path in FOLDER.iterdir() if SAID in path.read_text("utf-8")}
    assert generated == set(pages())


def test_every_command_and_option_stands_there_once() -> None:
    text = pages()["command-line.md"]
    assert re.findall(r"^## runbatch (\S+)$", text, re.M) == list(all_commands())
    for name, command in all_commands().items():
        section = text.partition(f"\n## runbatch {name}\n")[2].partition("\n## ")[0]
        shared = text.partition("\n## Options of every command\n")[2].partition("\n## ")[0]
        for option in options_of(command):
            row = f"| `{', '.join(option.opts)}"
            assert (section + shared).count(row) == 1, f"{name} {option.opts}"
            assert option.envvar is None, "an option that reads the environment: document it"
    assert cli.context_settings.get("auto_envvar_prefix") is None


def options_of(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def test_every_key_stands_there() -> None:
    text = pages()["batch-toml.md"]
    headings = re.findall(r"^### (.*)$", text, re.M)
    tables = {"cluster", "jobs", "run", "retry"}
    keys = [
        f"{name} {key}".strip()
        for name, model in TABLES.items()
        for key in model.model_fields
        if name or key not in tables
    ]
    assert headings == keys


def test_every_variable_that_the_code_reads_stands_there() -> None:
    assert environment.variables_read() == set(VARIABLES)
    for name in VARIABLES | LIBRARIES_VARIABLES:
        assert f"\n| `{name}` | " in pages()["command-line.md"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("import os\nx = os.environ.get('SECRET')\n", {"SECRET"}, id="one more"),
        pytest.param("import os\nx = os.environ['SECRET']\n", None, id="by an index"),
        pytest.param("import os\nx = os.getenv('SECRET')\n", None, id="by getenv"),
        pytest.param("from os import environ\n", None, id="imported"),
        pytest.param("import os\nx = dict(os.environ)\n", None, id="all of it"),
    ],
)
def test_a_new_reading_of_the_environment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, found: set[str] | None
) -> None:
    (tmp_path / "new.py").write_text(text)
    monkeypatch.setattr(environment, "_SOURCE", tmp_path)
    if found is not None:
        assert environment.variables_read() == found
        return
    with pytest.raises(ValueError, match=r"new\.py: read one variable by name"):
        environment.variables_read()


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
    text = pages()["dotenv.md"]
    old = {name for names in (*OLD_NAMES.values(), *PIPELINE_NAMES.values()) for name in names}
    assert asked.names - old == set(re.findall(r"^\| `([A-Z_]+)`", text, re.M))
    assert old == set(re.findall(r"`([A-Z_]+)` \|$", text, re.M))
    assert set(dotenv.MEANINGS) == set(dotenv.ALL)


def test_every_exit_code_stands_there() -> None:
    assert set(exit_codes.NAMED) == set(constants())
    codes = {0, *exit_codes.STOPPED, *exit_codes.NAMED.values()} - {128}
    assert set(exit_codes.GENERAL) == codes
    assert set(exit_codes.BY_COMMAND) == set(all_commands())
    for said in exit_codes.BY_COMMAND.values():
        assert codes.issuperset(said)
    assert click.UsageError.exit_code == exit_codes.NAMED["main.WRONG_USAGE"]


def constants() -> Iterator[str]:
    """Yield the whole numbers that modules of the command line have names for, as exit codes."""
    for path in (SOURCE / "cli").glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int())):
                    if not name.startswith("_"):
                        yield f"{path.stem}.{name}"


@pytest.mark.parametrize("path", sorted((SOURCE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_no_exit_code_is_without_a_name(path: Path) -> None:
    """What a command returns is 0, or a constant that the page explains."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
            assert type(node.value.value) is not int or node.value.value == 0, node.lineno
