"""Batch files that are right, and what may stand in them instead."""

from tests.properties.damage import MANY_DIGITS

TOML = """prefix = "gwas"
max_concurrent = 5
[cluster]
kind = "runai"
project = "lab"
workload = "training"
[jobs]
keys = [1, 2, "3"]
variable = "TRAIT_INDEX"
[run]
image = "image:1.4"
command = ["python3", "job.py"]
cpu = 12
memory = "32G"
env = { MODEL = "BLINK", N = 3 }
mounts = [{ host = "/hpi/data", path = "/data", read_only = true, propagation = "None" }]
[retry]
exit_codes = [2]
log_markers = ["is not a mount point"]
max_retries = 3
delay_s = 30"""
DEEP_KEY = ".".join("a" * 5000)
DEEP_LIST = "[" * 3000 + "]" * 3000
TOML_NAMES = [
    *("str", "int", "float", "list", "prefx", '""', '"a b"', "jobs", "run.x", "mounts", "env"),
    *("range", "file", "keys", "cpu", "image", "exit_codes", DEEP_KEY),
]
TOML_VALUES = [
    *("1", "-1", "0", "1.5", "1e400", "inf", "nan", "true", "0x" + "f" * 5000, MANY_DIGITS),
    *('""', '" "', '"x"', '"a\\u0000b"', '"/\\u0000"', '"\\u001b[2J"', '"\\u202e"', "'''\n\n'''"),
    *("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "[]", "[[]]", "{}", "{ str = 1 }"),
    *('["a", "a"]', "[1, 2]", "[2, 1]", "[0, 1e3]", '["\\u0000"]', '{ "a b" = "x" }', "[{}]"),
    *(DEEP_LIST, f"[{{ {DEEP_KEY} = 1 }}]", f"{{ {DEEP_KEY} = 1 }}", '"local"', '"a.txt"'),
]

DOTENV = """export PROJECT='my-lab'
IMAGE=image:1.4
JOB_PREFIX="gwas"  # mine
START_TRAIT=2
END_TRAIT=9
MAX_CONCURRENT=5
CPU=12
MEMORY=32G
DATA_PATH_HOST=/hpi/data
OUTPUT_PATH=/hpi/out
GENOTYPE_FILE=/data/g.txt
PHENOTYPE_FILE=/data/t.txt
MODEL=BLINK,MLM
PCA_COMPONENTS=3
SNP_MAF=0.05
SNP_THRESHOLD=5e-8
SNP_FDR=0.1
KINSHIP_ALGORITHM=Zhang"""
DOTENV_NAMES = [
    *("", " ", "é", "export", "PCA_TOTAL", "MODELS", "MAX_CONCURENT", "ACCESSION_IDS_FILE", "CPU"),
]
DOTENV_VALUES = [
    *("", "''", '"', "'", "$(id)", "${HOME}", "-1", "0", "1e9", "nan", "inf", "21", " 7 ", "x,,y"),
    *("0.0_5", "1_0", "0x10", "\u0663", "0.\u0660\u0665", "0000000000021", MANY_DIGITS),
    *("a\0b:1", "/a\0b", "\x1b[2J:1", "a" * 200_000, '"\\n"', "'\\ud800'", "/x,y", "/a\u2028b"),
]
