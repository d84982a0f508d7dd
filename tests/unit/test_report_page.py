"""The report's page is safe: hostile text stays text, and nothing is asked for from anywhere.

And it is fit to read: commands are marked, and what is empty says why.
"""

import hashlib
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from tests.unit.core.values import at, batch, failed, history, succeeded, view

from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
from runbatch.core.snapshot import snapshot_of
from runbatch.views.report.page import coded, page_of

HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\x1b[31m\u202e'


class Tags(HTMLParser):
    """Every tag of a page, as a browser finds them, and the text of its data."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.data: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][1].get("id") == "data":
            self.data.append(data)


def test_its_first_line_says_as_of_when_it_speaks_if_not_of_now() -> None:
    shown = snapshot_of(batch(), view(), at(100))
    page = page_of(shown, history(), Path("/reports"), "the jobs are shown as of <b>")
    first = page.partition('<p class="standing">')[2].partition("</p>")[0]
    assert first == "The jobs are shown as of &lt;b&gt;"


def page_with(text: str) -> str:
    attempts = [
        failed(
            str(key),
            node=text,
            outcome=Outcome(Verdict.MOUNT_FAILURE, text),
            evidence=Evidence(marker=text, node=text),
        )
        for key in range(2, 12)
    ]
    return page_of(snapshot_of(batch(), view(*attempts), at(100)), history(), Path("/reports"))


def test_hostile_text_adds_not_one_tag_and_stays_readable() -> None:
    harmless, hostile = Tags(page_with("harmless")), Tags(page_with(HOSTILE))
    assert [tag for tag, _ in hostile.found] == [tag for tag, _ in harmless.found]
    given = json.loads("".join(hostile.data))
    assert given["jobs"][0]["attempts"][0]["evidence"] == (
        HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    )
    assert "\x1b" not in page_with(HOSTILE)


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    page = Tags(page_with("harmless"))
    addresses = {
        value for _, given in page.found for name, value in given.items() if name in ("src", "href")
    }
    assert addresses == {"#jobs"}
    (policy,) = [given["content"] for _, given in page.found if "http-equiv" in given]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_plotting_library_is_the_one_that_was_published() -> None:
    script = files("runbatch.views.report").joinpath("vendor/uPlot.iife.min.js").read_bytes()
    digest = "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"
    assert hashlib.sha256(script).hexdigest() == digest


def test_nothing_in_the_packages_own_script_or_style_ends_it() -> None:
    page = page_with("harmless")
    assert len(re.findall("</script", page)) == 2
    assert len(re.findall("</style", page)) == 1
    assert "<!--" not in page


@pytest.mark.parametrize(
    ("attempts", "said"),
    [
        pytest.param([], "Nothing was ever submitted.", id="never submitted"),
        pytest.param(
            [succeeded("37")],
            "Nothing is recorded of how many jobs were in flight, and when.",
            id="submitted before there were events",
        ),
    ],
)
def test_without_a_chart_of_what_was_in_flight_the_reason_is_said(
    attempts: list[Attempt], said: str
) -> None:
    shown = snapshot_of(batch("37"), view(*attempts), at(100))
    assert f"<p>{said}</p>" in page_of(shown, history(), Path("/reports"))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("All 3 jobs succeeded.", "All 3 jobs succeeded.", id="no command"),
        pytest.param(
            "1 may be retried: runbatch retry.",
            "1 may be retried: <code>runbatch retry</code>.",
            id="a command alone",
        ),
        pytest.param(
            "read it; then runbatch submit --rerun 5,7-9",
            'read it; then <code>runbatch submit <span class="nowrap">--rerun</span> 5,7-9</code>',
            id="an option with what it is given",
        ),
        pytest.param(
            "runbatch retry or runbatch submit --wait looks at it",
            "<code>runbatch retry</code> or "
            '<code>runbatch submit <span class="nowrap">--wait</span></code> looks at it',
            id="two commands, and the sentence goes on",
        ),
        pytest.param(
            "runbatch retry -b 'my <own>.toml'; so be it",
            "<code>runbatch retry -b &#39;my &lt;own&gt;.toml&#39;</code>; so be it",
            id="a name with a blank in it",
        ),
        pytest.param("<b>runbatch", "&lt;b&gt;runbatch", id="hostile words"),
    ],
)
def test_commands_are_marked_in_a_text(text: str, html: str) -> None:
    assert coded(text) == html
