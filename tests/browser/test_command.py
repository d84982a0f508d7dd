"""From a real batch to its page in a real browser, hostile words and all."""

import sys
from pathlib import Path

from tests.browser.conftest import Open
from tests.e2e.shell import Shell, toml

HOSTILE = '<script>document.title="owned"</script></script><img src=x onerror=alert(1)>'
KEY = "<b onclick=alert(1)>"
JOB = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    f"import os; print('INFRASTRUCTURE MOUNT FAILURE ' + {HOSTILE!r}, flush=True); os._exit(2)",
]


def test_a_job_that_prints_a_script_is_reported_and_its_log_opened(
    tmp_path: Path, open_page: Open
) -> None:
    shell = Shell(tmp_path)
    shell.write(toml(JOB, keys=[KEY, "b"]))
    shell.submit()
    assert shell.read("report").code == 0
    seen = open_page(shell.folder / "report.html")
    assert seen.rows() == [KEY, "b"]
    assert "mount failure" in seen.page.locator("#table tbody tr").first.inner_text()
    log = seen.page.get_by_role("link", name=f"log of {KEY}, attempt 1")
    assert str(log.get_attribute("href")).startswith("state/local/test/logs/")
    # The log is text to a browser, not a page.
    seen.page.context.set_offline(False)
    with seen.page.context.expect_page() as opening:
        log.click(modifiers=["Control"])
    opened = opening.value
    assert HOSTILE in opened.locator("pre").inner_text()
    assert opened.title() != "owned"
