"""The reservation of a UniqueName, before all else of its resource."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.outcome import Done, Outcome, PermanentError
from cfn_mlflow.types.bucket.graph import BUCKET
from tests.support.beside_moto import stacks
from tests.support.graphs.bucket_kit import names, request, s3, served, world
from tests.support.objects.service_kit import boto

__all__ = ["s3"]


def deleted(asked: Any) -> Outcome:
    outcome: Outcome = BUCKET.removal(asked, asked.identity)()
    return outcome


def reservations() -> list[str]:
    return [each["Name"] for each in boto("ssm").describe_parameters()["Parameters"]]


def test_given_a_name_that_is_taken_then_the_second_fails_and_leaves_the_first_alone(
    s3: Any,
) -> None:
    shared = {"UniqueName": "shared"}
    served(request("Create", shared))
    before = world(s3)
    second = request("Create", shared, logical_id="Other")
    taken = "UniqueName: 'shared' is taken by the stack team. Choose"
    with stacks.holding("Bucket", "CREATE_COMPLETE"):
        with pytest.raises(PermanentError, match=taken):
            served(second)
        assert deleted(request("Delete", shared, logical_id="Other")) == Done({})
    assert world(s3) == before
    assert reservations() == ["/cfn-mlflow/names/shared/MLflowBucket"]
    assert deleted(request("Delete", shared)) == Done({})
    assert reservations() == []
    assert world(s3) == {}


def test_given_no_name_then_two_resources_live_side_by_side_and_reserve_none(s3: Any) -> None:
    served(request("Create", {}))
    served(request("Create", {}, logical_id="Other"))
    assert len(names(s3)) == 2
    assert reservations() == []
