"""The variables of the GAPIT pipeline: names, defaults and ranges (GAPIT reference, the table)."""

import re
from collections.abc import Callable

# As R reads them too, which takes neither 1_0 nor the digits of other scripts.
_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")

# Returns what is allowed if the value is not, else None.
Check = Callable[[str], str | None]

REQUIRED = ("GENOTYPE_FILE", "PHENOTYPE_FILE")
OPTIONAL = ("ACCESSION_IDS_FILE",)

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


def one_of(*words: str) -> Check:
    """Return the check for one of these words."""
    return lambda value: None if value in words else " or ".join(words)


def some_of(*words: str) -> Check:
    """Return the check for some of these words, with commas."""
    allowed = f"some of {', '.join(words)}, with commas"
    return lambda value: None if set(value.split(",")) <= set(words) else allowed


def number(lowest: float, highest: float, *, above: bool = False) -> Check:
    """Return the check for a number of this range, `lowest` itself left out if `above`."""
    start = f"above {lowest:g}" if above else f"from {lowest:g}"

    def check(value: str) -> str | None:
        found = float(value) if _NUMBER.fullmatch(value) else lowest - 1
        fits = lowest <= found <= highest and not (above and found == lowest)
        return None if fits else f"a number {start} to {highest:g}"

    return check


def whole(lowest: int, highest: int) -> Check:
    """Return the check for a whole number of this range."""

    def check(value: str) -> str | None:
        fits = _WHOLE.fullmatch(value) is not None and lowest <= int(value) <= highest
        return None if fits else f"a whole number from {lowest} to {highest}"

    return check


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
