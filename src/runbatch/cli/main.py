"""The command `runbatch`: its subcommands, and what becomes of errors."""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from runbatch import __version__
from runbatch.cli.audit import audit
from runbatch.cli.delete import delete
from runbatch.cli.init import init
from runbatch.cli.look import check, logs
from runbatch.cli.report import report
from runbatch.cli.retry import retry
from runbatch.cli.signals import DIED_BY_SIGNAL
from runbatch.cli.status import status
from runbatch.cli.streams import STDOUT, mend_streams
from runbatch.cli.submit import submit
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


for command in (init, check, submit, retry, status, logs, report, audit, delete):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; every error is one clear message."""
    sys.exit(_run(sys.argv[1:] if arguments is None else list(arguments)))


def submit_main() -> None:
    """Run `runbatch submit` under its other name, `submit-all-traits-runai`."""
    sys.exit(_run(sys.argv[1:], submit, "submit-all-traits-runai"))


def retry_main() -> None:
    """Run `runbatch retry` under its other name, `retry-failed-traits`."""
    sys.exit(_run(sys.argv[1:], retry, "retry-failed-traits"))


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
