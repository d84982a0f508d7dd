"""One page that tells a batch's story: values (`bars`, `rows`, `findings`), then `page`.

The charts are drawn by uPlot 1.6.32 (MIT; npm package `uplot`, files in `vendor`, unchanged). It
was chosen for its 50 kB and because it needs no `eval` and no styles of its own, so that the page
can forbid everything that could call out. plotly would add 4.8 MB to each report, and ask for both.
"""
