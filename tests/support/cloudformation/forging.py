"""Events that CloudFormation did not send: anything in them may be another's, or made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.support.cloudformation.protocol_kit import (
    HOST,
    IDENTITY,
    LOGICAL_ID,
    REQUEST_ID,
    SIGNED,
    STACK_ID,
    signed_url,
)
from tests.support.cloudformation.stack_histories import FIRST, SECOND, THIRD


def forged() -> st.SearchStrategy[dict[str, Any]]:
    """Return events of the victim's resource, in which anything may be another's or made up."""
    guid = STACK_ID.rpartition("/")[2]
    stacks = st.sampled_from(
        [
            STACK_ID,
            STACK_ID.replace("123456789012", "999999999999"),
            STACK_ID.replace("eu-west-1", "us-east-1"),
            STACK_ID.replace("arn:aws:", "arn:aws-cn:"),
            STACK_ID.replace("/tracking/", "/another/"),
            STACK_ID.replace(guid, "another-guid"),
            STACK_ID + "/more",
            "",
        ]
    )
    ids = st.sampled_from([LOGICAL_ID, "Another", LOGICAL_ID.lower(), ""])
    requests = st.sampled_from([REQUEST_ID, "another", ""])
    addresses = st.sampled_from(
        [
            None,
            "https://attacker.example/x",
            signed_url(),
            signed_url().replace(HOST, f"{HOST}.attacker.example"),
            signed_url().partition("?")[0],
            signed_url().replace("20261124", "20200101"),
            signed_url().replace("20261124", "20991124"),
            signed_url().partition("?")[0] + "?Expires=1",
        ]
    )
    properties = st.sampled_from(
        [FIRST, SECOND, THIRD, {}, {**FIRST, "SkipFinalSnapshot": "true"}, None, "text"]
    )
    event = {
        "RequestType": st.sampled_from(["Create", "Update", "Delete"]),
        "StackId": stacks,
        "LogicalResourceId": ids,
        "RequestId": requests,
        "PhysicalResourceId": st.sampled_from([IDENTITY.physical_id, "another", "x"]),
        "ResourceType": st.sampled_from(["Custom::MLflow", "Custom::Another"]),
        "ResourceProperties": properties,
        "OldResourceProperties": properties,
        "cfn-mlflow": st.none() | carried(),
    }
    return st.builds(_with_address, st.fixed_dictionaries(event), addresses)


def _with_address(event: dict[str, Any], address: str | None) -> dict[str, Any]:
    ids = (event["StackId"], event["LogicalResourceId"], event["RequestId"])
    made = {**event, "ResponseURL": signed_url(*ids) if address is None else address}
    return {name: value for name, value in made.items() if value is not None}


def carried() -> st.SearchStrategy[Mapping[str, Any]]:
    """Return what an earlier invocation may be said to have carried along."""
    numbers = st.one_of(st.integers(), st.floats(), st.just(SIGNED), st.text(max_size=3))
    waits = st.dictionaries(st.text(max_size=5), st.lists(numbers, max_size=3), max_size=3)
    return st.fixed_dictionaries(
        {
            "version": st.sampled_from([1, 2, "1"]),
            "hops": st.integers(-5, 999),
            "first_seen": numbers,
            "told_at": numbers,
            "waits": waits,
        }
    )
