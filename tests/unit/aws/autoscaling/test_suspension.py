"""All scaling of a service suspended for a while, and then as it was before."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.autoscaling.suspension import (
    SUSPENDED_TAG,
    SUSPENSIONS,
    Suspension,
    resume,
    suspend,
    suspension_of,
)
from tests.support.objects.autoscaling_kit import SERVICE
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto

BY_HAND = "ScheduledScalingSuspended"


pytestmark = pytest.mark.usefixtures("scaled_service")


def found() -> Suspension:
    suspension = suspension_of(SERVICE)
    assert suspension
    return suspension


def suspend_by_hand() -> None:
    boto("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=SERVICE,
        ScalableDimension="ecs:service:DesiredCount",
        SuspendedState={BY_HAND: True},
    )


def test_service_without_a_scalable_target_has_no_suspension() -> None:
    assert suspension_of("service/another/another") is None


def test_suspension_stops_all_scaling_and_keeps_the_bounds() -> None:
    suspend(found())
    assert found().whole
    assert found().now == set(SUSPENSIONS)
    assert (found().least, found().most) == (1, 4)


def test_what_was_suspended_before_is_noted_before_anything_is_suspended() -> None:
    with watched() as calls:
        suspend(found())
    assert calls.writes == ["TagResource", "RegisterScalableTarget"]


def test_scaling_suspended_by_hand_alone_is_not_whole() -> None:
    suspend_by_hand()
    assert found().now == {BY_HAND}
    assert found().before is None
    assert not found().whole


def test_end_of_a_suspension_leaves_suspended_what_the_user_had_suspended() -> None:
    suspend_by_hand()
    suspend(found())
    suspend(found())  # as a function does that goes on after one that was killed
    resume(found())
    assert found().now == {BY_HAND}
    assert found().before is None


def test_scaling_that_was_never_suspended_by_us_is_left_as_it_is() -> None:
    suspend_by_hand()
    with watched() as calls:
        resume(found())
    assert calls.writes == []


def test_note_goes_last_so_that_a_killed_end_is_gone_on_with() -> None:
    suspend(found())
    with watched() as calls:
        resume(found())
    assert calls.writes == ["RegisterScalableTarget", "UntagResource"]
    tags = boto("application-autoscaling").list_tags_for_resource(ResourceARN=found().arn)["Tags"]
    assert SUSPENDED_TAG not in tags
