from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.cloudformation.event import MalformedEventError, parse
from tests.support.cloudformation.protocol_kit import (
    IDENTITY,
    LOGICAL_ID,
    PLACE,
    SECRET,
    STACK_ID,
    signed_url,
)


def event(request_type: str = "Create", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "RequestType": request_type,
        "StackId": STACK_ID,
        "RequestId": "unique",
        "ResourceType": "Custom::MLflow",
        "LogicalResourceId": LOGICAL_ID,
        "ResourceProperties": {"ServiceToken": "arn", "ServiceTimeout": "600", "VpcId": "vpc-1"},
        **({} if request_type == "Create" else {"PhysicalResourceId": "id"}),
    }
    made |= changes
    ids = (made[name] for name in ("StackId", "LogicalResourceId", "RequestId"))
    made.setdefault("ResponseURL", signed_url(*ids))
    return {name: value for name, value in made.items() if value is not ...}


def test_what_is_cloudformations_own_is_taken_out_of_the_properties() -> None:
    old = {"ServiceToken": "arn", "VpcId": "vpc-0"}
    request = parse(event("Update", OldResourceProperties=old), PLACE)

    assert request.properties == {"VpcId": "vpc-1"}
    assert request.old_properties == {"VpcId": "vpc-0"}
    assert request.service_timeout == 600


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, 3600), ("30", 30), (45, 45), ("0", 1), ("99999", 3600), ("soon", 3600), ("-1", 3600)],
)
def test_the_service_timeout_is_at_most_an_hour_and_an_hour_unless_told(
    given: object, seconds: int
) -> None:
    assert (
        parse(event(ResourceProperties={"ServiceTimeout": given}), PLACE).service_timeout == seconds
    )


def test_a_create_has_no_physical_id_whatever_the_event_says() -> None:
    request = parse(event(PhysicalResourceId="stray"), PLACE)

    assert request.physical_id is None
    assert request.echoed_id == IDENTITY.physical_id
    assert not request.has_invented_id


def test_an_update_or_delete_echoes_the_id_it_came_with() -> None:
    assert parse(event("Update"), PLACE).echoed_id == "id"
    assert parse(event("Delete"), PLACE).has_invented_id
    assert not parse(
        event("Delete", PhysicalResourceId=IDENTITY.physical_id), PLACE
    ).has_invented_id


@pytest.mark.parametrize("absent", [{}, None, ...])
def test_a_resource_may_have_no_properties(absent: object) -> None:
    assert parse(event(ResourceProperties=absent), PLACE).properties == {}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"RequestType": "Upsert"}, "RequestType is none of Create, Update, Delete"),
        ({"RequestType": ...}, "RequestType is none of"),
        ({"StackId": STACK_ID.replace("123456789012", "999999999999")}, "of another account"),
        ({"StackId": STACK_ID.replace("eu-west-1", "eu-west-2")}, "of another account or Region"),
        ({"StackId": STACK_ID.replace("arn:aws:", "arn:aws-cn:")}, "of another account or Region"),
        ({"ResponseURL": "https://attacker.example/"}, "ResponseURL is not where CloudFormation"),
        ({"ResponseURL": ...}, "ResponseURL is not where CloudFormation takes the answer"),
        ({"StackId": "stack"}, "StackId is not the ARN of a stack"),
        ({"StackId": ["x"]}, "StackId is not the ARN of a stack"),
        ({"RequestId": ""}, "RequestId is missing"),
        ({"LogicalResourceId": ...}, "LogicalResourceId is missing"),
        ({"LogicalResourceId": 7}, "LogicalResourceId is not text"),
        ({"LogicalResourceId": "half \ud800"}, "LogicalResourceId is not text"),
        ({"LogicalResourceId": "x" * 1025}, "LogicalResourceId is longer than 1024 bytes"),
        ({"ResourceType": ...}, "ResourceType is missing"),
        ({"ResourceProperties": ["x"]}, "ResourceProperties is not an object"),
        ({"RequestType": "Delete"}, "PhysicalResourceId is missing"),
    ],
)
def test_a_malformed_event_is_refused_by_the_name_of_the_field(
    changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(MalformedEventError, match=fault):
        parse(event(**changes), PLACE)


@pytest.mark.parametrize("nothing", [None, [], "text", 7, {}])
def test_what_is_no_event_at_all_has_no_place_to_answer_to(nothing: object) -> None:
    with pytest.raises(MalformedEventError) as raised:
        parse(nothing, PLACE)

    assert raised.value.response_url is None
    assert raised.value.echo.physical_id


def test_every_fault_is_named_and_no_value() -> None:
    with pytest.raises(MalformedEventError) as raised:
        parse(event(RequestType=SECRET, RequestId=[SECRET], StackId=SECRET), PLACE)

    assert str(raised.value).count(";") == 3
    assert SECRET not in str(raised.value)


def test_a_malformed_event_is_answered_with_what_it_has_of_an_identity() -> None:
    with pytest.raises(MalformedEventError) as raised:
        parse(event(RequestType="Upsert"), PLACE)

    assert raised.value.response_url == signed_url(STACK_ID, LOGICAL_ID, "unique")
    assert raised.value.echo.physical_id == IDENTITY.physical_id
    assert raised.value.echo.request_id == "unique"


def test_the_url_and_the_properties_are_not_in_the_text_of_a_request() -> None:
    text = repr(parse(event(ResourceProperties={"Password": SECRET}), PLACE))

    assert SECRET not in text
    assert "X-Amz" not in text
