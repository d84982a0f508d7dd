"""Which file describes the batch, and the batch it describes."""

from dataclasses import replace
from pathlib import Path

from runbatch.clusters.kinds import kind_of
from runbatch.config.text import read_text
from runbatch.config.toml import load_toml
from runbatch.core.batch import Batch, ClusterChoice
from runbatch.core.errors import BatchError
from runbatch.recipes.gapit import in_variables, load_dotenv

DEFAULT_FILES = ("batch.toml", ".env")


def find_batch_file(folder: Path) -> Path:
    """Return the batch file of a folder: batch.toml, else .env; raise BatchError if none is."""
    for name in DEFAULT_FILES:
        if (folder / name).exists():
            return Path(name)
    problem = 'no such file here, and no .env; write one with "runbatch init", or name one with -b.'
    raise BatchError(DEFAULT_FILES[0], problem)


def is_dotenv(path: Path) -> bool:
    """Whether the file is one of variables: `.env`, or a name that begins or ends with it."""
    return path.name.startswith(".env") or path.suffix == ".env"


def load_batch(path: Path | str, *, cluster: str | None = None) -> Batch:
    """Return the valid batch that the file describes, on another kind of cluster if asked.

    A `.toml` file, or a `.env` as the first user's scripts had it. Raises BatchError that names the
    file and the place in it, with nothing touched.
    """
    path = Path(path)
    try:
        return _checked(_load(path), cluster, of_variables=is_dotenv(path))
    except BatchError as error:
        raise error.within(str(path)) from error
    except (ValueError, OverflowError, OSError) as error:
        # A number of thousands of digits; a working folder that goes away meanwhile.
        raise BatchError(str(path), f"cannot be understood: {str(error)[:200]}.") from error


def _load(path: Path) -> Batch:
    if is_dotenv(path):
        return load_dotenv(path, read_text(path))
    if path.suffix != ".toml" and path.is_file():
        raise BatchError("", "a batch is described by a .toml or a .env file (see runbatch init).")
    return load_toml(path)


def _checked(batch: Batch, cluster: str | None, *, of_variables: bool) -> Batch:
    """Return the batch on that cluster; raise BatchError, in the words of its file."""
    if cluster is not None:
        batch = replace(batch, cluster=ClusterChoice(kind=cluster, **batch.cluster.keys))
    try:
        kind_of(batch.cluster.kind).check(batch)
    except BatchError as error:
        raise (in_variables(error) if of_variables else error) from error
    return batch
