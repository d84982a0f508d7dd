"""command-line.md: every command, its options and its examples, from click's own objects."""

import inspect
import re
from collections.abc import Iterable, Iterator

import click
from docs.generate.markdown import console, table

from runbatch.cli.main import all_commands, cli
from runbatch.cli.options import common

OTHER_NAMES = {"submit": "submit-all-traits-runai", "retry": "retry-failed-traits"}

_INTRODUCTION = """\
Results go to stdout, progress and messages to stderr. A question is only asked on a terminal;
elsewhere a command that needs a yes ends with exit code 2 and names `--yes`. See also
[the exit codes](exit-codes.md), [the JSON output](json.md) and
[the environment variables](environment.md)."""
_SHARED = """\
KEYS name jobs: `37`, `37,50` or `40-60`; an option that takes them may be given several times.

## Options of every command

Every command has these. They say which batch is meant, on which cluster, and at what pace.
`--version` is that of `runbatch` alone."""


def command_line_page() -> Iterator[str]:
    """Yield the parts of the page."""
    commands = all_commands()
    yield "# The command line"
    yield _INTRODUCTION
    overview = ((_link(name), each.get_short_help_str(100)) for name, each in commands.items())
    yield table(["command", "does"], overview)
    yield _SHARED
    help_option = cli.get_help_option(click.Context(cli, help_option_names=["-h", "--help"]))
    assert help_option is not None
    yield _options([*_shared_options(), help_option, *options_of(cli)])
    for name, command in commands.items():
        yield from _command(name, command)


def _link(name: str) -> str:
    return f"[`runbatch {name}`](#runbatch-{name})"


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"runbatch {name}")
    yield f"## runbatch {name}"
    yield console([f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"])
    yield _plain(command.help)
    if name in OTHER_NAMES:
        yield f"`{OTHER_NAMES[name]}` is another name of this command."
    shared = {option.name for option in _shared_options()}
    if own := [option for option in options_of(command) if option.name not in shared]:
        yield _options(own)
    lines = [line for line in _plain(command.epilog).splitlines() if "xample" not in line]
    yield console(_example(line.strip()) for line in lines if line.startswith("  "))
    yield from (line for line in lines if line and not line.startswith("  "))


def _plain(text: str | None) -> str:
    """Return help as paragraphs, without click's marks."""
    return inspect.cleandoc(text or "").replace("\b\n", "")


def _example(line: str) -> str:
    """Return `runbatch status --watch   # until q or Ctrl-C`."""
    typed, _, said = re.sub(r"\s{2,}", "\t", line).partition("\t")
    return f"{typed:<38}  # {said}" if said else typed


def options_of(command: click.Command) -> list[click.Option]:
    """Return the options of a command, but for --help."""
    return [each for each in command.params if isinstance(each, click.Option)]


def _shared_options() -> list[click.Option]:
    return options_of(click.command()(common(lambda: None)))


def _options(options: Iterable[click.Option]) -> str:
    return table(["option", "meaning", "default"], map(_option, options))


def _option(option: click.Option) -> list[str]:
    text, _, default = (option.help or "").partition(" [default: ")
    typed = " ".join(filter(None, [", ".join(option.opts), option.metavar]))
    if isinstance(option.type, click.IntRange | click.FloatRange):
        low, high = option.type.min, option.type.max
        text += f" {low:g} or more." if high is None else f" {low:g} to {high:g}."
    return [f"`{typed}`", text, default.removesuffix("]")]
