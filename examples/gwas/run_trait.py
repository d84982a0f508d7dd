"""Test every SNP of a cohort for its effect on one trait: one cluster job.

The environment says what to do: `TRAIT_INDEX` (column of `traits.txt`, counted from 1, so the
first trait is 2), `DATA_PATH`, `OUTPUT_PATH` and optionally `SNP_MAF` (least minor allele
frequency). The result is `trait_<index>.tsv`, strongest SNP first.

The exit code tells the caller whether another attempt can help: 0 done, 1 configuration error
(never retry), 2 infrastructure failure (retry), 3 the analysis failed for another reason.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

# Many jobs share a node; the numeric library reads these when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt

# scipy has no type stubs. scipy.special loads in a third of the time scipy.stats takes.
from scipy.special import stdtr  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = npt.NDArray[np.float64]

CONFIGURATION_ERROR, INFRASTRUCTURE_FAILURE, ANALYSIS_FAILURE = 1, 2, 3
FIRST_TRAIT_INDEX = 2
HIGHEST_MAF = 0.5
HAPMAP_COLUMNS = 11
CALL_WIDTH = 3
ALLELES = re.compile(r"([ACGT+-])/(?!\1)[ACGT+-]")
FEWEST_VALUES = 3
# Outside these, squares of the values would overflow or vanish.
LEAST_SPREAD, MOST_SPREAD = 1e-100, 1e100


class ConfigurationError(Exception):
    """The job cannot succeed as it was asked for, however often it is tried."""


class InfrastructureError(Exception):
    """The node lacks something the job relies on; another attempt may succeed."""


@dataclass(frozen=True)
class Settings:
    """What the environment asks for, each value checked on its own."""

    trait_index: int
    data: Path
    outputs: Path
    least_maf: float


@dataclass(frozen=True)
class Trait:
    """One phenotype: its name and the value of each taxon, NaN where it is missing."""

    name: str
    values: dict[str, float]


@dataclass(frozen=True)
class Genotypes:
    """All SNPs: `places` holds name, chromosome and position; `dosage` is SNPs x taxa.

    The dosage is the number of copies of the SNP's second allele: 0, 1 or 2.
    """

    taxa: list[str]
    places: list[tuple[str, str, str]]
    dosage: Floats


@dataclass(frozen=True)
class Association:
    """The test of each SNP; the effect is that of one more copy of the second allele."""

    maf: Floats
    effect: Floats
    p_value: Floats


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings; every value that can be checked without a file is right."""
    for name in ("TRAIT_INDEX", "DATA_PATH", "OUTPUT_PATH"):
        if not environment.get(name):
            raise ConfigurationError(f"{name} is not set")
    return Settings(
        trait_index=read_trait_index(environment["TRAIT_INDEX"]),
        data=Path(environment["DATA_PATH"]),
        outputs=Path(environment["OUTPUT_PATH"]),
        least_maf=read_least_maf(environment.get("SNP_MAF") or "0"),
    )


def read_trait_index(text: str) -> int:
    """Return the trait index, which is at least that of the first trait."""
    index = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if index < FIRST_TRAIT_INDEX:
        raise ConfigurationError(f"TRAIT_INDEX is {text!r}, not a whole number from 2 on")
    return index


def read_least_maf(text: str) -> float:
    """Return the least minor allele frequency, 0 to 0.5."""
    try:
        least_maf = float(text)
    except ValueError:
        least_maf = math.nan
    if not 0 <= least_maf <= HIGHEST_MAF:
        raise ConfigurationError(f"SNP_MAF is {text!r}, not a number from 0 to 0.5")
    return least_maf


def require_mounts(settings: Settings) -> None:
    """Return only when both folders are there; here a folder stands for a mount."""
    # Path.is_dir raises for a stale network mount, which is a mount failure like any other.
    paths = (settings.data, settings.outputs)
    missing = [path for path in paths if not os.path.isdir(path)]  # noqa: PTH112
    if missing:
        marker = "INFRASTRUCTURE MOUNT FAILURE: {} is not a mount point"
        raise InfrastructureError(*(marker.format(path) for path in missing))


