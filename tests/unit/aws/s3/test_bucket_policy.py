"""Who is kept out of a bucket of ours."""

from __future__ import annotations

import json
from typing import Any

from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from tests.support.graphs.bucket_kit import NAME, graph, s3, settings
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import converge, owner

__all__ = ["s3"]


def test_given_the_policy_of_an_earlier_version_then_the_tasks_of_other_stacks_are_denied(
    s3: Any,
) -> None:
    converge(graph())
    asked = settings(s3)["policy"]
    policy = {"Version": "2012-10-17", "Statement": asked[:1]}
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    converge(graph())
    assert settings(s3)["policy"] == asked
    with watched() as calls:
        converge(graph())
    assert calls.writes == []


def test_given_a_bucket_that_is_not_shared_with_all_any_more_then_others_are_denied_again(
    aws: None,
) -> None:
    open_to_all = BucketPolicy(owner(), NAME, ("@all",)).statements
    shared = BucketPolicy(owner(), NAME, ("team-c", "team-b"))
    assert len(open_to_all) == 1
    assert not shared.as_asked({"Statement": open_to_all})
    assert shared.as_asked({"Statement": shared.statements})
    assert not BucketPolicy(owner(), NAME, ("@all",)).as_asked({"Statement": shared.statements})
    assert not BucketPolicy(owner(), NAME).as_asked({"Statement": shared.statements})
    denied = shared.statements[1]["Condition"]["StringNotEquals"]
    assert denied["aws:PrincipalTag/cfn-mlflow:stack-name"] == ["team-b", "team-c"]
