"""Which values of a request are the same as CloudFormation's event has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.cloudformation.protocol_kit import FakeStack, LookedError, World, outcomes, state
from tests.support.cloudformation.stack_histories import FIRST

Lines = Callable[[], list[dict[str, Any]]]
MASKED = [
    ({"P": "secret"}, {"P": "****"}),
    ({"P": "a-secret-b"}, {"P": "a-****-b"}),
    ({"P": "a-secret-b-secret-c"}, {"P": "a-****-b-****-c"}),
    ({"P": ["x", "secret"]}, {"P": ["x", "*****"]}),
    ({"P": {"K": "secret"}}, {"P": {"K": "****"}}),
    ({"P": {"K": "secret"}}, {"P": "****"}),
    ({"P": "secret"}, {"P": "{{resolve:ssm:/mlflow/secret:1}}"}),
    ({"P": ["secret", "secret"]}, {"P": ["****"]}),
    ({"P": []}, {"P": ["****"]}),
    ({"P": "München-secret"}, {"P": "M?nchen-****"}),
]


@pytest.mark.parametrize(("asked", "told"), MASKED)
def test_what_cloudformation_masks_is_not_compared_and_the_log_says_so(
    world: World, lines: Lines, asked: dict[str, Any], told: dict[str, Any]
) -> None:
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=json.dumps({**FIRST, **told}))

    world.handle(world.event("Update", ResourceProperties={**FIRST, **asked}))

    assert world.answers.only["Status"] == "SUCCESS"
    said = [line["message"] for line in lines()]
    assert "Not compared, because the stack's event masks them: P" in said
    assert "secret" not in str(said)


EQUAL = [
    ({"P": "true"}, {"P": True}),
    ({"P": "true"}, {"P": "True"}),
    ({"P": "8"}, {"P": 8}),
    ({"P": "0.5"}, {"P": 0.5}),
    ({"P": ["1", "2"]}, {"P": [1, 2]}),
    ({"P": "***"}, {"P": "***"}),
    ({"P": "a.c"}, {"P": "a.c"}),
    ({"P": "Messe München"}, {"P": "Messe München"}),
    ({"P": "Messe München"}, {"P": "Messe M?nchen"}),
    ({"P": "Messe München"}, {"P": "Messe M??nchen"}),
    ({"P": "請交月報?"}, {"P": "?????"}),
    ({"P": "請交月報"}, {"P": "?"}),
    ({"P": "a🌍b"}, {"P": "a??b"}),
    ({"P": {"Größe": "1"}}, {"P": {"Gr??e": "1"}}),
]
UNEQUAL = [
    ({"P": "Messe Mxnchen"}, {"P": "Messe M?nchen"}),
    ({"P": "Messe Mün"}, {"P": "Messe M?nchen"}),
    ({"P": "ü"}, {"P": "u"}),
    ({"P": "ü"}, {"P": "ö"}),
    ({"P": "??"}, {"P": "?"}),
    ({"P": {"Größe": "1"}}, {"P": {"Gr??e": "2"}}),
    ({"P": {"Größe": "1", "Grüße": "1"}}, {"P": {"Gr??e": "1"}}),
    ({"P": "secret"}, {"P": ["****"]}),
    ({"P": ["secret", "b"]}, {"P": ["****", "c"]}),
    ({"P": "secret"}, {"P": "***"}),
    ({"P": "other-secret"}, {"P": "a-****"}),
    ({"P": "secret-other"}, {"P": "****-a"}),
    ({"P": "a-secret-c"}, {"P": "a-****-b-****-c"}),
    ({"P": "aba"}, {"P": "ab****ba"}),
    ({"P": "abc"}, {"P": "a.c"}),
    ({"P": "false"}, {"P": True}),
    ({"P": ["1"]}, {"P": ["1", "2"]}),
    ({"P": ["2", "1"]}, {"P": ["1", "2"]}),
    ({"P": {"K": "1"}}, {"P": {"K": "1", "L": "2"}}),
    ({"P": {"K": "1"}}, {"P": ["1"]}),
    ({"P": "1"}, {"P": ["1"]}),
    ({"P": ""}, {}),
    ({}, {"P": ""}),
]


def test_a_timeout_that_no_event_tells_is_not_compared(world: World) -> None:
    asked = {**FIRST, "ServiceTimeout": "600"}
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=json.dumps(FIRST))

    world.handle(world.event("Update", ResourceProperties=asked))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize(("asked", "told"), EQUAL)
def test_a_value_is_the_same_as_text(
    world: World, asked: dict[str, Any], told: dict[str, Any]
) -> None:
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=json.dumps(told))

    world.handle(world.event("Update", ResourceProperties=asked))

    assert world.answers.only["Status"] == "SUCCESS"


AS_WRITTEN = [
    ({"P": "0.10"}, '{"P": 0.10}'),
    ({"P": "1e3"}, '{"P": 1e3}'),
    ({"P": "10000000000000000.5"}, '{"P": 10000000000000000.5}'),
    ({"P": {"Größe": "1", "Grüße": "2"}}, '{"P": {"Gr??e": "1", "Gr??e": "2"}}'),
]


@pytest.mark.parametrize(("asked", "told"), AS_WRITTEN)
def test_an_event_is_read_as_it_is_written(world: World, asked: dict[str, Any], told: str) -> None:
    """Numbers keep their digits, and names that CloudFormation tells alike are several."""
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=told)

    world.handle(world.event("Update", ResourceProperties=asked))

    assert world.answers.only["Status"] == "SUCCESS"


@pytest.mark.parametrize(("asked", "told"), UNEQUAL)
def test_a_value_of_another_shape_or_text_is_another_and_only_its_name_is_told(
    world: World, asked: dict[str, Any], told: dict[str, Any]
) -> None:
    world.stack = FakeStack([state("UPDATE_IN_PROGRESS")], told=json.dumps(told))
    world.converge = outcomes(LookedError("changed something"))

    world.handle(world.event("Update", ResourceProperties=asked))

    assert "other values of P. Nothing was changed" in world.answers.only["Reason"]
    assert "secret" not in world.answers.only["Reason"]
