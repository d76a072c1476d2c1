"""The deployer's lists: whatever a parameter accepts, IAM and Lambda accept what is made of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.template import deployed_policies
from tests.support.template.deployed_policies import resolved
from tests.support.template.provider_template import FUNCTIONS, properties, resources, template

POLICY_CHARACTERS = 6144
"""What IAM lets a managed policy have, without white space."""
INLINE_CHARACTERS = 10_240
"""What IAM lets the policies of one role have together, beside the managed ones."""
ENVIRONMENT_BYTES = 4096
"""What Lambda lets a function's environment have."""

SHORTEST = {
    "AllowedSecretArns": "arn:aws:secretsmanager:x:123456789012:secret:x",
    "AllowedBucketArns": "arn:aws:s3:::x",
    "AllowedReadBucketArns": "arn:aws:s3:::x",
    "AllowedKeyArns": "arn:aws:kms:x:123456789012:key/x",
    "AllowedClusterArns": "arn:aws:rds:x:123456789012:cluster:x",
    "AllowedSecurityGroupIds": "sg-x",
    "AllowedTopicArns": "arn:aws:sns:x:123456789012:x",
    "AllowedVpcIds": "vpc-x",
    "AllowedImagePrefixes": "x",
}
"""One entry of each list, as short as its pattern accepts it: each entry costs more characters."""
LONGEST_NAMES = {
    "ProviderName": "x" * 32,
    "LogLevel": "CRITICAL",
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-2",
    "AWS::URLSuffix": "amazonaws.com",
    "KmsKeyArn": "arn:aws-us-gov:kms:ap-southeast-2:123456789012:key/mrk-" + "0" * 32,
}


def parameter(name: str) -> dict[str, Any]:
    found: dict[str, Any] = template()["Parameters"][name]
    return found


def is_accepted(name: str, value: str) -> bool:
    of = parameter(name)
    fits: bool = len(value) <= of["MaxLength"]
    return fits and bool(re.fullmatch(of["AllowedPattern"], value))


def of_many(name: str) -> str:
    """Return the list with the most entries that a parameter accepts."""
    entry = SHORTEST[name]
    entries = (parameter(name)["MaxLength"] + 1) // (len(entry) + 1)
    return ",".join([entry] * entries)


def of_one(name: str) -> str:
    """Return the list with one entry that is as long as the parameter accepts."""
    return SHORTEST[name].ljust(parameter(name)["MaxLength"], "x")


def fill(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in {**values, **LONGEST_NAMES}.items():
        monkeypatch.setitem(deployed_policies.VALUES, name, value)


@pytest.fixture(params=[of_many, of_one])
def full(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(monkeypatch, {name: request.param(name) for name in SHORTEST})


def characters(document: object) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def test_every_list_of_the_deployers_is_counted_here() -> None:
    listed = {name for name in template()["Parameters"] if name.startswith("Allowed")}
    assert listed == set(SHORTEST)


@pytest.mark.parametrize("name", SHORTEST)
def test_a_parameter_accepts_these_lists_and_none_longer(name: str) -> None:
    many, one = of_many(name), of_one(name)
    assert is_accepted(name, many)
    assert is_accepted(name, one)
    assert not is_accepted(name, f"{many},{SHORTEST[name]}")
    assert not is_accepted(name, f"{one}x")
    assert (
        f"in {parameter(name)['MaxLength']} characters" in parameter(name)["ConstraintDescription"]
    )


@pytest.mark.parametrize("name", SHORTEST)
def test_a_parameter_accepts_no_entry_that_is_empty_or_has_a_space(name: str) -> None:
    entry = SHORTEST[name]
    assert is_accepted(name, "")
    assert is_accepted(name, f"{entry},{entry}")
    for wrong in (f"{entry},", f",{entry}", f"{entry}, {entry}", f"{entry},,{entry}", ","):
        assert not is_accepted(name, wrong)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("policy", resources("AWS::IAM::ManagedPolicy"))
def test_a_policy_fits_what_iam_allows_with_the_longest_lists(policy: str) -> None:
    document = resolved(properties(policy)["PolicyDocument"])
    assert characters(document) <= POLICY_CHARACTERS


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("role", resources("AWS::IAM::Role"))
def test_a_roles_own_policies_fit_what_iam_allows_with_the_longest_lists(role: str) -> None:
    own = resolved(properties(role).get("Policies", []))
    assert sum(characters(one["PolicyDocument"]) for one in own) <= INLINE_CHARACTERS


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_environment_fits_what_lambda_allows_with_the_longest_lists(function: str) -> None:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    own = properties(f"{function}Function").get("Environment", {}).get("Variables", {})
    assert characters(resolved({**shared, **own})) <= ENVIRONMENT_BYTES


def test_each_statement_names_each_entry_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    both = {name: f"{entry},{entry}2" for name, entry in SHORTEST.items()}
    fill(monkeypatch, both)
    boundary = resolved(properties("TaskBoundary")["PolicyDocument"])
    named = {found["Sid"]: found["Resource"] for found in boundary["Statement"]}
    assert named["AllowedBuckets"] == ["arn:aws:s3:::x", "arn:aws:s3:::x2"]
    assert named["ArtifactsInAllowedBuckets"] == ["arn:aws:s3:::x/*", "arn:aws:s3:::x2/*"]
    assert named["ArtifactsToRead"] == [
        "arn:aws:s3:::x",
        "arn:aws:s3:::x2",
        "arn:aws:s3:::x/*",
        "arn:aws:s3:::x2/*",
    ]
    secret = SHORTEST["AllowedSecretArns"]
    assert named["AllowedSecretsBefore"] == [secret, f"{secret}2"]
