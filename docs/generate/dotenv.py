"""dotenv.md: the variables of a `.env` batch."""

from collections.abc import Iterator

from docs.generate.markdown import block, code, codes, page, table

from runbatch.config.dotenv import COMMAND, FIRST_TRAIT
from runbatch.config.gapit import (
    DEFAULTS,
    OLD_NAMES,
    OPTIONAL,
    PARAMETERS,
    PIPELINE_NAMES,
    REQUIRED,
)
from runbatch.core.batch import LARGEST_CAP, LARGEST_CPU

ALL = tuple(dict.fromkeys((*REQUIRED, *OPTIONAL, *DEFAULTS, *PARAMETERS)))

# What each variable means, and what is allowed where no table in the code says so.
MEANINGS = {
    "GENOTYPE_FILE": ("the genotypes", "a path inside the container"),
    "PHENOTYPE_FILE": ("the phenotype table; column 1 is `Taxa`", "a path inside the container"),
    "ACCESSION_IDS_FILE": ("the accessions to use", "a path inside the container"),
    "PROJECT": ("the Run:ai project", "its name"),
    "IMAGE": ("the container image", "with its tag, like `image:1.4`"),
    "JOB_PREFIX": (
        "trait 37 is the workload `<prefix>-37`",
        "lower-case letters, digits and dashes",
    ),
    "START_TRAIT": ("the first trait", f"a whole number from {FIRST_TRAIT}"),
    "END_TRAIT": ("the last trait", "a whole number, not below `START_TRAIT`"),
    "MAX_CONCURRENT": (
        "the cap: the most jobs of this batch in flight",
        f"a whole number from 1 to {LARGEST_CAP}",
    ),
    "CPU": ("cores for each job", f"a whole number from 1 to {LARGEST_CPU}"),
    "MEMORY": ("memory for each job", "a number and a unit, like `32G`"),
    "DATA_PATH_HOST": ("the host folder that a job sees, read-only, at `/data`", "begins with `/`"),
    "OUTPUT_PATH_HOST": ("the host folder that a job sees at `/outputs`", "begins with `/`"),
    "MODEL": ("the GAPIT models", ""),
    "PCA_TOTAL": ("principal components", ""),
    "SNP_MAF": ("the least minor allele frequency", ""),
    "SNP_THRESHOLD": ("the p-value of a significant SNP", ""),
    "SNP_FDR": ("the false discovery rate; empty is off", ""),
    "KINSHIP_ALGORITHM": ("how kinship is computed", ""),
    "SNP_EFFECT": ("the effect that is modelled", ""),
    "SNP_IMPUTE": ("how missing SNPs are filled in", ""),
    "MULTIPLE_ANALYSIS": ("whether each model is analysed", ""),
}

_INTRODUCTION = """\
A file of variables, as the first user's scripts had it, describes a batch on Run:ai too: `.env` in
the current folder where there is no `batch.toml`, or the one that `-b FILE` names. `runbatch init
--from-env .env` writes the [batch.toml](batch-toml.md) that equals it.

A line is `NAME=value`, with or without `export` and quotes; `#` begins a comment. The file is
parsed, never executed: `$(...)` is text. In a path or an image runbatch refuses what a shell would
read otherwise (`$USER`, a backslash, quotes inside the value, `;`), and warns of it elsewhere; what
stands in single quotes is taken as it is. A variable of your shell's environment wins over the
file, and is named where it replaces another value or where the file has no such line. An empty
value is as good as none. A new name wins over its old one; an old one is named in a warning, but
for `DATA_PATH` and `OUTPUT_PATH`. The other names `MAX_CONCURRENT_JOBS`, `CPU_LIMIT`,
`MEMORY_LIMIT` and `RUNAI_PROJECT` count in the file only, and the usual name wins over them.
runbatch ignores a name that it does not know. It warns about one that is close to a known name, or
that sounds like a setting (`CPU`, `PARALLEL`, `PROJECT`)."""

_EXAMPLE = """
JOB_PREFIX=my-gwas
PROJECT=talmo-lab
IMAGE=ghcr.io/lab/pipeline:1.4
START_TRAIT=2
END_TRAIT=187
MAX_CONCURRENT=50
DATA_PATH_HOST=/hpi/lab/data
OUTPUT_PATH_HOST=/hpi/lab/outputs
GENOTYPE_FILE=/data/genotype.hmp.txt
PHENOTYPE_FILE=/data/phenotypes.txt
MODEL=BLINK,FarmCPU
"""

_ENVIRONMENT = """\
Its environment has `TRAIT_INDEX`, `DATA_PATH=/data` and `OUTPUT_PATH=/outputs`, the three files,
the variables of the analysis, and `OPENBLAS_NUM_THREADS` and `OMP_NUM_THREADS`, both as `CPU`."""


def dotenv_page() -> str:
    """Return the page."""
    return page(_parts())


def _parts() -> Iterator[str]:
    yield "# .env"
    yield _INTRODUCTION
    yield block("ini", _EXAMPLE)
    yield "## The batch"
    yield _variables([name for name in ALL if name not in PARAMETERS])
    yield "## The analysis"
    yield "Handed on to each job, under these names:"
    yield _variables([name for name in ALL if name in PARAMETERS])
    yield "## What each job gets"
    yield f"Its command is {code(' '.join(COMMAND))}."
    yield _ENVIRONMENT


def _variables(names: list[str]) -> str:
    return table(["variable", "default", "allowed", "meaning", "other names"], map(_row, names))


def _row(name: str) -> list[str]:
    meaning, allowed = MEANINGS[name]
    old = codes((*OLD_NAMES.get(name, ()), *PIPELINE_NAMES.get(name, ())))
    return [code(name), _default(name), allowed or PARAMETERS[name].allowed, meaning, old]


def _default(name: str) -> str:
    if name in REQUIRED:
        return "required"
    return code(DEFAULTS[name]) if name in DEFAULTS else "none"
