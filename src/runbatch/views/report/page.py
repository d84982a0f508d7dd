"""The report as one HTML page that needs nothing else: no network, no folder beside it.

Three things keep hostile names and logs harmless: Jinja escapes each value, the script is given
its data as JSON without a single `<`, and builds elements and text, never HTML. And should one of
them fail: the page's policy runs only the script whose hash it names and lets nothing call out.
"""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from runbatch.core.history import History
from runbatch.core.snapshot import Snapshot
from runbatch.views.preview import label_of
from runbatch.views.report import findings
from runbatch.views.report.bars import bars_of
from runbatch.views.report.blame import blame_of
from runbatch.views.report.losses import held_s, losses_of
from runbatch.views.report.rows import data_of
from runbatch.views.report.shades import Shade
from runbatch.views.text import duration, plural, printable

_FOLDER = files("runbatch.views.report")
_STYLES = ("vendor/uPlot.min.css", "page.css")
# A command with its options and what these are given, but not the sentence's own words after it.
_COMMAND = re.compile(
    r"runbatch [a-z]+(?: (?:(?:-b|--batch|--cluster|--state-dir|--rerun|--jobs)"
    r" (?:'[^']*'|\S*[^\s.,:;])|--[a-z-]+))*"
)
_OPTION = re.compile(r"--[a-z-]+")
_SCRIPTS = ("vendor/uPlot.iife.min.js", "charts.js", "table.js", "page.js")


def page_of(snapshot: Snapshot, history: History, folder: Path, as_of: str = "") -> str:
    """Return the page, whose links to saved logs hold for a file that lies in `folder`.

    `as_of` is as of when it speaks, if that is not now.
    """
    bars = bars_of(snapshot, history)
    every = [bar for each in bars.values() for bar in each]
    style, script = _text(_STYLES), _text(_SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return _template().render(
        snapshot=snapshot,
        history=history,
        place=label_of(snapshot.batch),
        as_of=as_of[:1].upper() + as_of[1:],
        highest=findings.highest(history.levels),
        any_attempt=any(job.attempts for job in snapshot.jobs),
        failures=findings.failures(snapshot),
        losses=losses_of(snapshot, bars),
        held_s=held_s(every),
        drawn=[shade for shade in Shade if any(bar.shade is shade for bar in every)],
        blame=blame_of(snapshot),
        policy=policy,
        style=Markup(style),  # noqa: S704 - the package's own files
        script=Markup(script),  # noqa: S704 - the package's own files
        data=_json(data_of(snapshot, history, bars, folder)),
    )


def _template() -> Template:
    loader = PackageLoader("runbatch.views.report", "")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "Shade": Shade,
        "duration": duration,
        "findings": findings,
        "plural": plural,
    }
    environment.filters |= {"moment": findings.moment, "printable": printable, "coded": coded}
    return environment.get_template("page.html")


def coded(text: str) -> Markup:
    """Return the text as HTML, its commands marked; no line ends within an option."""
    parts, end = [], 0
    for found in _COMMAND.finditer(text):
        parts += [escape(text[end : found.start()]), _code(found.group())]
        end = found.end()
    return Markup().join([*parts, escape(text[end:])])


def _code(command: str) -> Markup:
    words = command.split(" ")
    marked = (
        Markup('<span class="nowrap">{}</span>').format(word) if _OPTION.fullmatch(word) else word
        for word in words
    )
    return Markup("<code>{}</code>").format(Markup(" ").join(marked))


def _text(names: tuple[str, ...]) -> str:
    return "\n".join((_FOLDER / name).read_text("utf-8") for name in names)


def _hash(text: str) -> str:
    """Return the text's hash as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: Any) -> Markup:
    """Return JSON that is nothing but text within HTML: no `<` ends or opens anything."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 - ASCII without a "<"
