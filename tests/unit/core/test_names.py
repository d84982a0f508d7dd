"""Whose a workload's name is, and what may be a name."""

import pytest

from runbatch.core import names
from runbatch.core.errors import BatchError


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("gwas-37", "37", id="the prefix, a dash and a key"),
        pytest.param("gwas-370", "370", id="any whole number, also outside the range 2-187"),
        pytest.param("gwas-0", "0", id="zero is a whole number"),
        pytest.param("gwas-2-37", None, id="this is the batch gwas-2's"),
        pytest.param("gwas-2-test", None, id="this is nobody's"),
        pytest.param("gwas-test", None, id="a word where keys are numbers"),
        pytest.param("gwas-037", None, id="a number that we would not write so"),
        pytest.param("gwas--37", None, id="a negative number is no key"),
        pytest.param("gwas-3.7", None, id="a fraction is no key"),
        pytest.param("gwas-37 ", None, id="a blank behind it makes another name"),
        pytest.param("gwas-37\n", None, id="a line end behind it makes another name"),
        pytest.param("gwas-٣٧", None, id="digits of another script"),
        pytest.param("gwas-", None, id="no key at all"),
        pytest.param("gwas", None, id="the prefix alone"),
        pytest.param("xgwas-37", None, id="the prefix must begin the name"),
        pytest.param("my-gwas-37", None, id="a batch whose prefix ends in ours"),
        pytest.param("gwas37", None, id="the dash is missing"),
        pytest.param("GWAS-37", None, id="letter case matters"),
        pytest.param("", None, id="an empty name"),
    ],
)
def test_whose_a_name_is_where_keys_are_whole_numbers(name: str, key: str | None) -> None:
    assert names.key_of(name, "gwas", integers=True, known={"2", "37", "187"}) == key


def test_a_longer_prefix_owns_its_own_names() -> None:
    assert names.key_of("gwas-2-37", "gwas-2", integers=True, known=()) == "37"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("gwas-sample-a", "sample-a", id="a key that is known"),
        pytest.param("gwas-37", "37", id="a known key that happens to be a number"),
        pytest.param("gwas-38", None, id="a number that is not known is somebody else's"),
        pytest.param("gwas-sample", None, id="a part of a key is not the key"),
        pytest.param("gwas-sample-a-2", None, id="nor is a key with something behind it"),
        pytest.param("xgwas-sample-a", None, id="another prefix"),
        pytest.param("abcd-gwas-1", None, id="another prefix, though our own name follows"),
    ],
)
def test_whose_a_name_is_where_keys_are_words(name: str, key: str | None) -> None:
    assert names.key_of(name, "gwas", integers=False, known=("sample-a", "37", "gwas-1")) == key


@pytest.mark.parametrize("key", ["37", "sample-a", "2-test"])
def test_a_name_is_read_back_as_the_key_it_was_made_of(key: str) -> None:
    name = names.workload_name("eberrigan-gapit-gwas", key)
    assert name == f"eberrigan-gapit-gwas-{key}"
    assert names.key_of(name, "eberrigan-gapit-gwas", integers=False, known={key}) == key


@pytest.mark.parametrize("prefix", ["g", "gwas", "gwas-2", "a--b", "x9"])
def test_a_prefix_that_can_begin_a_name(prefix: str) -> None:
    names.check_prefix(prefix)


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param("", id="nothing"),
        pytest.param("GWAS", id="capitals"),
        pytest.param("2gwas", id="a digit first"),
        pytest.param("-gwas", id="a dash first"),
        pytest.param("gwas-", id="a dash last"),
        pytest.param("gw_as", id="an underscore"),
        pytest.param("gw as", id="a blank"),
        pytest.param("gwas\n", id="a line end"),
        pytest.param("gwäs", id="a letter outside a to z"),
        pytest.param("../gwas", id="a path"),
    ],
)
def test_a_prefix_that_cannot(prefix: str) -> None:
    with pytest.raises(BatchError) as caught:
        names.check_prefix(prefix)
    assert caught.value.place == f"prefix = {prefix!r}"
    assert "lower-case letters, digits and dashes" in caught.value.problem


def test_a_name_of_50_characters_is_allowed() -> None:
    names.check_name("g" * 40, "k" * 9)


def test_a_longer_name_is_refused_with_its_length_and_the_way_out() -> None:
    with pytest.raises(BatchError) as caught:
        names.check_name("g" * 40, "k" * 10)
    assert caught.value.place == f"[jobs] key {'k' * 10!r}"
    assert "has 51 characters, 50 are allowed" in caught.value.problem
    assert "Shorten the prefix or the key" in caught.value.problem


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(BatchError, match="a key needs at least one character"):
        names.check_name("gwas", "")


@pytest.mark.parametrize(
    ("text", "file_name"),
    [
        pytest.param("37", "37", id="plain text stays readable"),
        pytest.param("sample-a_b~", "sample-a_b~", id="so do dashes and underscores"),
        pytest.param("..", "%2E%2E", id="never the folder above"),
        pytest.param("a/b", "a%2Fb", id="never a path"),
        pytest.param("a b%\n", "a%20b%25%0A", id="blanks, percent signs and line ends"),
        pytest.param("é", "%C3%A9", id="letters beyond ASCII"),
        pytest.param("k" * 120, "k" * 120, id="120 characters are not cut"),
    ],
)
def test_a_file_name_for_any_text(text: str, file_name: str) -> None:
    assert names.file_name(text) == file_name
    assert names.text_of_file_name(file_name) == text


@pytest.mark.parametrize(
    "name", [names.file_name("k" * 121), "a b", "%2e", "%C3"], ids=["cut", "blank", "small", "half"]
)
def test_a_file_name_that_no_text_has_or_that_was_cut_tells_none(name: str) -> None:
    assert names.text_of_file_name(name) is None


def test_a_long_text_is_cut_but_shares_its_file_name_with_no_other() -> None:
    one, other = names.file_name("k" * 121), names.file_name("k" * 122)
    assert one != other
    assert one.startswith("k" * 80 + "=")
    assert len(one) == len(other) == 113


@pytest.mark.parametrize(
    ("number", "name"), [(1, "gwas-37"), (2, "gwas-37 (attempt 2)"), (3, "gwas-37 (attempt 3)")]
)
def test_only_a_further_attempt_is_numbered(number: int, name: str) -> None:
    assert names.attempt_name("gwas-37", number) == name
