"""Each message that the code can say has an entry in the docs, and each entry a message."""

from dataclasses import replace
from typing import Any

import click
import pytest
from docs.generate.errors import (
    SOURCE,
    Help,
    Section,
    faults_of,
    page_of,
    read_sections,
)
from docs.generate.messages import Message, UnknownTextError, inventory, messages_in

from runbatch.clusters.runai import faults
from runbatch.config.gapit import PARAMETERS
from runbatch.core.errors import BatchError, Busy, ClusterError, LedgerError, Rejected
from runbatch.core.events import Event, Kind

NAMES = {"BatchError": BatchError, "Busy": Busy, "Rejected": Rejected, "Event": Event, "Kind": Kind}


@pytest.fixture(scope="module")
def known() -> dict[str, Message]:
    return inventory()


def test_the_code_and_the_reference_name_the_same_messages(known: dict[str, Message]) -> None:
    faults = faults_of(read_sections(SOURCE.read_text("utf-8")), known)
    assert not faults, "\n".join(["docs/reference/errors.toml:", *faults])


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        ({BatchError}, "Exit code: 2."),
        ({click.UsageError}, "Exit code: 2."),
        ({LedgerError}, "Exit code: 1."),
        ({Busy}, "Exit code: 1 at a command's first look; later a `[TROUBLE]` line"),
        ({Rejected}, "Exit code: 1 at a command's first look; later a `[REFUSED]` line"),
        (set(), "Exit code: none, the command goes on."),
    ],
)
def test_an_entry_tells_the_exit_code_of_its_class(kinds: set[type[Exception]], line: str) -> None:
    entry = Help(title="A", messages=("a.",), meaning="It is a.", remedy="Write b.")
    page = page_of([Section("S", "About.", (entry,))], {"a.": Message("a.", kinds)})
    assert "- [S](#s)\n" in page
    tail = "### A\n\n- `a.`\n\nIt is a.\n\n**What to do:** Write b.\n\n"
    assert page.partition(tail)[2].startswith(line)


def test_what_lacks_is_told_with_its_place_and_what_is_too_many_by_its_text() -> None:
    (section, *_) = read_sections(SOURCE.read_text("utf-8"))
    entry = replace(section.errors[0], title="Not/plain", messages=("old", "old"))
    sections = [replace(section, errors=(entry,))]
    assert faults_of(sections, {"new": Message("new", {BatchError}, {"a.py:7", "b.py:1"})}) == [
        "add 'new' (a.py:7, b.py:1)",
        "remove 'old': the code does not say it",
        "remove 'old' once: it is there twice",
        "rename 'Not/plain': no plain anchor",
    ]


def said(source: str, **more: Any) -> set[str]:
    """Return the messages of a module that a test makes up."""
    return {each.text for each in messages_in(source, NAMES | more, "new.py")}


def inside(*lines: str) -> str:
    """Return a module of one function with these lines."""
    return "\n".join(["def f(self, x, error):", *(f"    {line}" for line in lines)])


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        pytest.param(
            inside("raise BatchError('[jobs]', f'{x} is wrong; write {x + 1}.')"),
            {"[jobs]: … is wrong; write …."},
            id="a new error",
        ),
        pytest.param(
            inside("error = Busy('wait.')", "return error"), {"wait."}, id="made, and raised later"
        ),
        pytest.param(
            inside("place = f'{x} = {x!r}'", "raise BatchError(place, 'no.')"),
            {"… = …: no."},
            id="a local name",
        ),
        pytest.param(
            inside("p = 'a.'", "if x:", "    p = 'b.'", "raise Busy(p)"),
            {"a.", "b."},
            id="a name that is one or the other",
        ),
        pytest.param(
            inside("if x:", "    p = 'a.'", "    raise Busy(p)", "p = 'b.'", "raise Rejected(p)"),
            {"a.", "b."},
            id="a name that is used twice, each time for what it is there",
        ),
        pytest.param(
            inside("kind = Busy if x else Rejected", "raise kind('a.')"), {"a."}, id="two classes"
        ),
        pytest.param(
            "def g():\n    return 'a.' if 1 else 'b.'\n" + inside("raise Busy(g())"),
            {"a.", "b."},
            id="a function of the module",
        ),
        pytest.param(
            inside("for kind, text in TABLE:", "    raise kind(text.format(said=x))"),
            {"a: …", "b."},
            id="rows of a table",
        ),
        pytest.param(inside("raise ValueError('a.')"), {"a."}, id="an error of Python's own"),
        pytest.param(
            inside("self.hear(Event(Kind.TROUBLE, f'{x} fails.'))"),
            {"[TROUBLE] … fails."},
            id="an event",
        ),
        pytest.param(
            inside("self.tell(Kind.REFUSED, x, str(error))"), {"[REFUSED] …: …"}, id="of a job"
        ),
        pytest.param(inside("self.notes.append('odd.')"), {"[WARN] odd."}, id="a note"),
        pytest.param(inside("x(b'\\n[STOP] at once.\\n')"), {"[STOP] at once."}, id="a tag"),
        pytest.param(inside("self.hear(Event(Kind.DONE, f'{x} ended'))"), set(), id="good news"),
        pytest.param(inside("return f'{x} is fine'"), set(), id="any other text"),
    ],
)
def test_a_message_that_is_new_is_seen(source: str, texts: set[str]) -> None:
    assert said(source, TABLE=((Busy, "a: {said}"), (Rejected, "b."))) == texts


@pytest.mark.parametrize(
    "line",
    [
        "raise BatchError('[jobs]', x)",
        "raise Busy(x.text)",
        "raise Busy(f'{x}: {error}.')",
        "raise Busy()",
        "raise x('a.')",
        "self.hear(Event(Kind.TROUBLE, x))",
        "self.notes.append(x)",
    ],
)
def test_a_message_whose_words_cannot_be_read_is_not_passed_over(line: str) -> None:
    with pytest.raises(UnknownTextError, match=r"new\.py:2: .*put the words into"):
        said(inside(line))


def test_the_tables_of_the_code_are_in_the_inventory(known: dict[str, Message]) -> None:
    for name, check in PARAMETERS.items():
        assert known[f"{name} = …: write {check.allowed}."].kinds == {BatchError}
    for _, kind, text in faults._FAULTS:
        assert kind in known[f"Run:ai: {text.replace('{text}', '…')}"].kinds


def test_every_kind_of_error_is_in_the_inventory(known: dict[str, Message]) -> None:
    kinds = {kind for message in known.values() for kind in message.kinds}
    wanted = {BatchError, LedgerError, ClusterError, *ClusterError.__subclasses__()}
    assert wanted <= kinds
