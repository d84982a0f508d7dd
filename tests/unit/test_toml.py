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
        "batch.toml: [run] env str: write text, in quotes.",
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
