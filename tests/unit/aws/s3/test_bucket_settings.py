"""The settings of a bucket: each is set again by itself, and what others set stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.graphs.bucket_kit import KEY_USE, NAME, graph, put, s3, settings
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import ACCOUNT, boto, converge

__all__ = ["s3"]


def test_given_no_properties_then_old_versions_go_and_objects_move(s3: Any) -> None:
    converge(graph())
    rules = {rule["ID"]: rule for rule in settings(s3)["lifecycle"]}
    assert rules["cfn-mlflow-tiering"]["Transitions"] == [
        {"Days": 60, "StorageClass": "INTELLIGENT_TIERING"}
    ]
    old = rules["cfn-mlflow-noncurrent-versions"]["NoncurrentVersionExpiration"]
    assert old["NoncurrentDays"] == 90
    uploads = rules["cfn-mlflow-unfinished-uploads"]["AbortIncompleteMultipartUpload"]
    assert uploads["DaysAfterInitiation"] == 7


DRIFTS: dict[str, Callable[[Any], object]] = {
    "versioning": lambda s3: s3.put_bucket_versioning(
        Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}
    ),
    "encryption": lambda s3: s3.put_bucket_encryption(
        Bucket=NAME,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    ),
    "public": lambda s3: s3.delete_public_access_block(Bucket=NAME),
    "ownership": lambda s3: s3.put_bucket_ownership_controls(
        Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "policy": lambda s3: s3.delete_bucket_policy(Bucket=NAME),
    "lifecycle": lambda s3: s3.delete_bucket_lifecycle(Bucket=NAME),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_given_a_setting_changed_by_hand_then_that_one_alone_is_set_again(
    s3: Any, name: str
) -> None:
    converge(graph())
    before = settings(s3)
    DRIFTS[name](s3)
    with watched() as calls:
        converge(graph())
    assert len(calls.writes) == 1
    assert settings(s3) == before


def test_given_what_the_user_added_then_it_is_kept(s3: Any) -> None:
    converge(graph())
    added = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [added]}
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    rule = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "tmp/"},
        "Expiration": {"Days": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [rule]})
    tags = settings(s3)["tags"] | {"theirs": "kept"}
    del tags["cfn-mlflow:version"]
    s3.put_bucket_tagging(
        Bucket=NAME, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]}
    )
    converge(graph())
    found = settings(s3)
    assert added in found["policy"]
    assert len(found["policy"]) == 3
    assert {each["ID"] for each in found["lifecycle"]} == {
        "theirs",
        "cfn-mlflow-tiering",
        "cfn-mlflow-noncurrent-versions",
        "cfn-mlflow-unfinished-uploads",
    }
    assert found["tags"]["theirs"] == "kept"
    assert found["tags"]["cfn-mlflow:version"] == "0.1.0"


def test_given_another_key_then_new_objects_get_it_in_place_and_none_is_lost(s3: Any) -> None:
    key = boto("kms").create_key(Tags=[{"TagKey": "cfn-mlflow:allow", "TagValue": ""}])
    arn = key["KeyMetadata"]["Arn"]
    converge(graph(**KEY_USE))
    put(s3, "run/artifact")
    given = converge(graph(**KEY_USE, EncryptionKeyArn=arn))
    assert given["EncryptionKeyArn"] == arn
    [rule] = settings(s3)["encryption"]["Rules"]
    assert rule == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    assert s3.get_object(Bucket=NAME, Key="run/artifact")["Body"].read() == b"x"
    converge(graph())
    [rule] = settings(s3)["encryption"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
