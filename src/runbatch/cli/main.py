"""The command `runbatch`: its subcommands, and what becomes of errors."""

import os
import sys
from collections.abc import Sequence

import click

from runbatch import __version__
from runbatch.cli.init import init
from runbatch.cli.look import check, logs, status
from runbatch.cli.submit import retry, submit
from runbatch.core.errors import BatchError, RunbatchError
from runbatch.views.text import printable_lines

ERROR = 1
WRONG_USAGE = 2
INTERRUPTED = 130


@click.group(
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


for command in (init, check, submit, retry, status, logs):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; every error is one clear message."""
    sys.exit(_run(sys.argv[1:] if arguments is None else list(arguments)))


def submit_main() -> None:
    """Run `runbatch submit` under its other name, `submit-all-traits-runai`."""
    main(["submit", *sys.argv[1:]])


def retry_main() -> None:
    """Run `runbatch retry` under its other name, `retry-failed-traits`."""
    main(["retry", *sys.argv[1:]])


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name="runbatch", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("\nStopped; nothing was touched.", err=True)
        return INTERRUPTED
    except RunbatchError as error:
        click.echo(f"Error: {printable_lines(str(error))}", err=True)
        return WRONG_USAGE if isinstance(error, BatchError) else ERROR
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    return int(code or 0)
