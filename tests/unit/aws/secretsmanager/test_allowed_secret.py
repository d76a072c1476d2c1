"""A secret that a property names."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from tests.support.objects.service_kit import boto, owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import VICTIM, faults

pytestmark = pytest.mark.usefixtures("aws")


def test_secret_is_taken_only_by_the_tags_that_it_has_itself() -> None:
    allowed, victims = things.secret("allowed"), things.secret("victims", VICTIM)
    assert faults(AllowedSecret(owner(), "SecretArn", allowed)) == ()
    [fault] = faults(AllowedSecret(owner(), "SecretArn", victims))
    assert fault.startswith(f"SecretArn: {victims} belongs to another stack")


def test_secret_that_waits_for_its_deletion_is_refused_though_it_is_allowed() -> None:
    arn = things.secret("going")
    boto("secretsmanager").delete_secret(SecretId=arn)
    assert faults(AllowedSecret(owner(), "SecretArn", arn)) == (
        f"SecretArn: {arn} is deleted. Restore it or name another, then deploy again",
    )
