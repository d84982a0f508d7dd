"""`batch.toml` at its worst: what fuzzing found is refused in words that name the place."""

from pathlib import Path

import pytest

from runbatch.config.load import load_batch
from runbatch.core.batch import Batch
from runbatch.core.errors import BatchError

DEEP = ".".join("a" * 5000)
REST = '[jobs]\nkeys = ["a"]\n[run]\ncommand = ["true"]\n'
CASES = [
    pytest.param(
        "str = 1\n", "batch.toml: str: there is no such key", id="a key named like a type"
    ),
    pytest.param(
        f'prefix = "x"\n{REST}env = {{ str = 1.5 }}\n',
        "batch.toml: [run] env str: write text, in quotes, or a whole number.",
        id="a variable named like a type",
    ),
    pytest.param(
        f"prefix = [{{ {DEEP} = 1 }}]\n{REST}",
        "batch.toml: prefix = [{",
        id="a value nested too deeply to be shown whole",
    ),
    pytest.param(
        f'prefix = "x"\nmax_concurrent = "{"9" * 1000}"\n{REST}',
        "batch.toml: max_concurrent = '999999999999...9999999999999': write a whole number",
        id="a value too long to be shown whole",
    ),
    pytest.param(
        f'prefix = "x"\n{REST}cpu = "2"\n',
        "batch.toml: [run] cpu = '2': write a number, without quotes.",
        id="a number in quotes",
    ),
    pytest.param(
        f'prefix = "x"\n{REST}[cluster]\nkind = "slurm"\n',
        "batch.toml: [cluster] kind = 'slurm': write 'local' or 'runai'.",
        id="a word that is none of those allowed",
    ),
    pytest.param(
        f'prefix = "x"\n{REST}[retry]\nmax_retries = true\n',
        "batch.toml: [retry] max_retries = true: write a whole number, without quotes.",
        id="a truth for a number, in TOML's word",
    ),
    pytest.param(
        f'prefix = "x"\n{REST.replace("keys = ", "range = [true, 1979-05-27, 07:32:00]#")}',
        "batch.toml: [jobs] range = [true, 1979-05-27, 07:32:00]: write two whole numbers",
        id="truths and dates in a list, in TOML's words",
    ),
    pytest.param(
        f'prefix = "x"\n{REST}image = 1979-05-27T07:32:00\n',
        "batch.toml: [run] image = 1979-05-27T07:32:00: write text, in quotes.",
        id="a day and a time for a text",
    ),
    pytest.param(
        f'prefix = "x"\n{REST}cpu = "True"\n',
        "batch.toml: [run] cpu = 'True': write a number, without quotes.",
        id="a text stays as it was written",
    ),
    pytest.param(
        f'prefix = "x"\n{REST.replace(chr(34) + "a" + chr(34), "1.5")}',
        "batch.toml: [jobs] keys 0 = 1.5: write text, in quotes, or a whole number.",
        id="half a number for a key",
    ),
    pytest.param(
        f'prefix = "x"\n{REST.replace(chr(34) + "a" + chr(34), "true")}',
        "batch.toml: [jobs] keys 0 = true: write text, in quotes, or a whole number.",
        id="a truth for a key",
    ),
]


@pytest.mark.parametrize(("text", "said"), CASES)
def test_an_odd_file_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("batch.toml").write_text(text)
    with pytest.raises(BatchError) as caught:
        load_batch("batch.toml")
    assert str(caught.value).startswith(said)
    assert len(str(caught.value)) < 300


def load_file(folder: Path, content: bytes) -> Batch:
    (folder / "keys.txt").write_bytes(content)
    text = 'prefix = "x"\n[jobs]\nfile = "keys.txt"\n[run]\ncommand = ["true"]\n'
    (folder / "batch.toml").write_text(text)
    return load_batch(folder / "batch.toml")


@pytest.mark.parametrize(
    "content",
    [
        b"a\n\n  \nb#c\n",
        b"# the traits\na\n  # half of them\nb#c # the last\n",
        b"a\t# one\rb#c\r",
        b"a\r\n#\r\nb#c",
        b"\xef\xbb\xbf#x\na\nb#c",
    ],
)
def test_blank_lines_and_comments_of_a_file_of_keys_are_no_jobs(
    tmp_path: Path, content: bytes
) -> None:
    batch = load_file(tmp_path, content)
    assert (batch.keys, batch.notes) == (("a", "b#c"), ())


@pytest.mark.parametrize("header", ["trait", "Name", '"id"', "key", "sample_1,trait", "Height"])
def test_a_header_in_a_file_of_keys_is_pointed_out(tmp_path: Path, header: str) -> None:
    batch = load_file(tmp_path, f"{header}\n1\n2\n".encode())
    said = f"keys.txt: its first line, {header!r}, is a job; it looks like a header."
    assert batch.notes[0] == said
    assert batch.keys == (header, "1", "2")


def test_rows_of_a_table_in_a_file_of_keys_are_pointed_out(tmp_path: Path) -> None:
    batch = load_file(tmp_path, b"a\tx\nb\ty\nc\n")
    said = r"the line 'a\tx' is one key; it looks like a row of a table (2 of 3 lines)."
    assert batch.notes == (f"keys.txt: {said}",)


@pytest.mark.parametrize("content", [b"trait\n", b"1\n2\n", b"sample-a\nsample b\n", b"2\na\n3\n"])
def test_keys_that_may_well_be_some_are_left_alone(tmp_path: Path, content: bytes) -> None:
    assert load_file(tmp_path, content).notes == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('range = "1-3"', "[jobs] range = '1-3': write a list: [1, 3]."),
        ('range = "2 to 187"', "[jobs] range = '2 to 187': write a list: [2, 187]."),
        ('range = "all"', "[jobs] range = 'all': write a list: [2, 187]."),
        ('keys = "a, b"', '[jobs] keys = \'a, b\': write a list: ["a", "b"].'),
        ('command = "Rscript x.R"', '= \'Rscript x.R\': write a list: ["Rscript", "x.R"].'),
        ("command = \"sh -c 'a b'\"", 'write a list: ["sh", "-c", "a b"].'),
        ('command = "it\'s"', 'write a list: ["it\'s"].'),
        (f'command = "{"x" * 300}"', 'write a list, like ["a", "b"].'),
        ('command = "touch\\u0000x"', r'write a list: ["touch\u0000x"].'),
    ],
)
def test_a_text_for_a_list_gets_the_list_it_was_meant_to_be(
    tmp_path: Path, line: str, said: str
) -> None:
    jobs = line if line.startswith(("range", "keys")) else "range = [1, 2]"
    run = line if line.startswith("command") else 'command = ["true"]'
    path = tmp_path / "batch.toml"
    path.write_text(f'prefix = "x"\n[jobs]\n{jobs}\n[run]\n{run}\n')
    with pytest.raises(BatchError) as caught:
        load_batch(path)
    assert said in str(caught.value)
