"""The pre-flight check of the phenotype table, where it can be read from here."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError
from runbatch.recipes.gapit.variables import REQUIRED

VARIABLE = "PHENOTYPE_FILE"
FIRST_HEADER = "Taxa"
_LONGEST_LINE = 10_000_000


class Finding(NamedTuple):
    """What a check found, and whether it could be made at all."""

    text: str
    was_checked: bool


def check_phenotypes(batch: Batch) -> Finding | None:
    """Return what was found of the batch's phenotype table, None if it has none.

    Raises BatchError if the table can be read here, and the jobs' traits are not in it.
    """
    inside = _named_by(batch)
    if inside is None or not batch.integer_keys:
        return None
    path = phenotype_table(batch)
    head = _head(path) if path is not None else None
    if path is None or head is None:
        text = f"phenotype table: not checked, {inside} cannot be read from here"
        return Finding(text, was_checked=False)
    header, has_row = head
    _check_head(path, header, has_row)
    last = max(int(key) for key in batch.keys)
    if last > len(header):
        place = f"{VARIABLE} {path}"
        raise BatchError(place, f"it has {len(header)} columns; trait {last} is above the last.")
    text = f"phenotype table: {len(header)} columns, the last trait is {last}"
    return Finding(text, was_checked=True)


def phenotype_table(batch: Batch) -> Path | None:
    """Return where the table is on the host, None if there is none or no mount leads there."""
    inside = PurePosixPath(_named_by(batch) or "")
    for mount in batch.run.mounts:
        if inside.is_relative_to(mount.path):
            return Path(batch.folder, mount.host, inside.relative_to(mount.path))
    return None


def _named_by(batch: Batch) -> str | None:
    """Return where a job finds the table; None if the batch is none of the pipeline's.

    It is one if it sets all that the pipeline requires, be it from a `.env` or a `batch.toml`.
    """
    env = batch.run.env
    return env[VARIABLE] if env.keys() >= {*REQUIRED} else None


def _head(path: Path) -> tuple[list[str], bool] | None:
    """Return the header's cells, and whether there is a line behind it; None if unreadable here."""
    try:
        if not path.is_file():
            return None
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(_LONGEST_LINE).rstrip("\r\n")
            has_row = bool(file.readline(_LONGEST_LINE).strip())
    except OSError:
        return None
    separator = "\t" if "\t" in header else ","
    return [cell.strip().strip('"') for cell in header.split(separator)], has_row


def _check_head(path: Path, header: list[str], has_row: bool) -> None:  # noqa: FBT001  # a fact
    place = f"{VARIABLE} {path}"
    if header[0] != FIRST_HEADER:
        raise BatchError(place, f"the first header is {header[0][:40]!r}, not {FIRST_HEADER!r}.")
    if not has_row:
        raise BatchError(place, "it has no data row.")
