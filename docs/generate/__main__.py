"""`python -m docs.generate`: write each page of the reference that is made from the code."""

from pathlib import Path

from docs.generate.batch_toml import batch_schema, batch_toml_page
from docs.generate.command_line import command_line_page
from docs.generate.json_output import json_page, output_schema
from docs.generate.markdown import document, page

FOLDER = Path(__file__).parents[1] / "reference"


def pages() -> dict[str, str]:
    """Return the text of each generated file of docs/reference, by its name."""
    return {
        "command-line.md": page(command_line_page()),
        "batch-toml.md": page(batch_toml_page()),
        "batch.schema.json": document(batch_schema()),
        "json.md": page(json_page()),
        "output.schema.json": document(output_schema()),
    }


def main() -> None:
    """Write the files."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
