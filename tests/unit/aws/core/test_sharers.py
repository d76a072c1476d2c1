"""Which stacks work with a thing, by their GUIDs: only CloudFormation tells whose a name is."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.aws.core.sharers import sharers_of, stack_of
from cfn_mlflow.outcome import TemporaryError
from tests.support.objects.service_kit import owner
from tests.support.objects.two_databases import OTHER_STACK, OTHERS, named

pytestmark = pytest.mark.usefixtures("aws")

SHARED = {**owner().tags, "cfn-mlflow:shared-with": "others"}
NOBODYS = {"team": "a"}


def admitted(tags: dict[str, str]) -> list[bool]:
    """Tell whether what has these tags admits its own stack, another one, and nobody's."""
    sharers = sharers_of(tags)
    return [sharers.admit(of) for of in (owner().tags, OTHERS.tags, NOBODYS)]


def test_thing_that_is_not_shared_admits_its_own_stack_alone() -> None:
    assert admitted(owner().tags) == [True, False, False]


def test_stack_that_is_named_is_admitted_by_the_guid_that_its_name_has_now() -> None:
    with named({"others": OTHER_STACK}):
        assert admitted(SHARED) == [True, True, False]
    with named({"others": OTHER_STACK.replace("99999999", "00000000")}):
        assert admitted(SHARED) == [True, False, False]


def test_name_that_no_stack_has_admits_nobody() -> None:
    with named({}):
        assert admitted(SHARED) == [True, False, False]


def test_thing_that_is_shared_with_all_admits_every_stack_and_nothing_of_nobodys() -> None:
    assert admitted({**SHARED, "cfn-mlflow:shared-with": "@all"}) == [True, True, False]


def test_thing_that_no_stack_owns_is_shared_with_nobody_whatever_its_tag_says() -> None:
    assert admitted({"cfn-mlflow:shared-with": "others @all"}) == [False, False, False]
    assert stack_of(NOBODYS) == ""


def test_cloudformation_that_cannot_say_now_is_asked_again() -> None:
    client: Any = own_client("cloudformation")
    with Stubber(client) as stub:
        stub.add_client_error("describe_stacks", "Throttling", "Rate exceeded")
        with pytest.raises(TemporaryError):
            sharers_of(SHARED)
