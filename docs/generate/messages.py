"""Every message that a person may meet as an error: read from the source, without running it.

The syntax tree says where a message is made, the imported modules what their constants hold. Two
kinds of places make one:

- an exception is constructed, of whatever class;
- a line is told: an event of a kind that may ask for a person, a note on the batch's file, or any
  text that begins with a tag such as `[WARN]`.

A message whose words cannot be followed is an error here; none is passed over.
"""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docs.generate.texts import HOLE, Scope, scopes_of

import runbatch
from runbatch.core.errors import BatchError
from runbatch.core.events import Event, Kind

_TAGS = ("[WARN] ", "[STOP] ", "[ERROR] ")
_ASKING = (Kind.FAIL, Kind.GONE, Kind.REFUSED, Kind.TROUBLE, Kind.PENDING)
# What is for tests only, the program's door, and where the classes of errors themselves are.
_LEFT_OUT = ("testing/", "__main__.py", "core/errors.py")
_HOLES = re.compile(f"{HOLE}+")


class UnknownTextError(ValueError):
    """A message's words cannot be followed; the text says where it is made, and what to do."""


@dataclass
class Message:
    """One message: the classes it is raised as, none for a line, and where the code makes it."""

    text: str
    kinds: set[type[Exception]] = field(default_factory=set)
    places: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        """Return the text, and where it is made."""
        return f"{self.text!r} ({', '.join(sorted(self.places))})"


def inventory() -> dict[str, Message]:
    """Return each message of the package by its text; raise UnknownTextError."""
    package = Path(runbatch.__file__).parent
    files = {path.relative_to(package).as_posix(): path for path in sorted(package.rglob("*.py"))}
    found: dict[str, Message] = {}
    for file, path in files.items():
        if not file.startswith(_LEFT_OUT):
            names = vars(importlib.import_module(_module_name(file)))
            _merge(found, messages_in(path.read_text("utf-8"), names, file))
    return found


def messages_in(source: str, names: Mapping[str, Any], file: str) -> Iterator[Message]:
    """Yield the messages that a module makes; `names` tells what its names stand for."""
    for node, scope in scopes_of(ast.parse(source), names):
        place = f"{file}:{node.lineno}"
        for row in scope.by_row():
            try:
                for text, kind in _said(node, row):
                    yield Message(_HOLES.sub(HOLE, text), {kind} if kind else set(), {place})
            except LookupError as error:
                problem = f"what is said here cannot be read from the code: {ast.unparse(node)}"
                remedy = "put the words into the call, or into a constant"
                raise UnknownTextError(f"{place}: {problem}; {remedy}.") from error


def _said(node: ast.expr | ast.Raise, scope: Scope) -> Iterator[tuple[str, type[Exception] | None]]:
    """Yield the messages that are made in this very node; raise LookupError if one has no words."""
    if isinstance(node, ast.JoinedStr | ast.Constant):
        for text in scope.texts(node):
            if text.lstrip("\n").startswith(_TAGS):
                yield text.strip("\n"), None
    if isinstance(node, ast.Call):
        for kind in scope.classes(node.func):
            yield from ((text, kind) for text in _texts_of_error(kind, node, scope))
        yield from ((text, None) for text in _texts_of_line(node, scope))
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        raised = node.exc.func
        if not scope.classes(raised) and not scope.is_known(raised):
            raise LookupError


def _texts_of_error(kind: type[Exception], call: ast.Call, scope: Scope) -> Iterator[str]:
    if not call.args:
        raise LookupError
    *place, problem = call.args
    places = scope.texts(place[0]) if issubclass(kind, BatchError) else {""}
    for said in scope.texts(problem):
        if not _has_words(said):
            raise LookupError
        for where in {HOLE} if HOLE in places else places:
            yield f"{where}: {said}" if where else said


def _texts_of_line(call: ast.Call, scope: Scope) -> Iterator[str]:
    """Yield the lines that a call tells; of an error that was caught, its own words stay a hole."""
    kind = scope.live(call.args[0]) if call.args else None
    match call:
        case ast.Call(func=ast.Name(id="_complain"), args=[text, _]):
            yield from _line("", text, scope)
        case ast.Call(
            func=ast.Attribute(
                value=ast.Attribute(attr="notes") | ast.Name(id="notes"), attr="append"
            )
        ):
            yield from _line("[WARN] ", call.args[0], scope)
        case ast.Call(func=ast.Attribute(attr="tell" | "tell_once")) if kind in _ASKING:
            yield from _line(f"[{kind.value}] {HOLE}: ", call.args[2], scope)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=console), attr="print")):
            if isinstance(console, ast.Name) and console.id == "stderr_console":
                yield from _line("", call.args[0], scope)
        case _ if kind in _ASKING and scope.live(call.func) is Event:
            yield from _line(f"[{kind.value}] ", call.args[1], scope)


def _line(head: str, said: ast.expr, scope: Scope) -> Iterator[str]:
    is_of_error = isinstance(said, ast.Call) and ast.unparse(said) == "str(error)"
    for text in scope.texts(said):
        if text == HOLE and not is_of_error:
            raise LookupError
        yield f"{head}{text}"


def _has_words(text: str) -> bool:
    return any(each.isalpha() for each in text.replace(HOLE, ""))


def _module_name(file: str) -> str:
    return f"runbatch/{file.removesuffix('.py').removesuffix('__init__')}".strip("/").replace(
        "/", "."
    )


def _merge(found: dict[str, Message], more: Iterable[Message]) -> None:
    for message in more:
        known = found.setdefault(message.text, Message(message.text))
        known.kinds |= message.kinds
        known.places |= message.places
