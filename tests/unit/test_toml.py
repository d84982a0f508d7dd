"""`batch.toml` at its worst: what fuzzing found is refused in words that name the place."""

from pathlib import Path

import pytest

from runbatch.config.load import load_batch
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
