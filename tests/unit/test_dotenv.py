"""`.env` batches: the first user's variables, parsed and never executed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runbatch.config.load import load_batch
from runbatch.config.write import batch_toml
from runbatch.core.batch import Batch, Mount
from runbatch.core.errors import BatchError
from runbatch.recipes.gapit import check_phenotypes, load_dotenv, phenotype_table

FILES = "GENOTYPE_FILE=/data/g.hmp.txt\nPHENOTYPE_FILE=/data/traits.txt\n"


@pytest.fixture
def env(tmp_path: Path) -> Any:
    def load(text: str = "", process: dict[str, str] | None = None) -> Batch:
        return load_dotenv(tmp_path / ".env", FILES + text, process or {})

    return load


def test_the_defaults_are_the_first_user_s(env: Any) -> None:
    batch = env()
    assert (batch.prefix, batch.cap, batch.cluster.keys["project"]) == (
        "gapit3-trait",
        50,
        "talmo-lab",
    )
    assert batch.cluster.kind == "runai"
    assert batch.keys == tuple(str(key) for key in range(2, 188))
    assert batch.integer_keys
    assert batch.variable == "TRAIT_INDEX"
    assert batch.run.command == ("/scripts/entrypoint.sh", "run-single-trait")
    assert (batch.run.cpu, batch.run.memory) == (12, "32G")
    assert batch.run.mounts == (
        Mount("/data", "/data", read_only=True, propagation="HostToContainer"),
        Mount("/outputs", "/outputs", read_only=False, propagation="HostToContainer"),
    )
    assert batch.run.env == {
        "DATA_PATH": "/data",
        "OUTPUT_PATH": "/outputs",
        "GENOTYPE_FILE": "/data/g.hmp.txt",
        "PHENOTYPE_FILE": "/data/traits.txt",
        "MODEL": "MLM",
        "PCA_TOTAL": "0",
        "SNP_MAF": "0",
        "SNP_THRESHOLD": "0.05",
        "KINSHIP_ALGORITHM": "Zhang",
        "SNP_EFFECT": "Add",
        "SNP_IMPUTE": "Middle",
        "MULTIPLE_ANALYSIS": "TRUE",
        "OPENBLAS_NUM_THREADS": "12",
        "OMP_NUM_THREADS": "12",
    }
    assert batch.notes == ()


def test_what_old_files_hold_is_read_and_nothing_is_executed(env: Any, tmp_path: Path) -> None:
    pwned = tmp_path / "pwned"
    batch = env(
        "# a comment\r\n"
        "export PROJECT='my-lab'\r\n"
        'JOB_PREFIX="eberrigan-gapit-gwas" # the user\r\n'
        "MAX_CONCURRENT = 7\r\n"
        "DATA_PATH_HOST=/hpi/my lab/data\r\n"
        f"ACCESSION_IDS_FILE='$(touch {pwned})`touch {pwned}`${{HOME}}'\r\n"
        "SNP_THRESHOLD=5e-8\r\n"
        "SNP_FDR=\r\n"
    )
    assert batch.cluster.keys["project"] == "my-lab"
    assert (batch.prefix, batch.cap) == ("eberrigan-gapit-gwas", 7)
    assert batch.run.mounts[0].host == "/hpi/my lab/data"
    assert batch.run.env["ACCESSION_IDS_FILE"] == f"$(touch {pwned})`touch {pwned}`${{HOME}}"
    assert batch.run.env["SNP_THRESHOLD"] == "5e-8"
    assert "SNP_FDR" not in batch.run.env
    assert not pwned.exists()


def test_old_names_still_work_with_a_warning_and_new_names_win(env: Any) -> None:
    old = "MODELS=BLINK,FarmCPU\nPCA_COMPONENTS=3\nMAF_FILTER=0.05\nKINSHIP_METHOD=VanRaden\n"
    batch = env(f"{old}DATA_PATH=/a\nOUTPUT_PATH=/b\n")
    found = [batch.run.env[name] for name in ("MODEL", "PCA_TOTAL", "SNP_MAF", "KINSHIP_ALGORITHM")]
    assert found == ["BLINK,FarmCPU", "3", "0.05", "VanRaden"]
    assert [mount.host for mount in batch.run.mounts] == ["/a", "/b"]
    assert batch.notes == (
        "MODELS is an old name; write MODEL.",
        "PCA_COMPONENTS is an old name; write PCA_TOTAL.",
        "MAF_FILTER is an old name; write SNP_MAF.",
        "KINSHIP_METHOD is an old name; write KINSHIP_ALGORITHM.",
    )
    both = env(f"{old}MODEL=GLM\nDATA_PATH_HOST=/new\nDATA_PATH=/old\n")
    assert both.run.env["MODEL"] == "GLM"
    assert both.run.mounts[0].host == "/new"


def test_the_process_environment_wins_and_each_value_it_replaces_is_named_once(env: Any) -> None:
    text = "START_TRAIT=2\nEND_TRAIT=187\nCPU=4\n"
    process = {"START_TRAIT": "42", "END_TRAIT": "42", "CPU": "4", "MEMORY": "8G"}
    batch = env(text, process)
    assert batch.keys == ("42",)
    assert batch.run.memory == "8G"
    assert batch.notes == (
        "START_TRAIT = '42' from the environment replaces START_TRAIT = '2'.",
        "END_TRAIT = '42' from the environment replaces END_TRAIT = '187'.",
        "The environment, and no line of the file, sets MEMORY = '8G'.",
    )


def test_what_the_environment_alone_gives_is_named_once(env: Any) -> None:
    batch = env("MODELS=MLM\n", {"CPU": "4", "PROJECT": "mine"})
    assert batch.notes == (
        "MODELS is an old name; write MODEL.",
        "The environment, and no line of the file, sets CPU = '4', PROJECT = 'mine'.",
    )


@pytest.mark.parametrize(
    ("process", "said"),
    [
        ({"CPU": "0"}, "CPU = 0 (from the environment): write a number of cores"),
        ({"CPU": "many"}, "CPU = 'many' (from the environment): write a whole"),
        ({"MODELS": "x"}, "MODEL = 'x' (MODELS from the environment): write some of"),
        ({"IMAGE": "pipeline"}, "IMAGE = 'pipeline' (from the environment): name a tag"),
        ({"JOB_PREFIX": "Me_2"}, "JOB_PREFIX = 'Me_2' (from the environment): write lower"),
        ({"MEMORY": "8"}, "MEMORY = '8' (from the environment): write a number and a unit"),
        ({"END_TRAIT": "1"}, "START_TRAIT = 2, END_TRAIT = 1 (END_TRAIT from the environment): "),
        ({"PROJECT": "a/b"}, "PROJECT = 'a/b' (from the environment): this cannot name"),
        ({"DATA_PATH": "./x"}, "DATA_PATH_HOST = './x' (DATA_PATH from the environment): write"),
    ],
)
def test_an_error_about_a_value_of_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: dict[str, str], said: str
) -> None:
    (tmp_path / ".env").write_text(FILES)
    for name, value in process.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BatchError) as caught:
        load_batch(tmp_path / ".env")
    assert said in str(caught.value)
    assert str(caught.value).count("environment") == 1


def test_an_error_about_a_value_of_the_file_does_not_blame_the_environment(env: Any) -> None:
    with pytest.raises(BatchError) as caught:
        env("CPU=0\n", {"MEMORY": "8G", "CPU_LIMIT": "0"})
    assert "environment" not in str(caught.value)


# What a shell makes another path of (reference/dotenv.md): refused.
SHELL = [
    ("OUTPUT_PATH_HOST=/hpi/users/$USER/out", "$USER"),
    ('OUTPUT_PATH_HOST="/hpi/users/$USER/out"', "$USER"),
    ("OUTPUT_PATH_HOST=/hpi/${LAB:-talmo}/out", "${LAB:-talmo}"),
    ("IMAGE=ghcr.io/x/y:${TAG:-1.4}", "${TAG:-1.4}"),
    ("IMAGE=ghcr.io/x/y:$TAG", "$TAG"),
    ("export GENOTYPE_FILE=/data/$SET/g.txt", "$SET"),
    (r"DATA_PATH_HOST=/hpi/my\ data", "\\ "),
    ("PHENOTYPE_FILE=/data/p.txt;", ";"),
    ('PHENOTYPE_FILE=/data/"my file".txt', '"'),
    (r'PHENOTYPE_FILE="/data/my\new.txt"', r"\n"),
    (r'DATA_PATH_HOST="/hpi/a\tb"', r"\t"),
    (r'DATA_PATH="/hpi/\$HOME"', r"\$"),
    ("DATA_PATH_HOST=/hpi/`whoami`", "`whoami`"),
    ("DATA_PATH_HOST=/hpi/$(whoami)", "$(whoami)"),
    ("ACCESSION_IDS_FILE=$'/data/ids'", "$'"),
    ("DATA_PATH_HOST=/hpi/b &", "&"),
    ("DATA_PATH_HOST=/hpi/b&&CPU=2", "&"),
    ("DATA_PATH_HOST=(/a /b)", "("),
    ("DATA_PATH_HOST=/a|b", "|"),
    ("DATA_PATH_HOST=/a>b", ">"),
    ("DATA_PATH_HOST=/a:~/b", "~"),
    ("DATA_PATH_HOST=~/b", "~"),
    ("DATA_PATH_HOST=/a$1", "$1"),
    ("export DATA_PATH_HOST=/a OUTPUT_PATH_HOST=/b", "OUTPUT_PATH_HOST="),
    ('IMAGE="ghcr.io/x/y:1"#c', '"#'),
    (r"DATA_PATH_HOST='/it\'s'", r"\'"),
]


@pytest.mark.parametrize(("line", "syntax"), SHELL)
def test_shell_syntax_in_a_path_or_an_image_is_refused(env: Any, line: str, syntax: str) -> None:
    with pytest.raises(BatchError) as caught:
        env(f"\n{line}\n")
    assert f": {syntax!r} is shell syntax, and no shell reads this file" in str(caught.value)
    assert str(caught.value).startswith(line.removeprefix("export ").partition("=")[0])


@pytest.mark.parametrize(
    "line",
    [
        "DATA_PATH_HOST='/hpi/R&D/$x;`y`\\t'",
        'DATA_PATH_HOST="/hpi/R&D;(it\'s) ~ > |"',
        r'DATA_PATH_HOST="/a\"b\\c"',
        "DATA_PATH_HOST=/hpi/my lab/data # R&D $x",
        "DATA_PATH_HOST=/a#b~c$",
        'DATA_PATH_HOST="/a" # "b" $c',
        "DATA_PATH_HOST=/a$x\nDATA_PATH_HOST=/a",
        "DATA_PATH=/a$x\nDATA_PATH_HOST=/a",
        "SOMETHING=$x\nDATA_PATH_HOST=/a;",
    ],
)
def test_what_a_shell_reads_alike_or_nobody_uses_is_no_shell_syntax(env: Any, line: str) -> None:
    process = {"DATA_PATH_HOST": "/mine"} if line.startswith("SOMETHING") else {}
    assert not [note for note in env(f"{line}\n", process).notes if "no shell" in note]


def test_shell_syntax_elsewhere_is_told_once_for_each_variable(env: Any) -> None:
    batch = env('MEMORY="32G"#c\nCPU="4"#c\nMODEL="MLM"#$x\n')
    assert sorted(batch.notes) == [
        "CPU is taken as '4': no shell reads '\"#' in it.",
        "MEMORY is taken as '32G': no shell reads '\"#' in it.",
        "MODEL is taken as 'MLM': no shell reads '\"#' in it.",
    ]


def test_blanks_around_the_commas_of_models_are_dropped_as_the_pipeline_does(env: Any) -> None:
    assert env('MODEL="BLINK, FarmCPU "\n').run.env["MODEL"] == "BLINK,FarmCPU"


def test_an_environment_under_another_name_wins_too(env: Any) -> None:
    batch = env("MODELS=MLM\nDATA_PATH_HOST=/file\n", {"MODEL": "FarmCPU", "DATA_PATH": "/mine"})
    assert batch.run.env["MODEL"] == "FarmCPU"
    assert batch.run.mounts[0].host == "/mine"
    assert "MODEL = 'FarmCPU' from the environment replaces MODELS = 'MLM'." in batch.notes
    assert "DATA_PATH = '/mine' from the environment replaces DATA_PATH_HOST = '/file'." in (
        batch.notes
    )


def test_an_empty_value_is_as_good_as_none(env: Any) -> None:
    assert env("MODEL=\nPROJECT=\nSTART_TRAIT=\nDATA_PATH_HOST=\nDATA_PATH=/x\n") == env(
        "DATA_PATH=/x\n"
    )


def test_a_name_that_is_nearly_one_that_counts_is_told(env: Any) -> None:
    batch = env("MAX_CONCURENT=5\nSOMETHING_ELSE=1\n")
    assert batch.notes == ("MAX_CONCURENT is not known; did you mean MAX_CONCURRENT?",)


def test_the_names_of_the_pipeline_s_own_example_count(env: Any) -> None:
    batch = env("MAX_CONCURRENT_JOBS=5\nCPU_LIMIT=3\nMEMORY_LIMIT=8G\nRUNAI_PROJECT=my-lab\n")
    assert (batch.cap, batch.run.cpu, batch.run.memory) == (5, 3, "8G")
    assert batch.cluster.keys["project"] == "my-lab"
    assert batch.notes == ()


def test_the_usual_name_wins_over_the_pipeline_s_and_a_contradiction_is_named(env: Any) -> None:
    batch = env("MAX_CONCURRENT=7\nMAX_CONCURRENT_JOBS=5\nCPU=3\nCPU_LIMIT=3\n")
    assert (batch.cap, batch.run.cpu) == (7, 3)
    assert batch.notes == ("MAX_CONCURRENT_JOBS = '5' is not used; MAX_CONCURRENT = '7' is.",)


def test_a_jupyter_server_s_limits_in_the_environment_are_not_the_batch_s(env: Any) -> None:
    batch = env("", {"CPU_LIMIT": "1", "MEMORY_LIMIT": "1G", "RUNAI_PROJECT": "somebody-s"})
    assert (batch.run.cpu, batch.run.memory, batch.cluster.keys["project"]) == (
        12,
        "32G",
        "talmo-lab",
    )


def test_a_variable_that_sounds_like_a_setting_and_is_none_is_named(env: Any) -> None:
    batch = env("parallel_jobs=5\nGPU_MEM=8\nNCPUS=2\nPATH_PREFIX=x\nSOMETHING_ELSE=1\n")
    assert set(batch.notes) == {
        "runbatch does not use parallel_jobs.",
        "runbatch does not use GPU_MEM.",
        "runbatch does not use NCPUS.",
        "runbatch does not use PATH_PREFIX.",
    }


def test_a_line_of_a_key_is_not_shown_for_a_short_word_in_it(env: Any) -> None:
    assert env("q7Zmemt1cpuX0aa=\nMEM/9+cpu0=\n" + "MEM" + "x" * 61 + "=1\n").notes == ()


BAD = [
    ("START_TRAIT=1", "START_TRAIT = 1: traits begin at 2"),
    ("START_TRAIT=9\nEND_TRAIT=3", "START_TRAIT = 9, END_TRAIT = 3: the first is above the last"),
    ("START_TRAIT=two", "START_TRAIT = 'two': write a whole number."),
    ("END_TRAIT=99999999999999", "END_TRAIT = '99999999999999': write a whole number."),
    ("END_TRAIT=999999", "a batch holds at most 10000"),
    ("MAX_CONCURRENT=0", "MAX_CONCURRENT = 0: write a number from 1"),
    ("MAX_CONCURRENT=-3", "MAX_CONCURRENT = '-3'"),
    ("CPU=0", "CPU = 0: write a number of cores"),
    ("MEMORY=lots", "MEMORY = 'lots'"),
    ("MEMORY=32", "MEMORY = '32': write a number and a unit, like 32G"),
    ("IMAGE=ghcr.io/lab/pipeline", "IMAGE = 'ghcr.io/lab/pipeline': name a tag"),
    ("IMAGE=localhost:5000/pipeline", "name a tag"),
    ("DATA_PATH_HOST=data", "DATA_PATH_HOST = 'data': write a path that begins with /."),
    ("OUTPUT_PATH=./out", "OUTPUT_PATH_HOST = './out'"),
    ("PHENOTYPE_FILE=", "PHENOTYPE_FILE: write the path inside the container"),
    ("MODEL=BLINK,NOPE", "MODEL = 'BLINK,NOPE': write some of BLINK"),
    ("PCA_TOTAL=21", "PCA_TOTAL = '21': write a whole number from 0 to 20."),
    ("PCA_TOTAL=1.5", "PCA_TOTAL = '1.5'"),
    ("SNP_MAF=0.6", "SNP_MAF = '0.6': write a number from 0 to 0.5."),
    ("SNP_MAF=nan", "SNP_MAF = 'nan'"),
    ("SNP_MAF=0.0_5", "SNP_MAF = '0.0_5': write a number from 0 to 0.5."),
    ("SNP_MAF=0.\u0660\u0665", "write a number from 0 to 0.5."),
    ("PCA_TOTAL=0000000000021", "write a whole number from 0 to 20."),
    ("IMAGE=image\0:1", "IMAGE: a NUL character cannot be handed to a program."),
    ("SNP_THRESHOLD=x", "SNP_THRESHOLD = 'x'"),
    ("SNP_FDR=0", "SNP_FDR = '0': write a number above 0 to 1."),
    ("SNP_FDR=1.1", "SNP_FDR = '1.1'"),
    ("KINSHIP_ALGORITHM=Zang", "write VanRaden or Zhang or Loiselle or EMMA."),
    ("SNP_EFFECT=add", "SNP_EFFECT = 'add': write Add or Dom."),
    ("SNP_IMPUTE=x", "SNP_IMPUTE = 'x'"),
    ("MULTIPLE_ANALYSIS=yes", "MULTIPLE_ANALYSIS = 'yes': write TRUE or FALSE."),
    ("PHENOTYPE_FILE=t.txt", "PHENOTYPE_FILE = 't.txt': write the path inside"),
    ('MAX_CONCURRENT="5', "line 3 (MAX_CONCURRENT): write NAME=value, with a quote at both ends"),
    ("MAX_CONCURRENT 5", "line 3: write NAME=value, with a quote at both ends or at none."),
    ("JOB_PREFIX=Big_Name", "JOB_PREFIX = 'Big_Name'"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_wrong_value_is_named_with_what_is_allowed(env: Any, text: str, said: str) -> None:
    with pytest.raises(BatchError) as caught:
        env(text + "\n")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("API_KEY='hunter2", "line 3 (API_KEY): "),
        ('export API_KEY = "hunter2', "line 3 (API_KEY): "),
        ("hunter2", "line 3: "),
        ("API_KEY hunter2", "line 3: "),
        ("hunter2='", "line 3: "),
        ("\n  \n# empty lines\n\nhunter2", "line 7: "),
        ("API_KEY=x hunter2=y'\nAPI_KEY='hunter2", "line 4 (API_KEY): "),
    ],
)
def test_a_line_that_is_none_is_named_without_what_may_be_secret(
    env: Any, line: str, where: str
) -> None:
    with pytest.raises(BatchError) as caught:
        env(f"{line}\n")
    assert str(caught.value).startswith(where)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", [".env", ".env.gwas", "gwas.env"])
def test_the_equal_batch_toml(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(f'{FILES}SNP_FDR=0.1\nSTART_TRAIT=5\nACCESSION_IDS_FILE="ü\\"\'\\\\"\n')
    batch = load_batch(path)
    converted = tmp_path / "batch.toml"
    converted.write_text(batch_toml(batch), "utf-8")
    assert load_batch(converted) == batch


def test_the_written_toml_tells_what_came_from_the_environment(env: Any) -> None:
    text = batch_toml(env("", {"CPU": "4", "ACCESSION_IDS_FILE": "/data/a\nb"}))
    given = r"CPU = '4', ACCESSION_IDS_FILE = '/data/a\nb'"
    assert f"\n# The environment, and no line of the file, sets {given}.\n" in text


def test_keys_that_are_no_range_are_written_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "batch.toml"
    for keys in ("[2, 5, 7]", '["a", "b c"]'):
        path.write_text(f'prefix = "x"\n[jobs]\nkeys = {keys}\n[run]\ncommand = ["true"]\n')
        batch = load_batch(path)
        path.write_text(batch_toml(batch))
        assert load_batch(path) == batch


STRANGERS = [
    pytest.param("DATABASE_URL=postgres://db/shop\nPROJECT=shop\nCPU=2\nMODEL=gpt\n", id="values"),
    pytest.param("SECRET='hunter2\nthat is no line\n", id="lines that cannot be read"),
    pytest.param("# GENOTYPE_FILE=/data/g\n", id="only a comment"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("text", STRANGERS)
def test_a_stranger_s_file_of_variables_is_no_batch(tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(BatchError) as caught:
        load_batch(tmp_path / ".env")
    said = str(caught.value)
    assert said.startswith(
        f"{tmp_path / '.env'}: describes no batch: it sets none of GENOTYPE_FILE, "
    )
    assert said.endswith('Write a batch.toml with "runbatch init", or name your batch with -b.')
    assert "hunter2" not in said


def test_another_batch_s_phenotype_file_is_its_own_affair(env: Any, tmp_path: Path) -> None:
    (tmp_path / "traits.txt").write_text("sample,height\n")
    batch = env(f"DATA_PATH_HOST={tmp_path}\n")
    with pytest.raises(BatchError, match="the first header is 'sample', not 'Taxa'"):
        check_phenotypes(batch)
    others = {"PHENOTYPE_FILE": "/data/traits.txt"}
    batch = replace(batch, run=replace(batch.run, env=others))
    assert check_phenotypes(batch) is None
    assert phenotype_table(batch) is None


@pytest.mark.parametrize("name", ["JOB_PREFIX", "END_TRAIT", "ACCESSION_IDS_FILE"])
def test_one_of_the_pipeline_s_own_names_is_enough_to_be_its_batch(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / ".env").write_text(f"{name}=2\n")
    with pytest.raises(BatchError, match="GENOTYPE_FILE: write the path inside the container"):
        load_batch(tmp_path / ".env")