def require_files(*paths: Path) -> None:
    """Return only when all these files are there."""
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise ConfigurationError(f"Missing required files or directories: {', '.join(missing)}")


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file that are not empty: a header and at least one more."""
    # A byte that is no text fails the check of the cell it is in, with a better message.
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    lines = [line for line in text.split("\n") if line]
    if not lines[1:]:
        raise ConfigurationError(f"{path.name} has no data row")
    return lines


def read_trait(path: Path, index: int) -> Trait:
    """Return the trait in column `index` (from 1) of the phenotype table."""
    header, *rows = (line.split("\t") for line in read_lines(path))
    if header[0] != "Taxa":
        raise ConfigurationError(f"first header of {path.name} is {header[0]!r}, not 'Taxa'")
    if index > len(header):
        raise ConfigurationError(
            f"TRAIT_INDEX is {index}, but the last column of {path.name} is {len(header)}"
        )
    values: dict[str, float] = {}
    for row in rows:
        if len(row) != len(header) or row[0] in values:
            raise ConfigurationError(f"{path.name}: row {row[0]!r} is incomplete or a repetition")
        values[row[0]] = read_value(row[index - 1], row[0])
    return Trait(header[index - 1], values)


def read_value(cell: str, taxon: str) -> float:
    """Return the number in a cell of the phenotype table, NaN for `NA`."""
    try:
        return math.nan if cell == "NA" else float(cell)
    except ValueError:
        raise ConfigurationError(f"trait value {cell!r} of {taxon!r} is not a number") from None


def read_genotypes(path: Path) -> Genotypes:
    """Return the content of a HapMap file with two-letter calls."""
    header, *lines = read_lines(path)
    names = header.split("\t")
    taxa = names[HAPMAP_COLUMNS:]
    if names[0] != "rs#" or not taxa or len(set(taxa)) < len(taxa):
        raise ConfigurationError(f"{path.name} has no HapMap header with a name for each taxon")
    rows = [line.split("\t", HAPMAP_COLUMNS) for line in lines]
    calls_width = CALL_WIDTH * len(taxa) - 1
    for row in rows:
        whole = len(row) > HAPMAP_COLUMNS and len(row[-1]) == calls_width
        if not (whole and ALLELES.fullmatch(row[1])):
            raise ConfigurationError(f"{path.name}: SNP {row[0]!r} is not two alleles and calls")
    places = [(row[0], row[2], row[3]) for row in rows]
    return Genotypes(taxa, places, count_second_alleles(rows, len(taxa)))


def count_second_alleles(rows: list[list[str]], taxa: int) -> Floats:
    """Return the dosage of each call, SNPs x taxa."""
    # Every call is two letters and a tab wide, so the whole file is one block of bytes.
    calls = as_bytes("".join(row[-1] + "\t" for row in rows)).reshape(-1, taxa, CALL_WIDTH)
    alleles = as_bytes("".join(row[1] for row in rows)).reshape(-1, 1, CALL_WIDTH)
    letters = calls[:, :, :2]
    is_second = letters == alleles[:, :, 2:]
    known = (is_second | (letters == alleles[:, :, :1])).all(axis=(1, 2))
    known &= (calls[:, :, 2] == ord("\t")).all(axis=1)
    if not known.all():
        name = rows[int(known.argmin())][0]
        raise ConfigurationError(f"SNP {name!r} has a call that is not made of its two alleles")
    dosage: Floats = is_second.sum(axis=2, dtype=np.float64)
    return dosage


def as_bytes(text: str) -> npt.NDArray[np.uint8]:
    """Return the characters of the text as numbers; one that is not ASCII counts as `?`."""
    return np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8)


def measured(genotypes: Genotypes, trait: Trait) -> tuple[Floats, Floats]:
    """Return the dosage and the values of the taxa that have both, in one order."""
    values = np.array([trait.values.get(taxon, math.nan) for taxon in genotypes.taxa])
    known = ~np.isnan(values)
    values = values[known]
    if values.size < FEWEST_VALUES or not (
        LEAST_SPREAD < float(values.max()) - float(values.min()) < MOST_SPREAD
    ):
        raise ConfigurationError(
            f"trait {trait.name!r} needs {FEWEST_VALUES} genotyped taxa and values that differ"
        )
    return genotypes.dosage[:, known], values


def minor_allele_frequency(dosage: Floats) -> Floats:
    """Return the share of each SNP's rarer allele, 0 to 0.5."""
    copies = 2 * dosage.shape[1]
    second = dosage.sum(axis=1)
    # Divided last: 1 - 0.9 would fall just short of a limit of 0.1.
    frequency: Floats = np.minimum(second, copies - second) / copies
    return frequency


