"""The words of clusters, and what they stand for."""

import pytest

from runbatch.core.attempt import Phase

API_WORDS = (
    *("Creating", "Pending", "Initializing", "Running", "Updating", "Degraded", "Resuming"),
    *("Stopping", "Stopped", "Deleting", "Terminating", "Completed", "Failed", "Unknown"),
)


def test_the_phases_are_the_words_of_the_api() -> None:
    assert tuple(phase.value for phase in Phase) == API_WORDS


@pytest.mark.parametrize("word", API_WORDS)
def test_each_word_of_the_api_stands_for_itself(word: str) -> None:
    assert Phase.parse(word).value == word


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        pytest.param("Succeeded", Phase.COMPLETED, id="an older word for Completed"),
        pytest.param("Fail", Phase.FAILED, id="a shortened Failed"),
        pytest.param("Error", Phase.FAILED, id="an error is a failure"),
        pytest.param("TimedOut", Phase.FAILED, id="running out of time is a failure"),
        pytest.param("ContainerCreating", Phase.INITIALIZING, id="a container being made"),
        pytest.param("ErrImagePull", Phase.INITIALIZING, id="an image that was not pulled yet"),
        pytest.param("ImagePullBackOff", Phase.INITIALIZING, id="an image to be pulled again"),
        pytest.param("Preempted", Phase.PENDING, id="an evicted job goes back into the queue"),
        pytest.param("Suspending", Phase.STOPPING, id="what the web page says for Stopping"),
        pytest.param("  rUNNING \n", Phase.RUNNING, id="letter case and margins do not matter"),
        pytest.param("CrashLoopBackOff", Phase.UNKNOWN, id="a loop of crashes is no end"),
        pytest.param("Hibernating", Phase.UNKNOWN, id="a word nobody knows is Unknown"),
        pytest.param("Failed to pull", Phase.UNKNOWN, id="a word is not a part of a sentence"),
        pytest.param("", Phase.UNKNOWN, id="no word is Unknown"),
    ],
)
def test_other_words(word: str, phase: Phase) -> None:
    assert Phase.parse(word) is phase


def test_only_completed_and_failed_are_ends() -> None:
    assert {phase for phase in Phase if phase.ended} == {Phase.COMPLETED, Phase.FAILED}
