from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.cloudformation.identity import Identity

GUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"


def stack(name: str = "tracking", guid: str = GUID) -> str:
    return f"arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/{name}/{guid}"


def test_the_digest_is_what_it_was_when_the_first_stack_was_made() -> None:
    assert Identity(stack(), "MLflow").digest == "maflf2n6wu"
    assert Identity(stack(), "MLflow").physical_id == "mlflow-maflf2n6wu"


def test_the_parts_of_the_stacks_arn_are_told() -> None:
    identity = Identity(stack(), "MLflow")

    assert identity.partition == "aws-cn"
    assert identity.region == "cn-north-1"
    assert identity.account == "123456789012"
    assert identity.stack_name == "tracking"


def test_only_the_guid_and_the_logical_id_make_the_digest() -> None:
    identity = Identity(stack(), "MLflow")

    assert Identity(stack(name="renamed"), "MLflow").digest == identity.digest
    assert Identity(stack(guid=GUID[::-1]), "MLflow").digest != identity.digest
    assert Identity(stack(), "Other").digest != identity.digest


@given(st.text(min_size=1))
def test_any_logical_id_gives_a_digest_that_every_service_takes_in_a_name(logical_id: str) -> None:
    if logical_id.encode("utf-8", "replace").decode() != logical_id:
        return
    assert re.fullmatch("[a-z2-7]{10}", Identity(stack(), logical_id).digest)


@pytest.mark.parametrize("wrong", ["", "tracking", "arn:aws:s3:::bucket", stack() + "/more"])
def test_what_is_not_the_arn_of_a_stack_is_no_identity(wrong: str) -> None:
    with pytest.raises(ValueError, match="not the ARN of a stack"):
        Identity(wrong, "MLflow")
