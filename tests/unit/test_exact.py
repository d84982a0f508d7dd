"""The core's exact tests say what scipy says."""

import pytest
from scipy.stats import binomtest, fisher_exact  # type: ignore[import-untyped]

from runbatch.views.report.nodes import drawn_tail, sign_tail


@pytest.mark.parametrize(
    ("marked", "drawn", "marked_left", "left"),
    [
        pytest.param(9, 11, 2, 170, id="the incident's node"),
        pytest.param(1, 1, 0, 1, id="one and one"),
        pytest.param(0, 20, 5, 30, id="none at all"),
        pytest.param(5, 5, 5, 5, id="everything is marked"),
        pytest.param(3, 40, 12, 130, id="fewer than its share"),
        pytest.param(12, 12, 1, 3, id="few are left"),
        pytest.param(60, 1250, 240, 8750, id="ten thousand jobs"),
    ],
)
def test_fishers_test_is_scipys(marked: int, drawn: int, marked_left: int, left: int) -> None:
    table = [[marked, drawn - marked], [marked_left, left - marked_left]]
    expected = fisher_exact(table, alternative="greater").pvalue
    assert drawn_tail(marked, drawn, marked_left, left) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("heads", "tosses"), [(0, 0), (0, 7), (5, 6), (6, 6), (129, 130)])
def test_the_sign_test_is_scipys(heads: int, tosses: int) -> None:
    expected = binomtest(heads, tosses, 0.5, alternative="greater").pvalue if tosses else 1.0
    assert sign_tail(heads, tosses) == pytest.approx(expected, rel=1e-9)
