"""Write a synthetic GWAS cohort in which it is known which SNP acts on which trait.

The cohort is three files: `genotypes.hmp.txt` (HapMap), `traits.txt` (one row per taxon, first
column `Taxa`) and `planted.tsv` (the truth). A trait's index is its column in `traits.txt`,
counted from 1, so the first trait has index 2. The same options always give the same bytes.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CHROMOSOMES = 5
CHROMOSOME_LENGTH = 25_000_000
LOWEST_ALLELE_FREQUENCY = 0.1
VARIANCE_EXPLAINED = 0.4
MISSING_SHARE = 0.02
TRAIT_MEAN, TRAIT_DEVIATION = 60.0, 8.0
FIRST_TRAIT_INDEX = 2
HAPMAP_HEADER = (
    *("rs#", "alleles", "chrom", "pos", "strand", "assembly#"),
    *("center", "protLSID", "assayLSID", "panelLSID", "QCcode"),
)
UNKNOWN_HAPMAP_COLUMNS = ("NA",) * 6

EXAMPLE = """\
example:
  python make_cohort.py --out cohort --taxa 100 --snps 500 --traits 10 --planted 3
"""


@dataclass(frozen=True)
class Snp:
    """One marker; `alleles` holds the common allele, then the rare one."""

    name: str
    chromosome: int
    position: int
    alleles: str


@dataclass(frozen=True)
class Cohort:
    """A whole study: `dosage` is SNPs x taxa, `values` is traits x taxa with NaN for missing.

    `planted` maps a row of `values` to the row of `dosage` that acts on it.
    """

    snps: list[Snp]
    dosage: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    planted: dict[int, int]


def draw_snps(rng: np.random.Generator, count: int) -> list[Snp]:
    """Return `count` SNPs at different places, in the order of the genome."""
    places = np.sort(rng.choice(CHROMOSOMES * CHROMOSOME_LENGTH, count, replace=False))
    snps = []
    for place in places.tolist():
        chromosome, position = place // CHROMOSOME_LENGTH + 1, place % CHROMOSOME_LENGTH + 1
        alleles = "".join(rng.choice(list("ACGT"), 2, replace=False))
        snps.append(Snp(f"S{chromosome}_{position}", chromosome, position, alleles))
    return snps


def draw_dosage(rng: np.random.Generator, snps: int, taxa: int) -> npt.NDArray[np.int64]:
    """Return rare-allele counts (0, 1, 2); each SNP's frequency lies between 0.1 and 0.5."""
    chromatids = 2 * taxa
    fewest = int(np.ceil(LOWEST_ALLELE_FREQUENCY * chromatids))
    copies = rng.integers(fewest, taxa, size=(snps, 1), endpoint=True)
    # Dealing out a fixed number of copies keeps the frequency in range, unlike a binomial draw.
    dealt = rng.permuted((np.arange(chromatids) < copies).astype(np.int64), axis=1)
    dosage: npt.NDArray[np.int64] = dealt[:, ::2] + dealt[:, 1::2]
    return dosage


def draw_values(
    rng: np.random.Generator, dosage: npt.NDArray[np.int64], traits: int, planted: dict[int, int]
) -> npt.NDArray[np.float64]:
    """Return trait values in which each planted SNP explains `VARIANCE_EXPLAINED`."""
    values = rng.standard_normal((traits, dosage.shape[1]))
    strength = np.sqrt(VARIANCE_EXPLAINED / (1 - VARIANCE_EXPLAINED))
    for trait, snp in planted.items():
        counts = dosage[snp]
        values[trait] += rng.choice([-1, 1]) * strength * (counts - counts.mean()) / counts.std()
    values[rng.random(values.shape) < MISSING_SHARE] = np.nan
    return TRAIT_MEAN + TRAIT_DEVIATION * values


def draw_cohort(seed: int, taxa: int, snps: int, traits: int, planted: int) -> Cohort:
    """Return the one cohort that belongs to these numbers."""
    rng = np.random.default_rng(seed)
    markers = draw_snps(rng, snps)
    dosage = draw_dosage(rng, snps, taxa)
    chosen_traits = np.sort(rng.choice(traits, planted, replace=False)).tolist()
    chosen_snps = rng.choice(snps, planted, replace=False).tolist()
    truth = dict(zip(chosen_traits, chosen_snps, strict=True))
    return Cohort(markers, dosage, draw_values(rng, dosage, traits, truth), truth)


