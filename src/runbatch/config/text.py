"""Reading a user's text file, whatever it turns out to be."""

from pathlib import Path

from runbatch.core.errors import BatchError

LARGEST_FILE_BYTES = 4_000_000


def read_text(path: Path) -> str:
    """Return the file's text; raise BatchError (without the file's name) if it has none."""
    try:
        # Only a regular file: to read a pipe or a device might never end.
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "no regular file"
            raise BatchError("", f"this is {what}; name a file.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise BatchError("", f"larger than {LARGEST_FILE_BYTES} bytes; is this the right file?")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BatchError("", f"not UTF-8 text (byte {error.start}); save it as that.") from error
    except OSError as error:
        raise BatchError("", f"cannot be read: {error.strerror or error}.") from error
