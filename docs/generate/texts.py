"""What text an expression of the source can become, as far as the source alone tells.

What is only known while the tool runs is a hole. Where there is a choice, each side of it is one of
the texts: an `if`, a name with several assignments, a function with several returns, a table.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

HOLE = "…"
_NOT_LIVE = object()
_FIELD = re.compile(r"\{\w*\}")
_NO_CONVERSION = -1
# For each name that a function binds: what is assigned to it, None where that cannot be told.
Bindings = Mapping[str, Sequence[ast.expr | None]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Scope:
    """Where an expression stands.

    `names` are the module's, as imported; `rows` those of the loops around it over a table that is
    known: one row of it. `settled` are those with one value at this very place, `seen` those that
    are just being looked into.
    """

    names: Mapping[str, Any]
    functions: Mapping[str, Function]
    function: Function | None = None
    loops: tuple[ast.For, ...] = ()
    settled: Mapping[str, ast.expr] = field(default_factory=dict)
    rows: Mapping[str, Any] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()

    @cached_property
    def bindings(self) -> Bindings:
        """Return what the function around binds."""
        return _bindings_of(self.function) if self.function else {}

    def texts(self, node: ast.expr) -> set[str]:
        """Return the texts that the expression can be, none if it is never one."""
        choices = self._choices(node)
        if choices:
            inside = replace(self, seen=self.seen | {getattr(node, "id", "")})
            return {text for it in choices for text in (inside.texts(it) if it else {HOLE})}
        match node:
            case ast.JoinedStr(values=parts):
                found = self._joined(parts)
            case ast.FormattedValue():
                found = self._formatted(node)
            case ast.Call():
                found = self._called(node)
            case ast.Subscript(value=table) if isinstance(self.live(table), dict):
                found = set(self.live(table).values())
            case _:
                found = _texts_of(self.live(node))
        return found

    def live(self, node: ast.expr) -> Any:
        """Return the value that the expression stands for in the imported module, if any."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in self.rows:
                return self.rows[name]
            case ast.Name(id=name) if name not in self.bindings:
                return self.names.get(name, getattr(builtins, name, _NOT_LIVE))
            case ast.Attribute() | ast.Subscript() | ast.Call():
                return self._live_part(node)
            case _:
                return _NOT_LIVE

    def classes(self, node: ast.expr) -> list[type[Exception]]:
        """Return the classes of exceptions that the expression can be, if it is one."""
        if choices := self._choices(node):
            return [kind for each in choices if each for kind in self.classes(each)]
        found = self.live(node)
        return [found] if isinstance(found, type) and issubclass(found, Exception) else []

    def is_known(self, node: ast.expr) -> bool:
        """Whether it is told what a call of the expression calls."""
        return not isinstance(node, ast.Name) or self.live(node) is not _NOT_LIVE

    def by_row(self) -> Iterator["Scope"]:
        """Yield the scope once for each row of the tables that the loops around go over."""
        for rows in product(*(list(self._rows(loop)) for loop in self.loops)):
            bound = {name: value for row in rows for name, value in row.items()}
            yield replace(self, rows={**self.rows, **bound})

    def _rows(self, loop: ast.For) -> Iterator[Mapping[str, Any]]:
        table = self.live(loop.iter)
        is_table = isinstance(table, tuple | list | type({}.items()))
        for row in table if is_table else [None]:
            yield _bound(loop.target, row) if is_table else {}

    def _joined(self, parts: Sequence[ast.expr]) -> set[str]:
        return {"".join(each) for each in product(*(self.texts(part) for part in parts))}

    def _formatted(self, node: ast.FormattedValue) -> set[str]:
        if node.conversion != _NO_CONVERSION:
            found = self.live(node.value)
            return {repr(found)} if isinstance(found, str) else {HOLE}
        texts = self.texts(node.value) if node.format_spec is None else {HOLE}
        return {HOLE} if HOLE in texts else texts

    def _called(self, node: ast.Call) -> set[str]:
        match node.func:
            case ast.Attribute(value=pattern, attr="format"):
                return {_FIELD.sub(HOLE, text) for text in self.texts(pattern)}
            case ast.Attribute(value=ast.Constant(value=str() as separator), attr="join"):
                words = self.live(node.args[0])
                return {separator.join(words)} if isinstance(words, tuple | list) else {HOLE}
            case ast.Name(id=name) if name in self.functions and name not in self.seen:
                return self._returned(self.functions[name])
            case _:
                return {HOLE}

    def _returned(self, function: Function) -> set[str]:
        """Return what a function of this module returns, whatever it is called with."""
        inside = Scope(self.names, self.functions, function, seen=self.seen | {function.name})
        returns = [each for each in ast.walk(function) if isinstance(each, ast.Return)]
        return {text for each in returns if each.value for text in inside.texts(each.value)}

    def _live_part(self, node: ast.Attribute | ast.Subscript | ast.Call) -> Any:
        """Return what is a part of a value of the module: its attribute, row, or all its items."""
        match node:
            case ast.Attribute(value=value, attr=name):
                return getattr(self.live(value), name, _NOT_LIVE)
            case ast.Subscript(value=value, slice=ast.Constant(value=int() as index)):
                row = self.live(value)
                return row[index] if isinstance(row, tuple) else _NOT_LIVE
            case ast.Call(func=ast.Attribute(value=value, attr="items"), args=[]):
                table = self.live(value)
                return table.items() if isinstance(table, dict) else _NOT_LIVE
            case _:
                return _NOT_LIVE

    def _choices(self, node: ast.expr) -> Sequence[ast.expr | None]:
        """Return the expressions of which this one is one or the other."""
        match node:
            case ast.IfExp(body=one, orelse=other):
                return [one, other]
            case ast.BoolOp(values=values):
                return values
            case ast.NamedExpr(value=value):
                return [value]
            case ast.Name(id=name) if name not in self.rows:
                return self._assigned(name)
            case _:
                return ()

    def _assigned(self, name: str) -> Sequence[ast.expr | None]:
        if name in self.seen:
            return ()
        return [self.settled[name]] if name in self.settled else self.bindings.get(name, ())


