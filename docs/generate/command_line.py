"""command-line.md: every command, its options and its examples, from click's own objects."""

import inspect
import re
from collections.abc import Iterator, Mapping

import click
from docs.generate.markdown import block, code, page, table

from runbatch.cli.main import all_commands, cli
from runbatch.cli.notify import VARIABLE as NOTIFY_VARIABLE
from runbatch.cli.options import common
from runbatch.clusters.local.processes import MARK_VARIABLE
from runbatch.clusters.local.wrapper import UID_VARIABLE
from runbatch.core import guard
from runbatch.wiring import STATE_DIR_VARIABLE

OTHER_NAMES = {"submit": "submit-all-traits-runai", "retry": "retry-failed-traits"}

# What decides how runbatch itself behaves.
VARIABLES = {
    STATE_DIR_VARIABLE: "where ledgers and saved logs are kept, unless `--state-dir` says; else in "
    "your own state folder (`~/.local/state/runbatch`)",
    NOTIFY_VARIABLE: "where `submit --wait` and `retry` send word, unless `--notify` says",
}
# What the libraries read, on which the output stands.
LIBRARIES_VARIABLES = {
    "NO_COLOR": "anything: no colours. There are none but on a terminal anyway",
    "_RUNBATCH_COMPLETE": "prints shell completion: `bash_source`, `zsh_source` or `fish_source`",
    "_SUBMIT_ALL_TRAITS_RUNAI_COMPLETE": "the same for `submit-all-traits-runai`",
    "_RETRY_FAILED_TRAITS_COMPLETE": "the same for `retry-failed-traits`",
}
_TOLD = {
    "RUNBATCH_PREFIX": "the batch's prefix",
    "RUNBATCH_KEY": "the job's key; also in the variable that `[jobs] variable` names",
    "RUNBATCH_BATCH": "the mark of the ledger that submitted it",
    "RUNBATCH_ATTEMPT": "the number of the attempt: 1, or more for a retry",
    "RUNBATCH_MOUNT_…": "on `local`: the host folder of a mount; `RUNBATCH_MOUNT_DATA` that at "
    "`/data`",
    UID_VARIABLE: "on `local`: what tells this workload from all others",
    MARK_VARIABLE: "on `local`: which workload of which state folder it is, as JSON",
    guard.VARIABLE: "with `guard = true` on `runai`: the guard; unset before the command runs",
    guard.MOUNTS_VARIABLE: "with it: the paths that it checks; unset before the command runs",
}

_INTRODUCTION = """\
Results go to stdout, progress and messages to stderr. A question is only asked on a terminal;
elsewhere a command that needs a yes ends with exit code 2 and names `--yes`. See also
[the exit codes](exit-codes.md) and [the JSON output](json.md)."""
_KEYS = """\
KEYS name jobs: `37`, `37,50` or `40-60`; an option that takes them may be given several times."""
_COMMON = """\
Every command has these. They say which batch is meant, on which cluster, and at what pace.
`--version` is that of `runbatch` alone."""


def command_line_page() -> str:
    """Return the page."""
    return page(_parts())


def _parts() -> Iterator[str]:
    yield "# The command line"
    yield _INTRODUCTION
    yield table(["command", "does"], _overview())
    yield _KEYS
    yield "## Options of every command"
    yield _COMMON
    yield _options([*_common_options(), *_help_options()])
    for name, command in all_commands().items():
        yield f"## runbatch {name}"
        yield from _command(name, command)
    yield "## Environment variables"
    yield table(["variable", "meaning"], _rows(VARIABLES | LIBRARIES_VARIABLES))
    yield "Each job has its own:"
    yield table(["variable", "meaning"], _rows(_TOLD))


def _overview() -> Iterator[list[str]]:
    for name, command in all_commands().items():
        words = f"runbatch {name}"
        yield [f"[{code(words)}](#runbatch-{name})", command.get_short_help_str(100)]


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield block("console", f"$ {usage(name, command)}")
    yield paragraphs(command.help or "")
    if name in OTHER_NAMES:
        yield f"{code(OTHER_NAMES[name])} is another name of this command."
    common_names = {option.name for option in _common_options()}
    own = [option for option in _all_options(command) if option.name not in common_names]
    if own:
        yield _options(own)
    examples, after = _epilog(command)
    yield block("console", examples)
    if after:
        yield after


def paragraphs(text: str) -> str:
    """Return help as paragraphs, without click's marks."""
    return inspect.cleandoc(text).replace("\b\n", "")


def usage(name: str, command: click.Command) -> str:
    """Return the usage: `runbatch logs [OPTIONS] KEY`."""
    context = click.Context(command, info_name=f"runbatch {name}")
    return f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"


def _epilog(command: click.Command) -> tuple[str, str]:
    """Return the examples as a person types them, and what stands behind them."""
    lines = paragraphs(command.epilog or "").splitlines()
    commands = [line.strip() for line in lines if line.startswith("  ")]
    after = [line for line in lines if not line.startswith("  ") and "xample" not in line]
    return "\n".join(map(_example, commands)), " ".join(after)


def _example(line: str) -> str:
    """Return `$ runbatch status --watch   # until q or Ctrl-C`."""
    words, _, said = re.sub(r"\s{2,}", "\t", line).partition("\t")
    return f"$ {words:<38}  # {said}" if said else f"$ {words}"


def _all_options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def _common_options() -> list[click.Option]:
    @click.command()
    @common
    def nothing() -> None:
        """Do nothing."""

    return _all_options(nothing)


def _help_options() -> list[click.Option]:
    """Return those that click adds; the version's is the program's alone."""
    shown = cli.get_help_option(click.Context(cli, help_option_names=["-h", "--help"]))
    return [option for option in (shown, *_all_options(cli)) if option is not None]


def _options(options: list[click.Option]) -> str:
    return table(["option", "meaning", "default"], map(_option, options))


def _option(option: click.Option) -> list[str]:
    text, _, default = (option.help or "").partition(" [default: ")
    names = ", ".join(option.opts)
    metavar = f" {option.metavar}" if option.metavar else ""
    limits = f" {_range(option.type)}" if isinstance(option.type, _RANGES) else ""
    return [code(f"{names}{metavar}"), f"{text}{limits}", default.removesuffix("]")]


_RANGES = (click.IntRange, click.FloatRange)


def _range(found: click.IntRange | click.FloatRange) -> str:
    return f"{found.min:g} or more." if found.max is None else f"{found.min:g} to {found.max:g}."


def _rows(meanings: Mapping[str, str]) -> Iterator[list[str]]:
    for name, meaning in meanings.items():
        yield [code(name), meaning]
