"""The report in a real browser: it draws, it is searched and sorted, and nothing gets out of it."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.chromium import Opened, opened
from tests.browser.conftest import Open
from tests.browser.made import MARKER, ON_RUNAI, at, made

from runbatch.core.attempt import Attempt, Evidence, Outcome, Verdict
from runbatch.core.batch import Batch, Run
from runbatch.core.history import History, Level, Stretch
from runbatch.core.job import View
from runbatch.core.snapshot import snapshot_of
from runbatch.core.stage import Stage
from runbatch.views.report.page import page_of

FOLDER = Path("/reports")
JOBS = 120


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(*made(JOBS, cap=20), FOLDER)


def is_drawn(page: Opened, chart: str, *names: str) -> bool:
    return all(dots.count > 20 for dots in page.dots(chart, *names).values())


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_the_charts_are_drawn_without_a_network(open_page: Open, page: str) -> None:
    seen = open_page(page)
    assert is_drawn(seen, "#flight-chart", "running", "alarm")
    assert is_drawn(seen, "#bars-chart", "succeeded", "starting", "mount-failure", "out-of-memory")


def test_the_cap_is_drawn_above_what_is_in_flight(open_page: Open, page: str) -> None:
    seen = open_page(page)
    dots = seen.dots("#flight-chart", "alarm", "running")
    assert 0 <= dots["alarm"].top < dots["running"].top


def test_a_mouse_over_a_bar_says_what_it_is(open_page: Open, page: str) -> None:
    seen = open_page(page)
    over = seen.page.locator("#bars-chart .u-over")
    over.scroll_into_view_if_needed()
    over.hover(position={"x": 12, "y": 3})
    hint = seen.page.locator("#bars-chart .hint")
    assert hint.is_visible()
    assert re.match(
        r"made-gwas-1, attempt 1, gpu-node\d\n(Running|Initializing)", hint.inner_text()
    )
    assert "ended: succeeded (exit code 0)" in hint.inner_text()


def test_a_part_that_is_dragged_over_is_enlarged_and_a_key_shows_all_again(
    open_page: Open, page: str
) -> None:
    seen = open_page(page, viewport={"width": 1280, "height": 3000})
    before, flight_before = seen.picture("#bars-chart"), seen.picture("#flight-chart")
    box = seen.page.locator("#bars-chart .u-over").bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + 20, box["y"] + 20)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 220, box["y"] + 120, steps=4)
    seen.page.mouse.up()
    assert seen.picture("#bars-chart") != before
    assert seen.picture("#flight-chart") != flight_before
    seen.page.locator("#bars-chart").focus()
    seen.page.keyboard.press("0")
    assert seen.picture("#flight-chart") == flight_before


def test_the_keyboard_moves_the_chart(open_page: Open, page: str) -> None:
    seen = open_page(page)
    chart = seen.page.locator("#bars-chart")
    chart.focus()
    pictures = [seen.picture("#bars-chart")]
    for key in ("+", "+", "ArrowRight", "ArrowDown", "-"):
        seen.page.keyboard.press(key)
        pictures.append(seen.picture("#bars-chart"))
    assert len(set(pictures)) == len(pictures)
    seen.page.keyboard.press("Escape")
    assert seen.picture("#bars-chart") == pictures[0]


def test_what_is_typed_is_found_in_table_and_chart(open_page: Open, page: str) -> None:
    seen = open_page(page)
    everything = seen.picture("#bars-chart")
    seen.page.get_by_label("Find").fill("GPU-node5 mount")
    assert seen.page.locator("#found").inner_text() == f"{len(seen.rows())} of {JOBS} jobs"
    rows = seen.page.locator("#table tbody tr").all_inner_texts()
    assert 0 < len(rows) < JOBS
    assert all("gpu-node5" in row and "mount failure" in row for row in rows)
    assert seen.picture("#bars-chart") != everything
    seen.page.get_by_label("Find").fill("no such thing")
    assert seen.rows() == []
    assert seen.page.locator("#found").inner_text() == f"0 of {JOBS} jobs"
    seen.page.get_by_label("Find").fill("")
    assert seen.picture("#bars-chart") == everything


def test_when_nothing_is_found_that_is_said_instead_of_an_empty_chart_and_table(
    open_page: Open, page: str
) -> None:
    seen = open_page(page)
    nothing = seen.page.get_by_text("No job is like that.")
    assert nothing.is_hidden()
    seen.page.get_by_label("Find").fill("no such thing")
    assert nothing.is_visible()
    assert seen.page.locator("#table").is_hidden()
    assert seen.page.locator("#bars").is_hidden()
    seen.page.set_viewport_size({"width": 900, "height": 800})
    seen.page.get_by_label("Find").fill("")
    assert nothing.is_hidden()
    assert len(seen.rows()) == 50
    assert is_drawn(seen, "#bars-chart", "succeeded", "mount-failure")


def test_only_jobs_of_one_kind_are_shown_on_demand(open_page: Open, page: str) -> None:
    seen = open_page(page)
    seen.page.locator("#show").select_option("failed")
    assert seen.page.locator("#table tbody tr", has_text="succeeded").count() == 0
    assert len(seen.rows()) > 1
    seen.page.locator("#show").select_option("retried")
    attempts = seen.page.locator("#table tbody td[data-label=Attempts]").all_inner_texts()
    assert set(attempts) == {"2"}


def test_a_click_on_a_head_sorts_and_another_turns_it_round(open_page: Open, page: str) -> None:
    seen = open_page(page)
    assert seen.rows()[:3] == ["1", "2", "3"]
    seen.page.get_by_role("button", name="Job").click()
    assert seen.rows()[:3] == [str(JOBS), str(JOBS - 1), str(JOBS - 2)]
    seen.page.get_by_role("button", name="Attempts").click()
    seen.page.get_by_role("button", name="Attempts").click()
    attempts = seen.page.locator("#table tbody td[data-label=Attempts]").all_inner_texts()
    assert attempts == sorted(attempts, reverse=True)
    assert attempts[0] == "2"
    assert attempts[-1] == "1"


def test_the_table_is_sorted_from_the_keyboard_and_says_so(open_page: Open, page: str) -> None:
    seen = open_page(page)
    seen.page.locator("#show").focus()
    for _ in range(30):
        seen.page.keyboard.press("Tab")
        if focused(seen.page) == "Node":
            break
    seen.page.keyboard.press("Enter")
    nodes = seen.page.locator("#table tbody td[data-label=Node]").all_inner_texts()
    assert nodes == sorted(nodes)
    heads = seen.page.locator("#table [aria-sort]")
    assert [head.get_attribute("aria-sort") for head in heads.all()] == [
        *["none"] * 3,
        "ascending",
        *["none"] * 3,
    ]
    seen.page.keyboard.press("Space")
    assert seen.page.locator("[aria-sort=descending]").get_attribute("data-sort") == "node"


def test_long_tables_come_in_pages(open_page: Open, page: str) -> None:
    seen = open_page(page)
    assert len(seen.rows()) == 50
    nav = seen.page.get_by_role("navigation", name="Pages of the table")
    assert nav.get_by_role("button", name="Previous").is_disabled()
    nav.get_by_role("button", name="Next").click()
    assert seen.rows()[0] == "51"
    nav.get_by_role("button", name="Next").click()
    assert seen.rows() == [str(key) for key in range(101, JOBS + 1)]
    assert nav.get_by_role("button", name="Next").is_disabled()
    assert nav.inner_text().split("\n")[0].replace("\n", " ").count("3 of 3") == 1
    seen.page.get_by_label("Find").fill("made-gwas-7")
    assert seen.rows()[0] == "7"
    assert nav.is_hidden()


def test_the_first_key_leads_to_the_jobs_and_focus_can_be_seen(open_page: Open, page: str) -> None:
    seen = open_page(page)
    seen.page.keyboard.press("Tab")
    assert focused(seen.page) == "Skip to the jobs"
    box = seen.page.locator(".skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert seen.page.evaluate(outline) == "solid"
    seen.page.keyboard.press("Enter")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.id") == "find"
    assert seen.page.evaluate("document.activeElement.matches(':focus-visible')")


def test_the_page_is_told_in_words_too(open_page: Open, page: str) -> None:
    seen = open_page(page)
    assert seen.page.evaluate("document.documentElement.lang") == "en"
    levels = [int(each[1]) for each in seen.page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].map((each) => each.tagName)"
    )]  # fmt: skip
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    chart = seen.page.get_by_role("img", name=re.compile("In flight against the cap"))
    assert chart.count() == 1
    name = seen.page.evaluate("document.getElementById('flight-text').textContent")
    assert name == "At most 20 jobs were in flight at a time. The cap was never passed."
    assert seen.page.get_by_role("group", name=re.compile("Jobs over time")).count() == 1
    assert seen.page.locator("table").count() == seen.page.locator("table > caption").count()


def test_the_letter_is_copied_as_it_stands(open_page: Open, page: str) -> None:
    seen = open_page(page, permissions=["clipboard-read", "clipboard-write"])
    assert "gpu-node5 stands out" in seen.page.locator(".alarm").first.inner_text()
    seen.page.get_by_role("button", name="Copy").click()
    seen.page.get_by_text("Copied.").wait_for()
    copied = str(seen.page.evaluate("navigator.clipboard.readText()"))
    assert copied == seen.page.locator("#letter-1").inner_text()
    assert MARKER in copied


_COLUMNS_OFF = """[...document.querySelectorAll("table:not(#table)")].filter((table) => {
  const seen = (row) => [...row.cells].filter((cell) => cell.offsetWidth > 0).length;
  return seen(table.tHead.rows[0]) !== seen(table.tBodies[0].rows[0]);
}).map((table) => table.caption.textContent)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_to_the_side(
    open_page: Open, page: str, width: int, scheme: str
) -> None:
    seen = open_page(page, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert is_drawn(seen, "#bars-chart", "succeeded", "out-of-memory")
    assert seen.page.evaluate(_COLUMNS_OFF) == []
    # Text, not paper, is what one reads: its contrast must do.
    shown = {"light": ((255, 255, 255), (24, 33, 44)), "dark": ((18, 23, 29), (231, 235, 240))}
    assert (seen.variable("paper"), seen.variable("text")) == shown[scheme]


_BROKEN_OPTIONS = """[...document.querySelectorAll("header, main p")].flatMap((part) => {
  const walk = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), broken = [];
  while (walk.nextNode()) {
    for (const option of walk.currentNode.data.matchAll(/--[a-z-]+/g)) {
      const range = document.createRange();
      range.setStart(walk.currentNode, option.index);
      range.setEnd(walk.currentNode, option.index + option[0].length);
      if (range.getClientRects().length > 1) broken.push(option[0]);
    }
  }
  return broken;
})"""


def test_no_option_of_a_command_is_broken_in_two(open_page: Open) -> None:
    seen = open_page(page_of(*made(3000), FOLDER))
    for width in range(360, 1400, 12):
        seen.page.set_viewport_size({"width": width, "height": 844})
        assert seen.page.evaluate(_BROKEN_OPTIONS) == [], f"at {width}"
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    commands = seen.page.locator("code").all_inner_texts()
    assert "runbatch submit --rerun KEYS" in commands


_GAPS = """[...document.querySelectorAll(".legend li")].map((item) => {
  const walk = document.createTreeWalker(item, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walk.nextNode() && walk.currentNode.data.trim() === "");
  const first = walk.currentNode.data.search(/\\S/);
  range.setStart(walk.currentNode, first);
  range.setEnd(walk.currentNode, first + 1);
  const left = range.getBoundingClientRect().left;
  return Math.round(left - item.querySelector(".swatch").getBoundingClientRect().right);
})"""


def test_each_colour_is_as_near_to_its_words(open_page: Open, page: str) -> None:
    seen = open_page(page)
    gaps = seen.page.evaluate(_GAPS)
    assert len(gaps) > 3
    # A sign is bold, and the blank before it a little wider.
    assert max(gaps) - min(gaps) <= 1


def test_charts_follow_when_it_gets_dark_and_when_the_window_shrinks(
    open_page: Open, page: str
) -> None:
    seen = open_page(page, color_scheme="light")
    light = seen.variable("succeeded")
    seen.page.emulate_media(color_scheme="dark")
    assert seen.variable("succeeded") != light
    assert is_drawn(seen, "#bars-chart", "succeeded")
    seen.page.set_viewport_size({"width": 500, "height": 800})
    assert seen.picture("#bars-chart")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 500


def test_a_printed_page_is_whole_and_light_and_the_screen_is_as_before(
    open_page: Open, page: str
) -> None:
    seen = open_page(page, color_scheme="dark")
    seen.page.evaluate("""() => addEventListener("beforeprint", () => {
      window.printed = {
        rows: document.querySelectorAll("#table tbody tr").length,
        widths: [...document.querySelectorAll(".chart")].map((each) => each.clientWidth),
        paper: getComputedStyle(document.documentElement).getPropertyValue("--paper"),
      };
    })""")
    assert seen.page.pdf(format="A4").startswith(b"%PDF")
    printed = seen.page.evaluate("window.printed")
    # A4 within its margins is 688 dots wide.
    assert printed == {"rows": JOBS, "widths": [680, 680], "paper": "#fff"}
    assert len(seen.rows()) == 50
    assert seen.variable("paper") == (18, 23, 29)


def test_the_jobs_of_a_small_batch_are_printed_below_what_comes_before_them(
    open_page: Open,
) -> None:
    paper = open_page(page_of(*made(26), FOLDER)).page.pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b", paper)) == 3


HOSTILE = '</script><script>window.owned=1</script><img src=x onerror="window.owned=2">'


def hostile_page() -> str:
    """A batch each of whose words tries to become a part of the page."""
    key = "<img src=x onerror=window.owned=3>"
    batch = Batch(prefix="gwas", keys=(key, "plain"), run=Run(command=("job",)), cluster=ON_RUNAI)
    numbered = [(name, number) for name in batch.keys for number in range(1, 9)]
    attempts = [_hostile(name, number) for name, number in numbered]
    stretches = [
        Stretch(name, number, Stage.UNKNOWN, HOSTILE, at(number * 100 - 100), at(number * 100))
        for name, number in numbered
    ]
    view = View.of(attempts)
    levels = (Level(at(0), 2, 2), Level(at(900), 0, 2))
    past = History(levels, tuple(stretches), view)
    return page_of(snapshot_of(batch, view, at(1000)), past, FOLDER)


def _hostile(key: str, number: int) -> Attempt:
    start, end = at(number * 100), at(number * 100 + 50)
    return Attempt(
        key=key,
        number=number,
        reserved_at=start,
        called_at=start,
        uid=f"{key}.{number}",
        seen_at=end,
        missed=1,
        ended_at=end,
        evidence=Evidence(marker=HOSTILE, node=HOSTILE),
        outcome=Outcome(Verdict.MOUNT_FAILURE, f"log: {HOSTILE}"),
        log=f"/state/{HOSTILE}.log",
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_words_are_shown_and_do_nothing(open_page: Open, width: int) -> None:
    seen = open_page(hostile_page(), viewport={"width": width, "height": 844})
    assert seen.rows() == ["<img src=x onerror=window.owned=3>", "plain"]
    assert HOSTILE in seen.page.locator("#table tbody tr").first.inner_text()
    assert HOSTILE in seen.page.locator("#letter-1").inner_text()
    over = seen.page.locator("#bars-chart .u-over")
    over.scroll_into_view_if_needed()
    over.hover(position={"x": 2, "y": 10})
    assert HOSTILE in seen.page.locator("#bars-chart .hint").inner_text()
    seen.page.get_by_label("Find").fill(HOSTILE)
    assert len(seen.rows()) == 2
    assert seen.page.evaluate("window.owned") is None
    assert seen.page.locator("img").count() == 0
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A real server that writes down who asks it for anything."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


_CALL_OUT = """async (address) => {
  document.body.insertAdjacentHTML("beforeend",
    `<img src="${address}/img"><iframe src="${address}/frame"></iframe>
     <link rel=stylesheet href="${address}/style"><b style="color:red" onclick="owned=1">x</b>`);
  const script = document.createElement("script");
  script.textContent = "window.owned = 1";
  document.body.append(script);
  document.querySelector("b").click();
  await fetch(`${address}/fetch`).catch(() => {});
  navigator.sendBeacon(`${address}/beacon`);
  return window.owned === undefined;
}"""


def test_even_a_hole_in_the_page_would_let_nothing_out(
    browser: Browser, page: str, tmp_path: Path, listener: tuple[str, list[str]]
) -> None:
    address, asked = listener
    file = tmp_path / "report.html"
    file.write_text(page)
    # With the network on: what holds here is the page's own policy.
    seen = opened(browser, file, offline=False)
    assert seen.page.evaluate(_CALL_OUT, address)
    seen.page.context.close()
    assert asked == []
    assert any("Content Security Policy" in complaint for complaint in seen.complaints)
    # And the listener would have heard: without the policy, the very same is asked for.
    file.write_text(re.sub("<meta http-equiv[^>]*>", "", page))
    heard = opened(browser, file, offline=False)
    assert not heard.page.evaluate(_CALL_OUT, address)
    heard.page.context.close()
    assert {"/img", "/fetch"} <= set(asked)


def test_without_scripts_the_findings_can_be_read(open_page: Open, page: str) -> None:
    seen = open_page(page, java_script_enabled=False)
    text = seen.page.inner_text("body")
    assert "gpu-node5 stands out" in text
    assert "which your program does not run" in text


def test_ten_thousand_jobs_stay_usable(open_page: Open) -> None:
    seen = open_page(page_of(*made(10_000), FOLDER))
    assert seen.page.locator("#found").inner_text() == "10000 of 10000 jobs"
    assert is_drawn(seen, "#bars-chart", "succeeded", "configuration-error")
    assert len(seen.rows()) == 50
    seen.page.get_by_label("Find").fill("made-gwas-9999")
    assert seen.rows() == ["9999"]
    seen.page.get_by_label("Find").fill("")
    seen.page.get_by_role("button", name="Took").click()
    assert len(seen.rows()) == 50
    # Nobody prints 10 000 rows unawares: the first thousand, and a word about the rest.
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(seen.rows()) == 1000
    caption = seen.page.locator("#table-text").inner_text()
    assert caption == "All jobs, rows 1 to 1000 of 10000"
