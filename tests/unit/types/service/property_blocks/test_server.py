"""What of MLflow is open to whom, and what has to be said for it."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.common.update import parse_rollback, parse_update
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties, parse, parse_for_removal
from tests.support.properties.properties_kit import JOINED, SERVICE, faults

OPEN = {"LoadBalancerIngressCidrBlocks": ["0.0.0.0/0"], "LoadBalancerIsInternal": "false"}
SAID = {"LoadBalancerIsOpenToTheInternet": "true"}
FAULT = (
    "LoadBalancerIsOpenToTheInternet: LoadBalancerIngressCidrBlocks let in the Internet,"
    " LoadBalancerIsInternal is false and {} too: anybody could read and write all. Change one of"
    " them, or say true here"
)
TYPES: list[tuple[type[Properties], dict[str, Any], str]] = [
    (ServiceProperties, SERVICE, "BasicAuth"),
    (MLflowProperties, JOINED, "ServiceBasicAuth"),
]


@pytest.mark.parametrize(("model", "right", "basic_auth"), TYPES)
class TestOpenToAll:
    def test_given_nobody_said_so_then_refused_with_the_names_and_what_to_do(
        self, model: type[Properties], right: dict[str, Any], basic_auth: str
    ) -> None:
        assert faults(model, right | OPEN) == (FAULT.format(basic_auth),)

    @pytest.mark.parametrize(
        "change",
        [
            SAID,
            {"LoadBalancerIsInternal": "true"},
            {"LoadBalancerIngressCidrBlocks": ["203.0.113.0/24"]},
        ],
    )
    def test_given_one_of_them_changed_or_it_is_said_then_taken(
        self,
        model: type[Properties],
        right: dict[str, Any],
        basic_auth: str,
        change: dict[str, Any],
    ) -> None:
        del basic_auth
        parse(model, right | OPEN | change)

    def test_given_sign_in_then_taken(
        self, model: type[Properties], right: dict[str, Any], basic_auth: str
    ) -> None:
        parse(model, right | OPEN | {basic_auth: "true"})

    def test_given_a_stack_made_before_then_it_is_updated_rolled_back_and_deleted(
        self, model: type[Properties], right: dict[str, Any], basic_auth: str
    ) -> None:
        former = right | OPEN
        _, standing = parse_update(model, former | {"Tags": {"a": "b"}}, former)
        assert standing == (FAULT.format(basic_auth),)
        _, standing = parse_rollback(model, former)
        assert standing == (FAULT.format(basic_auth),)
        parse_for_removal(model, former)

    def test_given_a_stack_that_is_opened_anew_then_refused(
        self, model: type[Properties], right: dict[str, Any], basic_auth: str
    ) -> None:
        former = right | OPEN | {basic_auth: "true"}
        with pytest.raises(InvalidProperties):
            parse_update(model, right | OPEN, former)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("openai", ": must be a list, not a string; split a string with !Split [',', ...]"),
        (
            ["OpenAI"],
            "[0]: must be a provider as MLflow writes it, in small letters, such as openai",
        ),
        (
            ["openai,vertex_ai"],
            "[0]: must be a provider as MLflow writes it, in small letters, such as openai",
        ),
        (["openai", "openai"], ": must not name the same twice"),
    ],
)
def test_given_what_is_no_list_of_providers_then_it_is_told(written: object, fault: str) -> None:
    told = faults(ServiceProperties, SERVICE | {"AiGatewayProviders": written})
    assert told == (f"AiGatewayProviders{fault}",)


@pytest.mark.parametrize(("tag", "taken"), [("v3.11.1-full", False), ("v3.12.0-full", True)])
def test_given_a_release_that_keeps_to_no_list_then_the_gateway_is_refused(
    tag: str, taken: bool
) -> None:
    told = faults(ServiceProperties, SERVICE | {"AiGatewayProviders": ["openai"], "ImageTag": tag})
    fault = (
        f"AiGatewayProviders: the official image {tag} keeps to no list of providers: 3.12.0 is the"
        " first that does"
    )
    assert told == (() if taken else (fault,))


@pytest.mark.parametrize("user", ["10001", "10001:10001", "mlflow:mlflow"])
def test_given_a_user_of_the_containers_then_it_is_taken(user: str) -> None:
    assert parse(ServiceProperties, SERVICE | {"User": user}).user == user


def test_given_what_is_no_user_then_it_is_told() -> None:
    assert faults(ServiceProperties, SERVICE | {"User": "a b"}) == (
        "User: must be a user or a user and a group, by number or name, such as 10001:10001",
    )
