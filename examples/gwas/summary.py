"""Compare the results of a finished batch with the SNPs that were planted in its cohort.

The exit code is 0 when every result there is names the planted SNP, 1 when one names another,
2 when the input cannot be read. A trait without a result does not count against the others.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

DISAGREEMENT = 1
COLUMNS = ("index", "trait", "planted SNP", "strongest SNP", "p-value", "agree")

EXAMPLE = """\
example:
  python summary.py --data cohort --outputs results
"""


class InputError(Exception):
    """A file is not what a cohort or a job would have written."""


@dataclass(frozen=True)
class Comparison:
    """One planted trait; `strongest` and `p_value` are None while it has no result."""

    index: int
    trait: str
    planted: str
    strongest: str | None = None
    p_value: float | None = None

    @property
    def agrees(self) -> bool:
        """Whether the result names the planted SNP."""
        return self.strongest == self.planted

    def cells(self) -> tuple[str, ...]:
        """Return the comparison as one row of the table."""
        start = (str(self.index), self.trait, self.planted)
        if self.strongest is None:
            return (*start, "no result", "-", "-")
        return (*start, self.strongest, f"{self.p_value:.2e}", "yes" if self.agrees else "no")


def read_rows(path: Path, *columns: str) -> list[list[str]]:
    """Return the data rows of a tab-separated file that has exactly these columns."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    header, *rows = [line.split("\t") for line in lines] or [[]]
    if header != list(columns) or any(len(row) != len(columns) for row in rows):
        raise InputError(f"{path.name} is not a table with the columns {', '.join(columns)}")
    return rows


def compare(data: Path, outputs: Path) -> list[Comparison]:
    """Return one comparison per planted trait, in the order of `planted.tsv`."""
    if not outputs.is_dir():
        raise InputError(f"{outputs} is not a folder")
    planted = read_rows(data / "planted.tsv", "trait_index", "trait", "snp")
    return [compare_trait(outputs, int(index), trait, snp) for index, trait, snp in planted]


def compare_trait(outputs: Path, index: int, trait: str, snp: str) -> Comparison:
    """Return the comparison of one planted trait with its result, if there is one."""
    path = outputs / f"trait_{index}.tsv"
    if not path.exists():
        return Comparison(index, trait, snp)
    rows = read_rows(path, "snp", "chrom", "pos", "maf", "effect", "p_value")
    if not rows:
        raise InputError(f"{path.name} has no SNP")
    return Comparison(index, trait, snp, strongest=rows[0][0], p_value=float(rows[0][-1]))


def format_table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows as lines in which each column has one width."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def main() -> int:
    """Print the comparison of a batch with the truth and return the exit code."""
    parser = argparse.ArgumentParser(
        description="Compare the results of a batch with the SNPs planted in its cohort.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for option, meaning in (("--data", "the cohort"), ("--outputs", "the results")):
        text = f"folder with {meaning}"
        parser.add_argument(option, metavar="DIR", type=Path, required=True, help=text)
    options = parser.parse_args()
    try:
        comparisons = compare(options.data, options.outputs)
    except (InputError, OSError) as error:
        parser.error(str(error))
    except ValueError as error:
        parser.error(f"a cell of a table is not a number: {error}")
    print(format_table([COLUMNS, *(comparison.cells() for comparison in comparisons)]))
    found = sum(comparison.agrees for comparison in comparisons)
    print(f"\n{found} of {len(comparisons)} planted SNPs found")
    disagree = any(c.strongest is not None and not c.agrees for c in comparisons)
    return DISAGREEMENT if disagree else 0


if __name__ == "__main__":
    sys.exit(main())
