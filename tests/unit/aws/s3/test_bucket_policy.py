"""Who is kept out of a bucket of ours."""

from __future__ import annotations

import json
from typing import Any

from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from tests.support.graphs.bucket_kit import NAME, graph, s3, settings
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import converge, owner

__all__ = ["s3"]


def test_bucket_policy_of_an_earlier_version_comes_to_deny_other_stacks_tasks(
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


def test_bucket_that_is_shared_with_all_no_more_denies_others_again(
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
