"""A kind of cluster is one room: nothing outside its folder names it in code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import runbatch
from runbatch.clusters.kinds import BUILT_IN

SOURCE = Path(runbatch.__file__).parent
# The names of all kinds and of their products, as words: alone, within a name, or in a sentence.
WORDS = re.compile(rf"(?<![a-z])({'|'.join(BUILT_IN)}|run:ai)(?![a-z])", re.IGNORECASE)

# By file and by what is said there: why it may be.
ALLOWED = {
    ("kinds.py", "local"): "the registry",
    ("kinds.py", "runai"): "the registry",
    ("kinds.py", "runbatch.clusters.local.kind"): "the registry",
    ("kinds.py", "runbatch.clusters.runai.kind"): "the registry",
    ("batch.py", "local"): "the default: a batch that names no cluster runs on this machine",
    ("main.py", "submit-all-traits-runai"): "the first user's script keeps its name as a command",
    ("dotenv.py", "runai"): "the recipe for the first user's .env, which is for that cluster",
    ("variables.py", "RUNAI_PROJECT"): "a variable of the first user's .env",
}


def words_of(tree: ast.Module) -> Iterator[str]:
    """Yield every identifier and text of the code; a docstring is prose, and none of them."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.ImportFrom(module=str(name)):
                yield name
            case ast.alias(name=name, asname=other):
                yield from (name, other or "")


def namings(text: str) -> set[str]:
    """Return what of this code names a kind; `LocalCluster` does, `localtime` does not."""
    parts = (
        (word, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word)) for word in words_of(ast.parse(text))
    )
    return {word for word, apart in parts if WORDS.search(apart)}


def outside() -> Iterator[Path]:
    rooms = [SOURCE / "clusters" / name for name in BUILT_IN]
    for path in sorted(SOURCE.rglob("*.py")):
        if not any(path.is_relative_to(room) for room in rooms):
            yield path


FOUND = {(path.name, word) for path in outside() for word in namings(path.read_text("utf-8"))}


def test_nothing_outside_its_folder_names_a_kind_of_cluster() -> None:
    assert sorted(FOUND - ALLOWED.keys()) == []


def test_whatever_may_name_a_kind_still_does() -> None:
    assert sorted(ALLOWED.keys() - FOUND) == []


@pytest.mark.parametrize(
    "code",
    [
        'if kind == "runai":\n    pass',
        'problem = "Run:ai refuses it."',
        "from runbatch.clusters.local.cluster import Cluster",
        "import runbatch.clusters.runai",
        "cluster = LocalCluster(root)",
        "def check_for_runai() -> None: ...",
        "choice.is_runai",
        'f"on local {kind}"',
        "open_cluster(local=True)",
    ],
)
def test_a_naming_is_seen(code: str) -> None:
    assert namings(code)


@pytest.mark.parametrize(
    "code",
    ['"""A workload, on Run:ai or on local."""', "now = time.localtime()", 'locale = "locally"'],
)
def test_prose_and_other_words_are_no_naming(code: str) -> None:
    assert not namings(code)