def taxon_names(count: int) -> list[str]:
    """Return as many taxon names, all different."""
    return [f"line_{number:04d}" for number in range(1, count + 1)]


def trait_name(trait: int) -> str:
    """Return the header of a trait, given its row in `Cohort.values`."""
    return f"root_angle_day{trait + 1:02d}"


def tab_separated(rows: Iterable[Iterable[object]]) -> str:
    """Return the rows as lines of tab-separated cells."""
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def genotype_table(cohort: Cohort) -> str:
    """Return the genotypes in HapMap format with two-letter calls."""
    rows: list[list[object]] = [[*HAPMAP_HEADER, *taxon_names(cohort.dosage.shape[1])]]
    for snp, counts in zip(cohort.snps, cohort.dosage.tolist(), strict=True):
        common, rare = list(snp.alleles)
        calls = (common + common, common + rare, rare + rare)
        place = (snp.name, f"{common}/{rare}", snp.chromosome, snp.position, "+")
        rows.append([*place, *UNKNOWN_HAPMAP_COLUMNS, *(calls[count] for count in counts)])
    return tab_separated(rows)


def trait_table(cohort: Cohort) -> str:
    """Return the phenotypes, one row per taxon, with `NA` for a missing value."""
    traits, taxa = cohort.values.shape
    rows = [["Taxa", *map(trait_name, range(traits))]]
    for taxon, values in zip(taxon_names(taxa), cohort.values.T.tolist(), strict=True):
        rows.append([taxon, *("NA" if np.isnan(value) else f"{value:.4f}" for value in values)])
    return tab_separated(rows)


def planted_table(cohort: Cohort) -> str:
    """Return the truth, one row per planted trait, by ascending trait index."""
    rows = [
        (trait + FIRST_TRAIT_INDEX, trait_name(trait), cohort.snps[snp].name)
        for trait, snp in cohort.planted.items()
    ]
    return tab_separated([("trait_index", "trait", "snp"), *rows])


def write_atomically(path: Path, text: str) -> None:
    """Leave `path` with exactly `text`, or untouched when that fails."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_cohort(cohort: Cohort, folder: Path) -> None:
    """Leave the three files of the cohort in `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "genotypes.hmp.txt", genotype_table(cohort))
    write_atomically(folder / "traits.txt", trait_table(cohort))
    write_atomically(folder / "planted.tsv", planted_table(cohort))


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of option values that accepts whole numbers from `low` to `high`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {low} to {high}")
        return number

    return read


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=(
            "Write a synthetic GWAS cohort in which it is known which SNP acts on which trait:\n"
            "genotypes.hmp.txt, traits.txt and planted.tsv. Files of these names are replaced."
        ),
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder to write")
    for option, low, high, default, meaning in (
        ("--taxa", 50, 5_000, 200, "number of plant lines"),
        ("--snps", 10, 100_000, 1_000, "number of SNPs"),
        ("--traits", 1, 5_000, 40, "number of traits"),
        ("--planted", 0, 5_000, 12, "number of traits that one SNP acts on"),
        ("--seed", 0, 2**32 - 1, 20260103, "same seed, same files"),
    ):
        text = f"{meaning}, {low} to {high} (default: {default})"
        reader = whole_number(low, high)
        parser.add_argument(option, metavar="N", type=reader, default=default, help=text)
    return parser


def main() -> int:
    """Write the cohort the command line asks for; exit with 2 when that cannot be done."""
    parser = make_parser()
    options = parser.parse_args()
    if options.planted > min(options.traits, options.snps):
        parser.error("argument --planted: more than there are traits or SNPs")
    cohort = draw_cohort(options.seed, options.taxa, options.snps, options.traits, options.planted)
    try:
        write_cohort(cohort, options.out)
    except OSError as error:
        parser.error(f"argument --out: cannot write the cohort: {error}")
    print(f"{options.taxa} taxa, {options.snps} SNPs, {options.traits} traits in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
