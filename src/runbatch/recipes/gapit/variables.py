"""The variables of the GAPIT pipeline: names, defaults and ranges (docs/reference/dotenv.md)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# As R reads them too, which takes neither 1_0 nor the digits of other scripts.
_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Check:
    """What is allowed, in words that go on behind "write", and whether a value is that."""

    allowed: str
    fits: Callable[[str], bool]


REQUIRED = ("GENOTYPE_FILE", "PHENOTYPE_FILE")
OPTIONAL = ("ACCESSION_IDS_FILE",)
# A file of variables that sets none of these is somebody else's: most projects have a `.env`, with
# names like MODEL and CPU in it.
OWN_NAMES = (*REQUIRED, *OPTIONAL, "JOB_PREFIX", "START_TRAIT", "END_TRAIT")
# Nothing checks what these name before a job looks for it, so none may hold what a shell would read
# otherwise.
LITERAL = (*REQUIRED, *OPTIONAL, "DATA_PATH_HOST", "OUTPUT_PATH_HOST", "IMAGE")
LISTS = ("MODEL",)

DEFAULTS = {
    "PROJECT": "talmo-lab",
    "IMAGE": "ghcr.io/salk-harnessing-plants-initiative/gapit3-gwas-pipeline:latest",
    "JOB_PREFIX": "gapit3-trait",
    "START_TRAIT": "2",
    "END_TRAIT": "187",
    "MAX_CONCURRENT": "50",
    "CPU": "12",
    "MEMORY": "32G",
    "DATA_PATH_HOST": "/data",
    "OUTPUT_PATH_HOST": "/outputs",
    "MODEL": "MLM",
    "PCA_TOTAL": "0",
    "SNP_MAF": "0",
    "SNP_THRESHOLD": "0.05",
    "KINSHIP_ALGORITHM": "Zhang",
    "SNP_EFFECT": "Add",
    "SNP_IMPUTE": "Middle",
    "MULTIPLE_ANALYSIS": "TRUE",
}

OLD_NAMES = {
    "DATA_PATH_HOST": ("DATA_PATH",),
    "OUTPUT_PATH_HOST": ("OUTPUT_PATH",),
    "MODEL": ("MODELS",),
    "PCA_TOTAL": ("PCA_COMPONENTS",),
    "SNP_MAF": ("MAF_FILTER",),
    "KINSHIP_ALGORITHM": ("KINSHIP_METHOD",),
}


# Names that users of the pipeline write too, most of them from its `.env.example`. They count in
# the file only: a Jupyter server or a container sets some of them in the environment.
PIPELINE_NAMES = {
    "MAX_CONCURRENT": ("MAX_CONCURRENT_JOBS",),
    "CPU": ("CPU_LIMIT",),
    "MEMORY": ("MEMORY_LIMIT",),
    "PROJECT": ("RUNAI_PROJECT",),
}


def one_of(*words: str) -> Check:
    """Return the check for one of these words."""
    return Check(" or ".join(words), lambda value: value in words)


def some_of(*words: str) -> Check:
    """Return the check for some of these words, with commas."""
    allowed = f"some of {', '.join(words)}, with commas"
    return Check(allowed, lambda value: set(value.split(",")) <= set(words))


def without_blanks(value: str) -> str:
    """Return the words of a list without the blanks around its commas, as the pipeline reads it."""
    return ",".join(word.strip() for word in value.split(","))


def number(lowest: float, highest: float, *, above: bool = False) -> Check:
    """Return the check for a number of this range, `lowest` itself left out if `above`."""
    start = f"above {lowest:g}" if above else f"from {lowest:g}"

    def fits(value: str) -> bool:
        found = float(value) if _NUMBER.fullmatch(value) else lowest - 1
        return lowest <= found <= highest and not (above and found == lowest)

    return Check(f"a number {start} to {highest:g}", fits)


def whole(lowest: int, highest: int) -> Check:
    """Return the check for a whole number of this range."""

    def fits(value: str) -> bool:
        return _WHOLE.fullmatch(value) is not None and lowest <= int(value) <= highest

    return Check(f"a whole number from {lowest} to {highest}", fits)


PARAMETERS: dict[str, Check] = {
    "MODEL": some_of("BLINK", "FarmCPU", "MLM", "MLMM", "SUPER", "CMLM", "GLM"),
    "PCA_TOTAL": whole(0, 20),
    "SNP_MAF": number(0, 0.5),
    "SNP_THRESHOLD": number(0, 1),
    "SNP_FDR": number(0, 1, above=True),
    "KINSHIP_ALGORITHM": one_of("VanRaden", "Zhang", "Loiselle", "EMMA"),
    "SNP_EFFECT": one_of("Add", "Dom"),
    "SNP_IMPUTE": one_of("Middle", "Major", "Minor"),
    "MULTIPLE_ANALYSIS": one_of("TRUE", "FALSE"),
}
