"""A key that a property names."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from tests.support.graphs.bucket_kit import KEY_USE, graph, s3, world
from tests.support.objects.service_kit import boto, converge

__all__ = ["s3"]


@pytest.mark.parametrize("state", ["not allowed", "disabled"])
def test_given_a_key_that_cannot_be_used_then_refused_before_anything(s3: Any, state: str) -> None:
    tags = [] if state == "not allowed" else [{"TagKey": "cfn-mlflow:allow", "TagValue": ""}]
    key = boto("kms").create_key(Tags=tags)["KeyMetadata"]
    arn = key["Arn"]
    if state == "disabled":
        boto("kms").disable_key(KeyId=key["KeyId"])
    with pytest.raises(PermanentError, match=f"EncryptionKeyArn: {arn} is") as refused:
        converge(graph(**KEY_USE, EncryptionKeyArn=arn))
    usable = state != "disabled"
    assert refused.value.reason is (Reason.NotAllowed if usable else Reason.KeyUnusable)
    assert world(s3) == {}
