"""Text for people: aligned columns, and YAML."""

from collections.abc import Sequence
from typing import Any

RULE = "\u2500"  # Run:ai facts, 8


def table(head: Sequence[str], rows: Sequence[Sequence[str]], with_head: bool) -> str:
    """Return rows under their heads; each line starts with a blank (Run:ai facts, 8)."""
    shown = [head, *rows] if with_head else list(rows)
    if not shown:
        return ""
    widths = [max(len(row[column]) for row in shown) for column in range(len(head))]
    lines = [_aligned(row, widths) for row in shown]
    if with_head:
        lines.insert(1, RULE * (sum(widths) + 2 * len(widths)))
    return "\n".join(lines) + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    return (" " + "  ".join(cells)).rstrip()


def yaml(value: Any, indent: int = 0) -> str:
    """Return plain values as YAML in block form, texts in double quotes."""
    pad = "  " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{key}:{_yaml_value(item, indent)}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}-{_yaml_value(item, indent)}" for item in value)
    return f"{pad}{_scalar(value)}\n"


def _yaml_value(value: Any, indent: int) -> str:
    if isinstance(value, dict | list) and value:
        return "\n" + yaml(value, indent + 1)
    return f" {_scalar(value)}\n"


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value) if not isinstance(value, dict) else "{}"