def associate(dosage: Floats, values: Floats) -> Association:
    """Return the linear regression of the values on each SNP; one without variation gets p = 1."""
    x = dosage - dosage.mean(axis=1, keepdims=True)
    y = values - values.mean()
    freedom = values.size - 2
    xx, xy, yy = (x * x).sum(axis=1), x @ y, y @ y
    # Without variation x is 0 throughout, so with any other divisor effect and t come out as 0.
    xx[xx == 0] = 1
    effect = xy / xx
    residual = np.maximum(yy - effect * xy, 0)
    with np.errstate(divide="ignore"):  # a perfect fit has an infinite t, and p = 0
        t = np.abs(effect) / np.sqrt(residual / freedom / xx)
    # The lower tail keeps its precision where 1 - (upper tail) would round to 0.
    return Association(minor_allele_frequency(dosage), effect, 2 * stdtr(freedom, -t))


def result_table(places: list[tuple[str, str, str]], found: Association) -> str:
    """Return the result as tab-separated text, strongest SNP first, ties in genome order."""
    lines = ["snp\tchrom\tpos\tmaf\teffect\tp_value"]
    for row in np.argsort(found.p_value, kind="stable").tolist():
        numbers = f"{found.maf[row]:.4f}\t{found.effect[row]:.6g}\t{found.p_value[row]:.6e}"
        lines.append("\t".join((*places[row], numbers)))
    return "\n".join(lines) + "\n"


def write_atomically(path: Path, text: str) -> None:
    """Leave `path` with exactly `text`, or untouched when that fails."""
    # A process id is no unique name: in a container it is nearly always 1.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def run(settings: Settings) -> None:
    """Leave the result of the trait in the output folder."""
    trait_file = settings.data / "traits.txt"
    genotype_file = settings.data / "genotypes.hmp.txt"
    require_files(genotype_file, trait_file)
    trait = read_trait(trait_file, settings.trait_index)
    genotypes = read_genotypes(genotype_file)
    dosage, values = measured(genotypes, trait)
    print(f"[INFO] trait {settings.trait_index} ({trait.name}): {values.size} taxa with a value")
    kept = np.flatnonzero(minor_allele_frequency(dosage) >= settings.least_maf)
    if not kept.size:
        raise ConfigurationError(f"no SNP has the frequency SNP_MAF asks for: {settings.least_maf}")
    places = [genotypes.places[row] for row in kept]
    found = associate(dosage[kept], values)
    write_atomically(
        settings.outputs / f"trait_{settings.trait_index}.tsv", result_table(places, found)
    )
    best = int(found.p_value.argmin())
    print(f"[INFO] {kept.size} SNPs tested")
    print(f"[INFO] strongest SNP: {places[best][0]} (p = {found.p_value[best]:.2e})")


def complain(*messages: object) -> None:
    """Print each message as an error line of the log."""
    for message in messages:
        print(f"[ERROR] {message}", file=sys.stderr)


def main() -> int:
    """Run the job the environment asks for and return its exit code."""
    try:
        settings = read_settings(os.environ)
        require_mounts(settings)
        run(settings)
    except ConfigurationError as error:
        complain(error)
        return CONFIGURATION_ERROR
    except InfrastructureError as error:
        retryable = f"Infrastructure failure detected (exit code {INFRASTRUCTURE_FAILURE})"
        complain(*error.args, f"{retryable} - retryable")
        return INFRASTRUCTURE_FAILURE
    except (OSError, MemoryError) as error:
        complain(f"analysis failed: {error}")
        return ANALYSIS_FAILURE
    return 0


if __name__ == "__main__":
    sys.exit(main())
