"""The environment variables that the code reads, found in the code."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import runbatch

_SOURCE = Path(runbatch.__file__).parent
# What a batch is: the `.env` page has these. What a job inherits; what its wrapper knows itself by;
# what a terminal says of its size.
ELSEWHERE = {
    "config/dotenv.py",
    "clusters/local/cluster.py",
    "clusters/local/wrapper.py",
    "cli/watch.py",
}


def variables_read() -> set[str]:
    """Return the names that the code reads from its environment, outside of `ELSEWHERE`.

    Raises ValueError where it does something else with the environment: then nobody can tell.
    """
    found: set[str] = set()
    for path in sorted(_SOURCE.rglob("*.py")):
        name = path.relative_to(_SOURCE).as_posix()
        if name not in ELSEWHERE and not name.startswith("testing/"):
            found |= set(_names_read(path, name))
    return found


def _names_read(path: Path, name: str) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    uses = [node for node in ast.walk(tree) if _is_environment(node)]
    words = [word for node in ast.walk(tree) if (word := _argument(node)) is not None]
    if len(words) != len(uses):
        raise ValueError(f"{name}: read one variable by name: os.environ.get(NAME).")
    for word in words:
        yield _value(word, name.removesuffix(".py").replace("/", "."))


def _is_environment(node: ast.AST) -> bool:
    """Whether this is `os.environ`, `os.getenv`, or either of them by another way."""
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr=name):
            return name in _WAYS
        case ast.ImportFrom(module="os", names=names):
            return any(each.name in _WAYS for each in names)
    return False


_WAYS = ("environ", "environb", "getenv", "getenvb")


def _argument(node: ast.AST) -> ast.expr | None:
    """Return what is read, where the node is `os.environ.get(NAME)` and nothing else."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"), args=[word]
        ):
            return word
    return None


def _value(word: ast.expr, module: str) -> str:
    """Return the name itself, be it a constant of the module."""
    if isinstance(word, ast.Constant):
        return str(word.value)
    return str(getattr(import_module(f"runbatch.{module}"), ast.unparse(word)))
