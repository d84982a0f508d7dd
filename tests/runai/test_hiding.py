"""What a variable holds stands in no complaint, however it is quoted there."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from tests.runai.test_pure import WORKLOAD

from runbatch.clusters.runai.cluster import RunaiCluster
from runbatch.clusters.shell.hiding import SHORTEST_SECRET, without_values
from runbatch.clusters.shell.program import Reply
from runbatch.core.errors import Rejected
from runbatch.core.workload import Workload

SECRETS = [
    "s3cr3t-t0k3n",
    '{"key":"s3cr3t-PRIVATE-KEY"}',
    "-----BEGIN KEY-----\nMIIEvQ\n-----END KEY-----\n",
    r"a back\slash and two \\ at the end\\",
    "\\" * SHORTEST_SECRET,
    "p\tq\x1b[0m\x07&<script>",
    "Schlüssel-für-Zürich",
    "x=y=z, and a (.*)+ [pattern]",
]


def go(value: str) -> str:
    """Return the value between quotes as Go's `%q` writes it."""
    short = {"\a": r"\a", "\t": r"\t", "\n": r"\n", '"': r"\"", "\\": r"\\"}
    return "".join(
        short.get(each) or (each if each.isprintable() else f"\\x{ord(each):02x}") for each in value
    )


def as_html_safe_json(value: str) -> str:
    """Return the value as Go's own JSON has it."""
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    return "".join(f"\\u{ord(each):04x}" if each in "<>&" else each for each in text)


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "Go": go,
    "JSON": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON in ASCII": lambda value: json.dumps(value)[1:-1],
    "JSON for HTML": as_html_safe_json,
    "quoted twice": lambda value: go(go(value)),
}


def of(**env: str) -> Workload:
    return replace(WORKLOAD, name="gwas-37", env=env)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["TOKEN=", ""], ids=["named", "by itself"])
def test_a_value_is_left_out_however_it_is_quoted(secret: str, way: str, before: str) -> None:
    text = f'invalid argument "{before}{WAYS[way](secret)}" for gwas-37'
    assert without_values(text, of(TOKEN=secret)) == 'invalid argument "TOKEN=..." for gwas-37'


def test_behind_its_name_nothing_is_told_that_is_not_understood() -> None:
    for quoted in ("s3cr", "czNjcjN0", "'s'+'3cr3t-t0k3n'"):
        text = f"bad TOKEN={quoted} of gwas-37\nand more\n"
        assert without_values(text, of(TOKEN="s3cr3t-t0k3n")) == "bad TOKEN=..."


def test_a_short_value_is_left_out_behind_its_name_only() -> None:
    short, long = "x" * (SHORTEST_SECRET - 1), "y" * SHORTEST_SECRET
    text = f"SHORT={short} and {short} and {long}"
    assert without_values(text, of(SHORT=short, LONG=long)) == f"SHORT=... and {short} and LONG=..."


def test_a_key_is_left_in_the_name_of_the_job() -> None:
    workload = replace(WORKLOAD, name="gwas-sample-37", env={"RUNBATCH_KEY": "sample-37"})
    text = "no place for gwas-sample-37 (RUNBATCH_KEY=sample-37)"
    assert without_values(text, workload) == "no place for gwas-sample-37 (RUNBATCH_KEY=...)"


def test_one_value_inside_another_and_one_name_inside_another() -> None:
    workload = of(TOKEN="ab", MY_TOKEN="abcd", URL="https://host/12345678", PASS="12345678")
    text = "MY_TOKEN=abcd TOKEN=ab https://host/12345678 PASS=12345678 EMPTY="
    assert without_values(text, workload) == "MY_TOKEN=... TOKEN=... URL=... PASS=... EMPTY="


def test_two_variables_of_one_value_and_one_of_none() -> None:
    text = "A=one-and-the-same B=one-and-the-same one-and-the-same C= D=x."
    workload = of(A="one-and-the-same", B="one-and-the-same", C="")
    assert without_values(text, workload) == "A=... B=... A=... C=... D=x."


def test_a_long_value_of_nothing_but_backslashes_takes_no_time() -> None:
    assert without_values("\\" * 5000, of(ODD="\\" * 4000 + "x" + "\\" * 4000)) == "\\" * 5000


def test_a_submit_that_is_refused_tells_no_secret() -> None:
    def complain(words: Sequence[str], limit_s: float) -> Reply:
        if "version" in words:
            return Reply(0, "Version: 2.25.1", "")
        quoted = go(words[words.index("-e") + 1])
        said = f'Error: invalid argument "{quoted}" for "-e" flag: bare " in non-quoted-field'
        return Reply(1, quoted, said)

    cluster = RunaiCluster("talmo-lab", "workspace", execute=complain)
    with pytest.raises(Rejected) as told:
        cluster.submit(of(CRED=SECRETS[1]))
    said = 'refused: invalid argument "CRED=..." for "-e" flag: bare " in non-quoted-field.'
    assert str(told.value) == f"Run:ai: {said}"
