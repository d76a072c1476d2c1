"""What an invocation knows of the time that it has."""

from __future__ import annotations

import pytest

from cfn_mlflow.runtime.invocation import ENDING, Invocation
from tests.support.cloudformation.protocol_kit import FakeContext, FakeTime


@pytest.mark.parametrize(("timeout", "kept"), [(900, 60.0), (60, 12.0), (20, 8.0), (10, 5.0)])
def test_room_to_work_ends_before_the_time_that_is_left_to_hand_on(
    timeout: float, kept: float
) -> None:
    time = FakeTime()
    invocation = Invocation(FakeContext(time, timeout))
    assert invocation.left() == timeout - ENDING
    assert invocation.left() - invocation.room() == kept
    time.sleep(timeout - kept - ENDING + 1)
    assert invocation.room() == -1
    assert invocation.left() == kept - 1


def test_room_is_measured_by_the_time_at_the_beginning_and_not_by_what_is_left() -> None:
    time = FakeTime()
    invocation = Invocation(FakeContext(time, 900))
    time.sleep(800)
    assert invocation.room() == 900 - 800 - ENDING - 60


def test_log_stream_and_place_are_those_of_the_function() -> None:
    invocation = Invocation(FakeContext(FakeTime()))
    assert invocation.log_stream == f"{FakeContext.log_stream_name} of {FakeContext.log_group_name}"
    assert invocation.place.account == FakeContext.invoked_function_arn.split(":")[4]
