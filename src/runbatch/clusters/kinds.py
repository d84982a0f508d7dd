"""The kinds of clusters: what the rest of runbatch asks of one, and where each is found.

A kind is one folder: `clusters/<name>/kind.py` holds its `KIND`, and nothing outside that folder
names it. A kind of somebody else's package is found by its entry point in `runbatch.clusters`. A
kind's module is imported when a batch is of that kind, and its adapter when it is opened.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from runbatch.core.batch import Batch, ClusterChoice
from runbatch.core.errors import BatchError

if TYPE_CHECKING:
    from runbatch.clusters.base import Cluster

BUILT_IN = {
    "local": "runbatch.clusters.local.kind",
    "runai": "runbatch.clusters.runai.kind",
}
ENTRY_POINTS = "runbatch.clusters"


class Table(BaseModel):
    """A table of `batch.toml`: its keys are typed, and no other is taken.

    A docstring under a key is its meaning in the reference and in the JSON Schema.
    """

    model_config = ConfigDict(extra="forbid", strict=True)


T = TypeVar("T", bound=Table)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which ledger is the batch's: a folder within the state folder.

    `lasting` is a key of `[cluster]` and its value, where jobs in flight are not listed under any
    other value: it cannot be changed before they have ended.
    """

    folder: PurePath
    lasting: tuple[str, str] | None = None


def _nothing(_: Batch) -> None:
    return None


def _nothing_lacks(_: Batch) -> Iterator[str]:
    return iter(())


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What runbatch asks of a kind of cluster before it opens one.

    `check` raises BatchError for what the kind cannot carry. `open` returns the batch's cluster,
    whose records may stand in the state folder; with `for_one_look` nobody will ask it again, so
    what may tell more later is done without. It starts and makes nothing.
    """

    table: type[Table]
    """The keys that this kind has in `[cluster]`; `kind` is one of them."""
    identity: Callable[[Batch], Identity]
    open: Callable[[Batch, Path, bool], "Cluster"]
    poll_interval_s: float
    submit_interval_s: float
    check: Callable[[Batch], None] = _nothing
    run_needs: tuple[str, ...] = ()
    """The keys of `[run]` that may be left out elsewhere, and that `check` asks for."""
    label: Callable[[Batch], str] = lambda batch: batch.cluster.kind
    """Where the jobs run, for people."""
    guard: Callable[[Batch], str | None] = _nothing
    """What the preview says of `[run] guard`, if anything."""
    records: Callable[[Path], tuple[Path, ...]] = lambda _: ()
    """The folders of its own records within the state folder."""
    lacking: Callable[[Batch], Iterator[str]] = _nothing_lacks
    """What the jobs would lack, as far as it can be seen from here; none of it is an error."""
    judges_on_sight: bool = False
    """Whether evidence costs next to nothing: then every look gathers it."""
    has_one_node: bool = False
    """Whether there is no other node to compare one with."""


def names() -> tuple[str, ...]:
    """Return the names of all kinds, our own first."""
    return (*BUILT_IN, *(name for name in sorted(_found()) if name not in BUILT_IN))


def kind_of(name: object) -> Kind:
    """Return the kind of this name; raise BatchError, which names the known ones."""
    if isinstance(name, str) and name in BUILT_IN:
        kind: Kind = import_module(BUILT_IN[name]).KIND
        return kind
    if isinstance(name, str) and name in _found():
        try:
            return _found()[name]()
        except Exception as error:  # whatever the code of a stranger raises
            problem = f"its package cannot be used: {error}."
            raise BatchError(f"[cluster] kind = {name!r}", problem) from error
    known = [repr(each) for each in names()]
    problem = f"write {', '.join(known[:-1])} or {known[-1]}."
    raise BatchError(f"[cluster] kind = {name!r}", problem)


def own_keys(kind: Kind, choice: Mapping[str, object]) -> dict[str, object]:
    """Return the keys of `[cluster]` without those that only another kind has.

    A file may hold them for `--cluster`, which chooses that one; here they mean nothing.
    """
    strange = choice.keys() - kind.table.model_fields.keys()
    others = {key for name in names() for key in _keys_of(name)} if strange else set()
    return {key: value for key, value in choice.items() if key not in strange & others}


def _keys_of(name: str) -> Iterable[str]:
    """Return the keys of a kind; one that cannot be imported has none, and stops no other."""
    try:
        return kind_of(name).table.model_fields
    except BatchError:
        return ()


def table_of(table: type[T], choice: ClusterChoice) -> T:
    """Return the keys of the choice as its kind's table has them; raise BatchError."""
    mine = {key: value for key, value in choice.keys.items() if key in table.model_fields}
    try:
        return table.model_validate({"kind": choice.kind, **mine})
    except ValidationError as error:
        wrong = error.errors()[0]
        place = f"[cluster] {' '.join(map(str, wrong['loc']))}"
        expected = wrong.get("ctx", {}).get("expected")
        problem = f"write {expected}." if expected else f"this cannot be taken: {wrong['msg']}."
        raise BatchError(f"{place} = {wrong['input']!r}", problem) from error


@cache
def _found() -> Mapping[str, Callable[[], Kind]]:
    """Return what other packages offer, by name, not yet imported."""
    return {each.name: each.load for each in entry_points(group=ENTRY_POINTS)}
