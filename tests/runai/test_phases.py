"""The words of Run:ai, and the stages that they stand for."""

import pytest

from runbatch.clusters.runai.phases import stage_of
from runbatch.core.stage import Stage

API_WORDS = {
    "Creating": Stage.STARTING,
    "Pending": Stage.QUEUED,
    "Initializing": Stage.STARTING,
    "Running": Stage.RUNNING,
    "Updating": Stage.RUNNING,
    "Degraded": Stage.RUNNING,
    "Resuming": Stage.HELD,
    "Stopping": Stage.HELD,
    "Stopped": Stage.HELD,
    "Deleting": Stage.LEAVING,
    "Terminating": Stage.LEAVING,
    "Completed": Stage.SUCCEEDED,
    "Failed": Stage.FAILED,
    "Unknown": Stage.UNKNOWN,
}


@pytest.mark.parametrize(("word", "stage"), API_WORDS.items())
def test_each_word_of_the_api_is_kept(word: str, stage: Stage) -> None:
    assert stage_of(word) == (stage, word)


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        pytest.param("Succeeded", "Completed", id="an older word for Completed"),
        pytest.param("Fail", "Failed", id="a shortened Failed"),
        pytest.param("Error", "Failed", id="an error is a failure"),
        pytest.param("TimedOut", "Failed", id="running out of time is a failure"),
        pytest.param("ContainerCreating", "Initializing", id="a container being made"),
        pytest.param("ErrImagePull", "Initializing", id="an image that was not pulled yet"),
        pytest.param("ImagePullBackOff", "Initializing", id="an image to be pulled again"),
        pytest.param("Preempted", "Pending", id="an evicted job goes back into the queue"),
        pytest.param("Suspending", "Stopping", id="what the web page says for Stopping"),
        pytest.param("  rUNNING \n", "Running", id="letter case and margins do not matter"),
    ],
)
def test_older_words_are_said_as_the_api_says_them(word: str, phase: str) -> None:
    assert stage_of(word) == (API_WORDS[phase], phase)


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        pytest.param("CrashLoopBackOff", "CrashLoopBackOff", id="a loop of crashes is no end"),
        pytest.param("Hibernating", "Hibernating", id="a word nobody knows is kept"),
        pytest.param("Failed to pull", "Failed to pull", id="a word is not a part of a sentence"),
        pytest.param("", "Unknown", id="no word"),
        pytest.param("\x1b[31mOdd\n", "[31mOdd", id="what moves a terminal is left out"),
        pytest.param("x" * 100, "x" * 40, id="no longer than a screen can show"),
    ],
)
def test_what_nobody_knows_is_unknown_and_no_end(word: str, phase: str) -> None:
    assert stage_of(word) == (Stage.UNKNOWN, phase)
