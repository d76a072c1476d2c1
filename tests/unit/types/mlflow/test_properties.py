"""Custom::MLflow: the parts' rules, under the names that the user wrote."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import (
    DATABASE,
    INGRESS,
    JOINED,
    KEY_ARN,
    SUBNETS,
    faults,
)


def test_parts_of_the_required_properties_are_as_if_asked_apart_but_for_the_name() -> None:
    joined = parse(MLflowProperties, JOINED)
    name = {"UniqueName": "mlflow"}
    assert joined.bucket() == parse(BucketProperties, name)
    assert joined.database() == parse(DatabaseProperties, {**DATABASE, **name})
    assert joined.service().subnet_ids == tuple(SUBNETS)
    assert joined.service().load_balancer_subnet_ids == tuple(SUBNETS)
    assert joined.unique_name == joined.service().unique_name == "mlflow"


def test_given_what_all_parts_share_then_all_parts_have_it() -> None:
    joined = parse(MLflowProperties, {**JOINED, "UniqueName": "team-a", "Tags": {"team": "a"}})
    for part in (joined, joined.bucket(), joined.database(), joined.service()):
        assert part.unique_name == "team-a"
        assert part.tags == {"team": "a"}


def test_given_a_property_of_each_part_then_it_reaches_that_part() -> None:
    joined = parse(
        MLflowProperties,
        {
            **JOINED,
            "ServiceMinCapacity": "1",
            "DatabaseMinCapacity": "1.5",
            "ArtifactBucketPath": "/a",
            "ArtifactBucketsMlflowWillRead": ["arn:aws:s3:::shared-*"],
            "GunicornOpts": "--timeout 120",
            "LoadBalancerIsInternal": "False",
            "SchemaCheckSchedule": "none",
            "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
        },
    )
    assert joined.service().min_capacity == 1
    assert joined.database().min_capacity == 1.5
    assert joined.bucket().path == "/a"
    assert joined.service().artifact_buckets_mlflow_will_read == ("arn:aws:s3:::shared-*",)
    assert joined.service().gunicorn_opts == "--timeout 120"
    assert joined.service().load_balancer_is_internal is False
    assert joined.service().schema_check_schedule == "none"
    assert joined.service().alarm_topic_arn == "arn:aws:sns:eu-west-1:123456789012:alarms"


def test_given_the_shorthand_and_one_list_then_the_list_stands() -> None:
    joined = parse(MLflowProperties, {**JOINED, "LoadBalancerSubnetIds": ["subnet-x", "subnet-y"]})
    assert joined.service().load_balancer_subnet_ids == ("subnet-x", "subnet-y")
    assert joined.database().subnet_ids == tuple(SUBNETS)


def test_given_the_shorthand_and_an_unset_list_then_the_shorthand_stands() -> None:
    joined = parse(MLflowProperties, {**JOINED, "ServiceSubnetIds": ""})
    assert joined.service().subnet_ids == tuple(SUBNETS)


def test_given_the_three_lists_then_no_shorthand_is_needed() -> None:
    lists = {
        "LoadBalancerSubnetIds": SUBNETS,
        "ServiceSubnetIds": ["subnet-c"],
        "DatabaseSubnetIds": SUBNETS,
    }
    joined = parse(MLflowProperties, {"VpcId": "vpc-1", **INGRESS, **lists})
    assert joined.service().subnet_ids == ("subnet-c",)


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"SubnetIds": ""}, ("SubnetIds: required",)),
        ({"SubnetIds": ["subnet-a"]}, ("SubnetIds: needs at least 2",)),
        (
            {"SubnetIds": "", "ServiceSubnetIds": ["subnet-a"]},
            ("LoadBalancerSubnetIds: required", "DatabaseSubnetIds: required"),
        ),
        ({"VpcId": "x"}, ("VpcId: must be a VPC's id, vpc-...",)),
        (
            {"DatabaseMinCapacity": "4"},
            ("DatabaseMaxCapacity: 2 is less than DatabaseMinCapacity, 4",),
        ),
        (
            {"ServiceMemory": "2048"},
            (
                "ServiceMemory: must be 4096 to 16384 in steps of 1024 MiB"
                " with ServiceCpu 2048, a size that Fargate has",
            ),
        ),
        (
            {"ArtifactBucketEncryptionKeyArn": KEY_ARN},
            ("ArtifactBucketEncryptionKeyArn: needs ArtifactBucketEncryptionAlgorithm: aws:kms",),
        ),
        (
            {"ArtifactBucketId": "mine", "ArtifactBucketEmptyOnDelete": "true"},
            (
                "ArtifactBucketEmptyOnDelete: must be false with ArtifactBucketId:"
                " yours is never emptied",
            ),
        ),
        (
            {"ServiceImage": "a/b:1", "ServiceImageTag": "v3.17.2-full"},
            ("ServiceImage: give this or ServiceImageTag, not both",),
        ),
        (
            {"ServiceSidecarContainerDefinitions": [{"Name": "mlflow", "Image": "a:1"}]},
            ("ServiceSidecarContainerDefinitions[0].Name: is taken; mlflow is the server's own",),
        ),
        (
            {"MinCapacity": "1"},
            (
                "MinCapacity: no such property;"
                " did you mean ServiceMinCapacity or DatabaseMinCapacity?",
            ),
        ),
    ],
)
def test_given_a_fault_of_a_part_then_it_is_told_once_under_the_name_the_user_wrote(
    properties: dict[str, Any], told: tuple[str, ...]
) -> None:
    assert faults(MLflowProperties, JOINED | properties) == told
