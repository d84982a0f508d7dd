"""Where a workload is."""

from runbatch.core.stage import Stage


def test_only_success_and_failure_are_ends() -> None:
    assert {stage for stage in Stage if stage.ended} == {Stage.SUCCEEDED, Stage.FAILED}


def test_only_what_is_queued_or_starting_has_not_begun() -> None:
    assert {stage for stage in Stage if stage.is_before_running} == {Stage.QUEUED, Stage.STARTING}
