"""The line that says that a log is only the end of one."""

import pytest

from runbatch.core.tail import note, split_note

NOTE = b"[runbatch] only the last 20000 lines of this log could be had\n"


def test_the_line_is_plain_english() -> None:
    assert note(20_000) == NOTE


@pytest.mark.parametrize(
    ("log", "parts"),
    [
        pytest.param(NOTE + b"a\nb\n", (NOTE, b"a\nb\n"), id="an end"),
        pytest.param(NOTE, (NOTE, b""), id="an end with nothing in it"),
        pytest.param(b"", (b"", b""), id="nothing"),
        pytest.param(b"a\n" + NOTE, (b"", b"a\n" + NOTE), id="not in the first line"),
        pytest.param(NOTE[:-1], (b"", NOTE[:-1]), id="a line that does not end"),
        pytest.param(
            b"[runbatch] only the last\n", (b"", b"[runbatch] only the last\n"), id="short"
        ),
    ],
)
def test_it_is_told_from_what_the_job_printed(log: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_note(log) == parts
