"""The documentation's site: Markdown pages by MyST, drawn by furo, and nothing from elsewhere."""

from runbatch import __version__

project = "runbatch"
release = __version__
language = "en"
# Else "--rerun" outside of code becomes a dash and a word.
smartquotes = False

extensions = ["myst_parser"]
# Links to a heading are checked down to this depth; a code host makes the same anchors.
myst_heading_anchors = 3
# What only points to where a page has gone is none itself.
exclude_patterns = ["architecture.md"]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "runbatch"
html_show_copyright = False
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