Placed = tuple[ast.expr | ast.Raise, Scope]


def scopes_of(tree: ast.Module, names: Mapping[str, Any]) -> Iterator[Placed]:
    """Yield each expression of the module with its scope, but for the parts of a formatted text.

    And each `raise`.
    """
    functions = {each.name: each for each in tree.body if isinstance(each, Function)}
    yield from _within(tree, Scope(names, functions))


def _within(node: ast.AST, scope: Scope) -> Iterator[Placed]:
    if isinstance(node, ast.expr | ast.Raise):
        yield node, scope
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, Function) and scope.function is None:
        scope = replace(scope, function=node)
    if isinstance(node, ast.For):
        scope = replace(scope, loops=(*scope.loops, node))
    if isinstance(node, ast.For | ast.While | ast.Try):
        scope = _after(node, scope)  # another round, or a part of it, may have bound names anew
    for _, value in ast.iter_fields(node):
        yield from _within_block(value if isinstance(value, list) else [value], scope)


def _within_block(nodes: Sequence[Any], scope: Scope) -> Iterator[Placed]:
    """Yield the same of what follows one another."""
    for node in nodes:
        if isinstance(node, ast.AST):
            yield from _within(node, scope)
        if isinstance(node, ast.stmt) and scope.function:
            scope = _after(node, scope)


def _after(statement: ast.stmt, scope: Scope) -> Scope:
    """Return the scope of what follows the statement: of what it binds only this is settled."""
    bound = _bindings_of(statement)
    settled = {name: value for name, value in scope.settled.items() if name not in bound}
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            settled[name] = value
    return replace(scope, settled=settled)


def _bindings_of(statement: ast.stmt) -> Bindings:
    """Return what the statement binds, a function or another, with all that is inside it."""
    values: dict[ast.expr, ast.expr] = {}
    found: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(statement):
        match node:
            case (
                ast.Assign(targets=[target], value=value)
                | ast.NamedExpr(target=target, value=value)
            ):
                values[target] = value
            case ast.Name(id=name, ctx=ast.Store()):
                found.setdefault(name, []).append(values.get(node))
            case (
                ast.arg(arg=name) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name))
            ):
                found.setdefault(name, []).append(None)
    return found


def _texts_of(value: Any) -> set[str]:
    """Return what a constant reads as; None is no text, and what is none at all a hole."""
    match value:
        case None:
            return set()
        case bytes():
            return {value.decode("ascii", "replace")}
        case str() | int() | float():
            return {str(value)}
        case _:
            return {HOLE}


def _bound(target: ast.expr, row: Any) -> Mapping[str, Any]:
    """Return what a loop's target stands for in one row."""
    match target:
        case ast.Name(id=name):
            return {name: row}
        case ast.Tuple(elts=elements):
            pairs = zip(elements, row, strict=True)
            return {each.id: value for each, value in pairs if isinstance(each, ast.Name)}
        case _:
            return {}
