"""Bad input: one clear message that names the place, exit code 2, and nothing is started."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.shell import RUNBATCH, Shell, toml

GOOD = toml(["touch", "started"])

BAD_FILES = [
    pytest.param(
        GOOD.replace("range =", "rnage ="),
        ["[jobs] rnage: there is no such key; did you mean range"],
        id="an unknown key, with what was meant",
    ),
    pytest.param(
        "colour = 1\n" + GOOD,
        ["colour: there is no such key; allowed are prefix, max_concurrent"],
        id="an unknown key at the top, with what is allowed",
    ),
    pytest.param(
        GOOD + "[cluster]\nkidn = 'local'\n",
        ["[cluster] kidn: there is no such key; did you mean kind"],
        id="an unknown key in a table",
    ),
    pytest.param(
        GOOD.replace("[1, 4]", "[187, 2]"),
        ["[jobs] range = [187, 2]: the first key is above the last; write [2, 187]."],
        id="a range upside down",
    ),
    pytest.param(
        GOOD.replace("[1, 4]", "[1, 999999999999]"),
        ["[jobs] range", "a batch holds at most 10000"],
        id="a range without end",
    ),
    pytest.param(
        GOOD.replace("[1, 4]", "[1]"),
        ["[jobs] range = [1]: write two whole numbers"],
        id="half a range",
    ),
    pytest.param(
        GOOD.replace("max_concurrent = 2", "max_concurrent = 0"),
        ["max_concurrent = 0: write a number from 1 to"],
        id="a cap of 0",
    ),
    pytest.param(
        GOOD.replace("max_concurrent = 2", 'max_concurrent = "2"'),
        ["max_concurrent = '2': write a whole number, without quotes."],
        id="a cap in quotes",
    ),
    pytest.param(
        GOOD.replace('"test"', f'"{"x" * 49}"'),
        ["has 51 characters", "50 are allowed", "Shorten"],
        id="a name over 50 characters",
    ),
    pytest.param(
        GOOD.replace('"test"', '"Test_1"'),
        ["prefix = 'Test_1'", "lower-case letters"],
        id="a prefix that no cluster takes",
    ),
    pytest.param(
        toml(["true"], keys=["a", "b", "a"]), ["the key 'a' is there twice"], id="duplicate keys"
    ),
    pytest.param(toml(["true"], keys=[]), ["[jobs]: there are no jobs"], id="no jobs"),
    pytest.param(toml(["true"], keys=[""]), ["at least one character"], id="an empty key"),
    pytest.param(
        GOOD.replace("range = [1, 4]", ""), ["write one of range, keys or file"], id="no keys"
    ),
    pytest.param(
        GOOD.replace("range = [1, 4]", 'range = [1, 4]\nkeys = ["a"]'),
        ["write one of range, keys or file; found range and keys"],
        id="two kinds of keys",
    ),
    pytest.param(
        GOOD.replace("range = [1, 4]", 'file = "nowhere.txt"'),
        ["[jobs] file = 'nowhere.txt'", "No such file"],
        id="a file of keys that is not there",
    ),
    pytest.param(toml([]), ["[run] command: name a program"], id="no command"),
    pytest.param(
        toml(["true"], more="cpu = -1"), ["[run] cpu = -1", "above 0"], id="less than no CPU"
    ),
    pytest.param(
        toml(["true"], more='memory = "lots"'),
        ["[run] memory = 'lots'", "32G"],
        id="memory without a number",
    ),
    pytest.param(
        toml(["true"], more='env = { "A B" = "x" }'),
        ["[run] env 'A B'", "letters, digits and _"],
        id="a variable with a space",
    ),
    pytest.param(
        toml(["true"], more='env = { KEY = "x" }'),
        ["[jobs] variable = 'KEY'", "overwrite"],
        id="a variable set twice",
    ),
    pytest.param(
        toml(["true"], more='env = { A = "\\u0000" }'), ["[run] env A", "NUL"], id="a NUL"
    ),
    pytest.param(
        toml(["true"], more='mounts = [{ host = "/x", path = "data" }]'),
        ["[run] mounts path = 'data'", "begins with /"],
        id="a mount to a relative path",
    ),
    pytest.param(
        toml(["true"], more='mounts = [{ host = "/x", paht = "/data" }]'),
        ["mounts", "paht", "did you mean path"],
        id="a misspelt mount",
    ),
    pytest.param(
        toml(["true"], more="[retry]\nexit_codes = [1]"),
        ["[retry] exit_codes", "wrong configuration, which no retry mends"],
        id="retry of a configuration error",
    ),
    pytest.param(
        toml(["true"], more="[retry]\nmax_retries = 11"),
        ["[retry] max_retries = 11", "from 0 to 10"],
        id="too many retries",
    ),
    pytest.param(
        toml(["true"], more="[retry]\ndelay_s = 0"),
        ["[retry] delay_s = 0", "from 1 to 300"],
        id="no delay",
    ),
    pytest.param(
        GOOD + '[cluster]\nkind = "slurm"\n',
        ["[cluster] kind = 'slurm'", "'local'", "'runai'"],
        id="a cluster",
    ),
    pytest.param(
        GOOD.replace('["touch", "started"]', '"touch started"'),
        ["[run] command = 'touch started': write a list"],
        id="a command that is no list",
    ),
    pytest.param("jobs = 3", ["[jobs] = 3: write a table."], id="a number for a table"),
    pytest.param(
        toml(["true"], more=f'env = {{ BIG = "{"x" * 100_001}" }}'),
        ["[run] env BIG", "put it into a file"],
        id="a value that no program can be given",
    ),
    pytest.param(
        toml(
            ["true"], more='mounts = [{ host = "/a", path = "/x" }, { host = "/b", path = "/x" }]'
        ),
        ["[run] mounts: two of them have the same path"],
        id="two mounts at one path",
    ),
    pytest.param("prefix = ", ["not valid TOML: Invalid value"], id="not TOML"),
    pytest.param("", ["prefix", "is missing"], id="an empty file"),
]


@pytest.mark.parametrize(("text", "said"), BAD_FILES)
@pytest.mark.parametrize("command", ["submit --yes", "check"])
def test_a_bad_batch_file(shell: Shell, text: str, said: list[str], command: str) -> None:
    shell.write(text)
    assert_refused(shell, command.split(), ["Error: batch.toml: ", *said])


def assert_refused(shell: Shell, words: list[str], said: list[str]) -> None:
    done = shell.read(*words)
    assert done.code == 2
    for part in said:
        assert part in done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert not shell.state.exists()
    assert not (shell.folder / "started").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("submit --yes", "batch.toml: no such file here, and no .env; write one"),
        ("submit --yes -b nowhere.toml", "nowhere.toml: cannot be read: No such file"),
        ("submit --yes -b folder", "folder: this is a folder; name a file."),
        ("submit --yes -b binary.toml", "binary.toml: not UTF-8 text"),
        ("submit --yes -b loop.toml", "loop.toml: "),
        ("submit --yes -b notes.txt", "notes.txt: a batch is described by a .toml or a .env file"),
        ("submit --yes -b zero.toml", "zero.toml: this is no regular file"),
        ("submit --yes -b fifo.toml", "fifo.toml: this is no regular file"),
        ("submit --yes -b huge.toml", "huge.toml: larger than 4000000 bytes"),
        ("submit --yes -b digits.toml", "digits.toml: cannot be understood"),
    ],
)
def test_a_batch_file_that_cannot_be_read(shell: Shell, words: str, said: str) -> None:
    (shell.folder / "folder").mkdir()
    (shell.folder / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (shell.folder / "loop.toml").symlink_to("loop.toml")
    (shell.folder / "notes.txt").write_text(GOOD)
    (shell.folder / "zero.toml").symlink_to("/dev/zero")
    os.mkfifo(shell.folder / "fifo.toml")
    (shell.folder / "huge.toml").write_bytes(b"#" * 4_000_001)
    (shell.folder / "digits.toml").write_text(f"max_concurrent = {'9' * 5000}")
    assert_refused(shell, words.split(), [said])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("submit", "There is no terminal to ask on; say --yes."),
        ("submit --yes --max-concurrent 0", "--max-concurrent"),
        ("submit --yes --rerun 5", "KEYS '5': the batch has no job '5'; KEYS are"),
        ("submit --yes --rerun 4-1", "KEYS '4-1': write the lower key first"),
        ("submit --yes --poll-interval 0", "--poll-interval"),
        ("submit --yes --cluster mars", "--cluster"),
        ("submit --yes --state-dir=", "--state-dir: is empty"),
        ("init -b batch.txt", "batch.txt: name a file that ends in .toml."),
        ("submit --yes --nonsense", "No such option"),
        ("nonsense", "No such command"),
        ("logs", "Missing argument 'KEY'"),
        ("logs 1", "it has not been submitted yet"),
        ("logs 1-2", "name one job"),
    ],
)
def test_wrong_usage(shell: Shell, words: str, said: str) -> None:
    shell.write(GOOD)
    assert_refused(shell, words.split(), [said])


NO_NUMBERS = ["nan", "-inf", "1e309", "", "9" * 5000]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: value[:9] or "nothing")
@pytest.mark.parametrize(
    "words",
    [
        ("submit", "--yes", "--poll-interval"),
        ("submit", "--yes", "--submit-interval"),
        ("submit", "--yes", "--max-concurrent"),
        ("retry", "--yes", "--retry-delay"),
        ("retry", "--yes", "--max-retries"),
        ("logs", "1", "--attempt"),
    ],
    ids=lambda words: words[-1],
)
def test_an_option_that_is_no_number_or_out_of_its_range(
    shell: Shell, words: tuple[str, ...], value: str
) -> None:
    shell.write(GOOD)
    assert_refused(shell, [*words[:-1], f"{words[-1]}={value}"], [f"'{words[-1]}': "])


def test_a_number_that_is_none_is_told_the_range(shell: Shell) -> None:
    """Every comparison with it is false, so that it passes for one within any bounds."""
    shell.write(GOOD)
    said = "nan is not in the range 0.05<=x<=3600."
    assert_refused(shell, ["submit", "--yes", "--poll-interval", "NaN"], [said])


def test_a_zero_below_zero_is_a_zero(shell: Shell) -> None:
    shell.write(toml(["true"]))
    assert shell.submit("--submit-interval", "-0").code == 0


def test_a_state_folder_that_cannot_be_written_is_an_error_of_its_own(shell: Shell) -> None:
    shell.write(GOOD)
    shell.state.write_text("a file where a folder should be")
    done = shell.read("submit", "--yes")
    assert done.code == 2
    assert f"Error: --state-dir: {shell.state} is a file; name a folder." in done.err
    assert not (shell.folder / "started").exists()


@pytest.mark.parametrize("most_bytes", [0, 4096, 20_000], ids="{} bytes left".format)
def test_a_full_state_folder_starts_nothing_it_cannot_remember(
    shell: Shell, most_bytes: int
) -> None:
    # A limit on the size of files is, to whoever writes them, a disk that is full.
    shell.write(toml(["touch", "started"], last=200))
    done = subprocess.run(
        [RUNBATCH, "submit", "--yes"],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
    )
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "--state-dir" in done.stderr or "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (shell.folder / "started").exists() or most_bytes > 4096


def test_a_read_only_state_folder(shell: Shell) -> None:
    # Not even root can make a folder there.
    shell.write(GOOD)
    done = shell.read("submit", "--yes", "--state-dir", "/proc/runbatch")
    assert done.code == 1
    assert "/proc/runbatch" in done.err
    assert "--state-dir" in done.err
    assert not (shell.folder / "started").exists()


@pytest.mark.parametrize(
    "words",
    [("status",), ("report",), ("logs", "1"), ("check",), ("audit",), ("submit", "-y")],
    ids=lambda words: words[0],
)
def test_a_state_folder_that_cannot_be_looked_into(shell: Shell, words: tuple[str, ...]) -> None:
    # Too long a name is refused to root too, as a shut folder is to everybody else.
    shell.write(GOOD)
    done = shell.read(*words, "--state-dir", "x" * 300)
    assert done.code == 1
    assert f"Error: {'The ledger in ' if words != ('audit',) else ''}{shell.folder}" in done.err
    assert not (shell.folder / "started").exists()


def test_reading_where_nothing_was_ever_written_down_is_told(shell: Shell) -> None:
    """Else a misspelt folder would look like a batch that was forgotten."""
    shell.write(GOOD)
    shell.submit()
    for words in (("status",), ("status", "--json"), ("report",)):
        assert shell.read(*words).err == ""
        done = shell.read(*words, "--state-dir", "mispelt")
        assert done.code == 0
        assert f"[WARN] There is no ledger in {shell.folder}/mispelt/local/test yet" in done.err
    assert not (shell.folder / "mispelt").exists()


def test_a_prefix_that_another_folder_uses_is_told_before_anything_else(tmp_path: Path) -> None:
    """Else a new batch of an old prefix would seem to have succeeded already."""
    first, second = Shell(tmp_path / "first"), Shell(tmp_path / "second")
    state = {"RUNBATCH_STATE_DIR": str(tmp_path / "state")}
    for shell in (first, second):
        shell.folder.mkdir()
        shell.write(toml([sys.executable, "-c", "pass"], last=2))
    submit = ("submit", "--yes", "--wait", "--poll-interval", "0.1")
    assert "[WARN]" not in first.run(*submit, env=state).err
    assert "[WARN]" not in first.read("check", env=state).err
    for words in (("check",), ("submit", "--dry-run"), ("retry", "--dry-run"), submit):
        said = second.run(*words, env=state).err
        assert f"[WARN] test was last used from {first.folder}; by its prefix this is" in said
    assert "[WARN]" not in second.read("check", env=state).err


def test_check_says_what_jobs_would_lack_on_this_machine(shell: Shell) -> None:
    mounts = 'mounts = [{ host = "late", path = "/data" }]'
    shell.write(toml(["pyton3", "x"], more=mounts))
    for words in (("check",), ("submit", "--dry-run")):
        done = shell.read(*words)
        assert done.code == 0
        assert "  --  command: there is no program pyton3 here\n" in done.out
        assert (
            "  --  mount: late is no folder here; jobs would lose it as on a cluster\n" in done.out
        )
    (shell.folder / "late").mkdir()
    job = shell.write("", "job.sh")
    job.chmod(0o644)
    shell.write(toml(["./job.sh"], more=mounts))
    said = f"  --  command: {job} is not executable: chmod +x {job}\n"
    assert said in shell.read("check").out
    job.chmod(0o755)
    assert "  --  " not in shell.read("check").out
