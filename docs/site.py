"""Builds the site: `python -m docs.site FOLDER`. Every warning is an error.

So a link to a page or a heading that is not there fails it, and so does a page that the start page
does not lead to. Nothing is fetched: links to the web are not tried.
"""

import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

SOURCE = Path(__file__).parent
STRICT = ("--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet")


def build(target: Path, source: Path = SOURCE) -> int:
    """Build the pages of `source` into `target`; return 0 if there was no warning."""
    return sphinx_build([*STRICT, "-b", "html", "-c", str(SOURCE), str(source), str(target)])


if __name__ == "__main__":
    sys.exit(build(*map(Path, sys.argv[1:])))
