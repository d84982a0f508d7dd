"""Which file describes the batch, and the batch it describes."""

from pathlib import Path

from runbatch.config.toml import load_toml
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError

DEFAULT_FILE = "batch.toml"


def find_batch_file(folder: Path) -> Path:
    """Return the batch file of a folder; raise BatchError if there is none."""
    path = folder / DEFAULT_FILE
    if not path.exists():
        problem = 'no such file here; write one with "runbatch init", or name one with -b FILE.'
        raise BatchError(DEFAULT_FILE, problem)
    return Path(DEFAULT_FILE)


def load_batch(path: Path | str) -> Batch:
    """Return the valid batch that the file describes; raise BatchError, nothing touched."""
    path = Path(path)
    if path.suffix != ".toml" and not path.is_dir():
        raise BatchError(str(path), "a batch is described by a .toml file (see runbatch init).")
    return load_toml(path)
