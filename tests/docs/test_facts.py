"""What the code cites of Run:ai is a heading of the page of facts."""

import re

import pytest
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "explanation" / "runai-facts.md"
NUMBERS: set[str] = set(re.findall(r"^## ([0-9]+)\. \S", PAGE.read_text("utf-8"), re.M))
CITATION = re.compile(r"Run:ai\s+facts,\s+([0-9]+(?:(?:,| and| to)\s+[0-9]+)*)")
FILES = [path for folder in ("src", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
CITED = [
    (str(path.relative_to(ROOT)), number)
    for path in FILES
    for cited in CITATION.findall(path.read_text("utf-8"))
    for number in re.findall("[0-9]+", cited)
]


def test_each_cited_heading_is_there_and_most_are_cited() -> None:
    assert [each for each in CITED if each[1] not in NUMBERS] == []
    assert len({number for _, number in CITED}) > 10, "the pattern still finds them"


@pytest.mark.parametrize("number", sorted(NUMBERS))
def test_each_heading_says_where_its_facts_come_from(number: str) -> None:
    section = PAGE.read_text("utf-8").partition(f"\n## {number}. ")[2].partition("\n## ")[0]
    assert re.search(r"\*(documented|seen|unconfirmed)\*", section)
