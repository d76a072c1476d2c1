"""What stays when its resource goes: nobody's any more, and found by its tag and in the log."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.core import retained
from tests.support.objects.service_kit import owner


def test_thing_that_stays_is_owned_and_shared_no_more_and_names_who_left_it() -> None:
    whose = owner(user_tags={"team": "a"}, shared_with=("others",))
    found = {**whose.tags, "cfn-mlflow:complete": "true", "theirs": "x"}
    left = retained.tags_of_what_stays(whose, found)
    assert not whose.owns(left)
    assert left["cfn-mlflow:left-by"] == whose.tag
    assert (left["team"], left["theirs"]) == ("a", "x")
    assert not {"cfn-mlflow:complete", "cfn-mlflow:shared-with"} & left.keys()


def test_thing_that_stays_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    retained.log_what_stays("bucket", "mlflow-artifacts-abcdefghij")
    [line] = caplog.records
    assert line.levelname == "WARNING"
    assert "bucket mlflow-artifacts-abcdefghij" in line.getMessage()
