"""A Batch -> the text of a `batch.toml` that describes the same batch."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import tomli_w

from runbatch.core.batch import Batch, Run

_HEADER = "# Written by runbatch init --from-env. The cap counts this batch's own jobs only.\n"


def batch_toml(batch: Batch) -> str:
    """Return the text; loaded from the same folder it is an equal batch."""
    tables = {
        "prefix": batch.prefix,
        "max_concurrent": batch.cap,
        "cluster": _given(kind=batch.cluster.kind, **batch.cluster.keys),
        "jobs": _given(**_keys(batch), variable=batch.variable),
        "run": _run(batch.run),
        "retry": {
            "exit_codes": list(batch.retry.exit_codes),
            "log_markers": list(batch.retry.log_markers),
            "max_retries": batch.retry.max_retries,
            "delay_s": batch.retry.delay_s,
            "infrastructure": batch.retry.infrastructure,
        },
    }
    return f"{_HEADER}{_remarks(batch.notes)}\n{tomli_w.dumps(tables)}"


def _remarks(notes: Iterable[str]) -> str:
    """Return what was noticed as comments: who reads the file later did not see the warnings."""
    return "".join(f"# {_in_one_line(note)}\n" for note in notes)


def _in_one_line(note: str) -> str:
    return "".join(each if each.isprintable() else " " for each in note)


def _keys(batch: Batch) -> dict[str, Any]:
    if not batch.integer_keys:
        return {"keys": list(batch.keys)}
    first, last = int(batch.keys[0]), int(batch.keys[-1])
    is_range = batch.keys == tuple(str(key) for key in range(first, last + 1))
    return {"range": [first, last]} if is_range else {"keys": list(batch.keys)}


def _run(run: Run) -> dict[str, Any]:
    return {name: value for name, value in asdict(run).items() if name in run.given}


def _given(**values: Any) -> dict[str, Any]:
    """Return what there is; TOML has no word for nothing."""
    return {name: value for name, value in values.items() if value is not None}
