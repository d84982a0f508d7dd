"""Which pages there are, and the text of each as the code is now."""

from pathlib import Path

from docs.generate.batch_toml import batch_schema, batch_toml_page
from docs.generate.command_line import command_line_page
from docs.generate.dotenv import dotenv_page
from docs.generate.errors import errors_page
from docs.generate.exit_codes import exit_codes_page
from docs.generate.outputs import outputs_page, outputs_schema

FOLDER = Path(__file__).parents[1] / "reference"


def pages() -> dict[str, str]:
    """Return the text of each generated file of docs/reference, by its name."""
    return {
        "command-line.md": command_line_page(),
        "batch-toml.md": batch_toml_page(),
        "batch.schema.json": batch_schema(),
        "dotenv.md": dotenv_page(),
        "json.md": outputs_page(),
        "output.schema.json": outputs_schema(),
        "exit-codes.md": exit_codes_page(),
        "errors.md": errors_page(),
    }
