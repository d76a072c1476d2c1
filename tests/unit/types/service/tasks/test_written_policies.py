"""checkov and parliament find nothing in the policies that the provider writes into an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.bucket import graph as bucket
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.beside_moto import buckets
from tests.support.beside_moto.fargate import Fargate
from tests.support.objects.service_kit import REGION, boto, converge, owner
from tests.support.template.scanned import checked, linted

pytestmark = pytest.mark.scanners

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow:v3.17.2-full"
ALLOWED = {"cfn-mlflow:allow": "@all"}


def given() -> dict[str, Any]:
    """Return properties that name a key, a secret and a bucket of the user's."""
    key_tags = [{"TagKey": key, "TagValue": value} for key, value in ALLOWED.items()]
    tags = [{"Key": key, "Value": value} for key, value in ALLOWED.items()]
    key = boto("kms").create_key(Tags=key_tags)["KeyMetadata"]["Arn"]
    secret = boto("secretsmanager").create_secret(Name="agent", SecretString="s", Tags=tags)["ARN"]
    place: Any = {"LocationConstraint": REGION}
    boto("s3").create_bucket(Bucket="others", CreateBucketConfiguration=place)
    boto("s3").put_bucket_tagging(Bucket="others", Tagging={"TagSet": tags})
    sidecar = {
        "Name": "agent",
        "Image": "public.ecr.aws/datadog/agent:7",
        "Essential": "false",
        "Secrets": [{"Name": "KEY", "ValueFrom": secret}],
    }
    return {
        "Image": ECR,
        "ArtifactBucketPath": "/mlflow",
        "ArtifactBucketEncryptionKeyArn": key,
        "ArtifactBucketsMlflowWillRead": ["arn:aws:s3:::others"],
        "SidecarContainerDefinitions": [sidecar],
    }


def graph_of(properties: dict[str, Any]) -> Graph:
    """Return the graph of a service that is given all that goes into its policies."""
    return service._graph(owner(), parse(ServiceProperties, properties | given()))


def written() -> dict[str, dict[str, Any]]:
    """Return what IAM and S3 hold of the provider's own, by what it is for."""
    iam, s3 = boto("iam"), boto("s3")
    found: dict[str, dict[str, Any]] = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        part = "execution" if "execution" in name else "task"
        found[f"{part} trust"] = role["AssumeRolePolicyDocument"]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            found[part] = document
    (name,) = (one["Name"] for one in s3.list_buckets()["Buckets"] if "-artifacts-" in one["Name"])
    found["bucket"] = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    return found


def as_template(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a template that holds the documents where CloudFormation has such."""
    kinds = {
        "bucket": ("AWS::S3::BucketPolicy", "PolicyDocument", {"Bucket": "b"}),
        "trust": ("AWS::IAM::Role", "AssumeRolePolicyDocument", {}),
    }
    resources = {}
    for name, document in documents.items():
        kind, place, more = kinds.get(
            name.rpartition(" ")[2], ("AWS::IAM::ManagedPolicy", "PolicyDocument", {})
        )
        resources[name.title().replace(" ", "")] = {
            "Type": kind,
            "Properties": {place: document, **more},
        }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def test_scanners_find_nothing_in_the_policies_of_a_service_and_its_bucket(
    fargate: Fargate,
    properties: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buckets.install(monkeypatch)
    converge(graph_of(properties), looks=100)
    converge(bucket._graph(owner(), parse(BucketProperties, {})), looks=100)
    documents = written()
    assert documents.keys() == {"task", "task trust", "execution", "execution trust", "bucket"}
    assert linted(documents) == []
    template = tmp_path / "written.json"
    template.write_text(json.dumps(as_template(documents)))
    assert checked(template) == []
