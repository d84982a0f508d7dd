"""The command `runbatch`: its subcommands, and what becomes of errors."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType

import click

from runbatch import __version__
from runbatch.cli.signals import DIED_BY_SIGNAL
from runbatch.cli.streams import STDOUT, mend_streams
from runbatch.core.errors import BatchError, RunbatchError
from runbatch.views.text import printable_lines

ERROR = 1
WRONG_USAGE = 2
INTERRUPTED = 130


# Each command with its module and its line in the list: a command is imported when it is used, and
# no other. To import them all takes ten times as long as what `--help` needs.
_COMMANDS = {
    "init": ("init", "Write a batch.toml to start from."),
    "check": ("look", "Check the batch and the cluster; touch nothing."),
    "submit": ("submit", "Start the jobs that were never started."),
    "retry": ("retry", "Retry what the infrastructure broke."),
    "status": ("status", "Show how the batch stands."),
    "logs": ("look", "Print what a job printed."),
    "report": ("report", "Write a page that shows what happened."),
    "audit": ("audit", "Replay what happened; say whether each promise was kept."),
    "delete": ("delete", "Remove the batch's ended workloads."),
}


class _Commands(click.Group):
    """The commands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return their names, in the order in which people need them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of this name, imported now; None if there is none."""
        return _command(cmd_name) if cmd_name in _COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


def all_commands() -> dict[str, click.Command]:
    """Return every command by its name."""
    return {name: _command(name) for name in _COMMANDS}


def _command(name: str) -> click.Command:
    module, in_the_list = _COMMANDS[name]
    command: click.Command = getattr(_imported(f"runbatch.cli.{module}"), name)
    command.short_help = in_the_list
    return command


def _imported(module: str) -> ModuleType:
    """Return the module, imported. Nothing of it is garbage: nobody looks for any, now or at exit.

    That would be a fifth of what a short command costs.
    """
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Start here:
  runbatch init                   writes a batch.toml that works as it is
  runbatch submit --yes --wait    runs it
Exit codes: 0 done, 1 error, 2 wrong usage or configuration, 3 some jobs ended badly,
130/143 stopped by a signal (safe to run again).
""",
)
@click.version_option(__version__, prog_name="runbatch")
def cli() -> None:
    """Run hundreds of independent jobs on a shared cluster, never more than a cap in flight."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; every error is one clear message."""
    sys.exit(_run(sys.argv[1:] if arguments is None else list(arguments)))


def submit_main() -> None:
    """Run `runbatch submit` under its other name, `submit-all-traits-runai`."""
    sys.exit(_run(sys.argv[1:], _command("submit"), "submit-all-traits-runai"))


def retry_main() -> None:
    """Run `runbatch retry` under its other name, `retry-failed-traits`."""
    sys.exit(_run(sys.argv[1:], _command("retry"), "retry-failed-traits"))


def _run(arguments: list[str], command: click.Command = cli, name: str = "runbatch") -> int:
    mend_streams()
    # It may be ignored by whoever started us: then every program that we call seems to succeed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        code = command.main(arguments, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _complain("Stopped; nothing was touched.", INTERRUPTED)
    except BatchError as error:
        return _complain(f"Error: {printable_lines(str(error))}", WRONG_USAGE)
    except RunbatchError as error:
        return _complain(f"Error: {printable_lines(str(error))}", ERROR)
    except OSError as error:
        # Nobody reads our output any more, or it cannot be written: Python must not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ERROR if isinstance(error, BrokenPipeError) else _complain_of_system(error)
    except SystemExit as error:
        if isinstance(error.code, int) and error.code > DIED_BY_SIGNAL:
            os._exit(error.code)  # at once: calls in other threads are not waited for
        raise
    return int(code or 0)


def _complain_of_system(error: OSError) -> int:
    if error.filename == STDOUT:
        return _complain(f"Error: stdout cannot be written: {error.strerror}.", ERROR)
    return _complain(f"Error: {error}", ERROR)


def _complain(message: str, code: int) -> int:
    with suppress(OSError):
        click.echo(message, err=True)
    return code
