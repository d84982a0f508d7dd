"""`python -m docs.generate`: write every page of the reference that the code can tell."""

from docs.generate.pages import FOLDER, pages


def main() -> None:
    """Write the pages into docs/reference."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
