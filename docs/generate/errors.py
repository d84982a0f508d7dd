"""`docs/reference/errors.md`: one entry for each error message, with what to do about it.

The code says which messages there are, `docs/reference/errors.toml` what they mean.
"""

import re
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from docs.generate.markdown import SAID
from docs.generate.messages import Message, inventory
from docs.generate.texts import HOLE

from runbatch.core.errors import BatchError, ClusterError, Rejected

REFERENCE = Path(__file__).parents[1] / "reference"
SOURCE = REFERENCE / "errors.toml"
_HEAD = f"""\
<!-- {SAID} -->

# Error messages

Every message that asks something of a person: what it means, and what to do. Search this page for a
few words of yours; `{HOLE}` stands for names and numbers. An error that ends a command stands
behind `Error:` on stderr, and its exit code tells whose it is: 2 is yours (nothing was touched), 1
is the cluster's or the ledger's. The same command can always be run again.
"""
_TITLE = re.compile(r"[A-Za-z][A-Za-z0-9 .:]*")
_WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """What is said of one message, or of a few that the same remedy serves."""

    title: str
    messages: tuple[str, ...]
    meaning: str
    remedy: str
    exit_code: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Where people meet the messages."""

    title: str
    about: str
    errors: tuple[Help, ...]


def read_sections(text: str) -> tuple[Section, ...]:
    """Return the sections of errors.toml; raise TypeError for a key that is too many or missing."""
    return tuple(
        Section(
            section["title"],
            section["about"].strip(),
            tuple(
                Help(**each | {"messages": tuple(each["messages"])}) for each in section["errors"]
            ),
        )
        for section in tomllib.loads(text)["sections"]
    )


def faults_of(sections: Sequence[Section], known: Mapping[str, Message]) -> list[str]:
    """Return what is to be added to errors.toml, removed from it, or said differently there."""
    entries = [each for section in sections for each in section.errors]
    said = [text for each in entries for text in each.messages]
    titles = [*(each.title for each in sections), *(each.title for each in entries)]
    lacking, needless = sorted(known.keys() - said), sorted(set(said) - known.keys())
    return [
        *(f"add {known[text]}" for text in lacking),
        *(f"remove {text!r}: the code does not say it" for text in needless),
        *(f"remove {text!r} once: it is there twice" for text in _twice(said)),
        *(f"rename {text!r}: it is a title twice" for text in _twice(titles)),
        *(f"rename {text!r}: no plain anchor" for text in titles if not _TITLE.fullmatch(text)),
    ]


def _twice(texts: list[str]) -> list[str]:
    return sorted({text for text in texts if texts.count(text) > 1})


def page_of(sections: Sequence[Section], known: Mapping[str, Message]) -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_lines(sections, known)]).rstrip() + "\n"


def _lines(sections: Sequence[Section], known: Mapping[str, Message]) -> Iterator[str]:
    for section in sections:
        yield f"- {_link(section.title)}"
    for section in sections:
        yield f"\n## {section.title}\n\n{section.about}"
        for each in section.errors:
            yield from _entry(each, known)


def _entry(entry: Help, known: Mapping[str, Message]) -> Iterator[str]:
    yield f"\n### {entry.title}\n"
    yield "\n".join(f"- {_code(text)}" for text in entry.messages)
    yield f"\n{_wrapped(entry.meaning)}\n"
    yield f"{_wrapped(f'**What to do:** {entry.remedy}')}\n"
    kinds = {kind for text in entry.messages for kind in known[text].kinds}
    yield _wrapped(f"Exit code: {entry.exit_code or _exit_code(kinds)}.")


def _exit_code(kinds: Iterable[type[Exception]]) -> str:
    """Return the exit code that errors of these classes give."""
    if any(issubclass(kind, BatchError | click.UsageError) for kind in kinds):
        return "2"
    if any(issubclass(kind, Rejected) for kind in kinds):
        return "1 at a command's first look; later a `[REFUSED]` line, and 1 after three in a row"
    if any(issubclass(kind, ClusterError) for kind in kinds):
        return "1 at a command's first look; later a `[TROUBLE]` line, and the batch goes on"
    return "1" if kinds else "none, the command goes on"


def _code(text: str) -> str:
    """Return the text as Markdown code; none of the messages has a backtick."""
    return f"`{text}`"


def _link(title: str) -> str:
    """Return a link to the heading: its anchor is made alike on the site and by code hosts."""
    anchor = re.sub("[.:]", "", title.lower()).replace(" ", "-")
    return f"[{title}](#{anchor})"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def errors_page() -> str:
    """Return the page of the code as it is; raise ValueError that says what errors.toml lacks."""
    known, sections = inventory(), read_sections(SOURCE.read_text("utf-8"))
    if faults := faults_of(sections, known):
        raise ValueError("\n".join([f"{SOURCE.name}:", *faults]))
    return page_of(sections, known)
