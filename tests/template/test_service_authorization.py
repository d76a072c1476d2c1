"""Given what AWS says of an action, then the roles have all that it asks for, and ask for no more.

No emulator tells this: it allows everything. AWS's own data and pages do, row by row.
"""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from tests.support.template.asked_beside import (
    DOCUMENTED,
    REFERENCE,
    SPARED,
    SPARED_OF,
    beside,
    told,
)
from tests.support.template.provider_template import (
    FUNCTIONS,
    Statement,
    every_statement,
    properties,
    statements_of,
)
from tests.template.test_calls_made import CALLS_MADE, caller, iam_actions

SUBSTITUTED = re.compile(r"\$\{AWS::(Partition|Region|AccountId)\}")


def allowed(function: str) -> set[str]:
    return {
        action
        for found in statements_of(function)
        if found.effect == "Allow"
        for action in found.actions
    }


def missing(function: str, actions: set[str]) -> set[str]:
    """Return what the actions ask for beside themselves and the function's role does not allow."""
    given = allowed(function)
    return {
        f"{action} asks for {name} ({source})"
        for action in actions
        for name, source in beside(action).items()
        if name not in given and (function, action, name) not in SPARED_OF
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whoever_may_call_an_action_may_do_all_that_it_asks_for(function: str) -> None:
    assert not missing(function, allowed(function))


def test_every_call_made_has_in_its_role_all_that_it_asks_for() -> None:
    for function in {caller(call) for call in CALLS_MADE}:
        own = [call for call in CALLS_MADE if caller(call) == function]
        assert not missing(function, {action for call in own for action in iam_actions(call)})


def test_a_role_without_what_a_call_asks_for_is_told() -> None:
    (found,) = missing("Rotation", {"elasticloadbalancing:SetSubnets"})
    assert found.startswith("elasticloadbalancing:SetSubnets asks for ec2:DescribeSubnets (Elastic")


def test_every_action_of_the_template_is_in_the_pinned_reference() -> None:
    ours = {action for found in every_statement() for action in found.actions}
    assert ours == set(REFERENCE["actions"]), "run tools/make_service_authorization.py"


def test_no_row_of_the_tables_is_of_what_nobody_calls() -> None:
    ours = {action for function in FUNCTIONS for action in allowed(function)}
    assert not set(DOCUMENTED) - ours
    assert not {action for action, _ in SPARED} - ours
    assert not {action for _, action, _ in SPARED_OF} - ours


def test_nothing_is_spared_that_aws_does_not_ask_for() -> None:
    spared = {*SPARED, *((action, name) for _, action, name in SPARED_OF)}
    assert not {(action, name) for action, name in spared if name not in told(action)}


def meet(one: str, other: str) -> bool:
    """Tell whether a text can be of both patterns; `*` stands for any text, `?` for a character."""

    @cache
    def rest(i: int, j: int) -> bool:
        if i == len(one) or j == len(other):
            return not (one[i:] + other[j:]).strip("*")
        if one[i] == "*":
            return rest(i + 1, j) or rest(i, j + 1)
        if other[j] == "*":
            return rest(i, j + 1) or rest(i + 1, j)
        return (one[i] == other[j] or "?" in (one[i], other[j])) and rest(i + 1, j + 1)

    return rest(0, 0)


def knows(action: str, resource: str) -> bool:
    """Tell whether an action can be asked about a resource of a statement."""
    return any(
        all(meet(a, b) for a, b in zip(parts(resource), parts(arn), strict=True))
        for arn in REFERENCE["actions"][action]["resources"]
    )


def parts(arn: str) -> list[str]:
    """Return partition, service, Region, account and the rest, the template's own as `*`."""
    return SUBSTITUTED.sub("*", arn).split(":", 5)


def without_effect(found: Statement) -> list[str]:
    """Return what of a statement no request can ever meet."""
    named = [one for one in found.resources if one.startswith("arn:")]
    if not named or len(named) < len(found.resources):
        return []  # all resources, or those of a parameter of the user's
    pairs = [(action, one) for action in found.actions for one in named if knows(action, one)]
    return [
        *(f"{found.sid}: {a} on none" for a in found.actions if a not in {p[0] for p in pairs}),
        *(f"{found.sid}: nothing on {one}" for one in named if one not in {p[1] for p in pairs}),
    ]


def test_each_action_of_a_statement_goes_with_a_resource_and_each_resource_with_one() -> None:
    assert not [fault for found in every_statement() for fault in without_effect(found)]


def test_a_statement_names_resources_of_one_service() -> None:
    """The actions of one service with the resources of another are a product without effect."""
    for found in every_statement():
        services = {parts(one)[2] for one in found.resources if one.startswith("arn:")}
        assert len(services) <= 1, found.sid


def test_what_removes_a_clone_is_named_with_what_it_removes() -> None:
    removing = [f for f in every_statement() if f.sid in ("RemoveClone", "RemoveInstanceOfClone")]
    assert [(len(f.actions), len(f.resources)) for f in removing] == [(1, 1)] * 2
    assert all(knows(f.actions[0], f.resources[0]) for f in removing)


def test_a_condition_on_a_key_of_several_values_says_whether_all_or_any_must_hold() -> None:
    several = set(REFERENCE["several values"])
    assert several
    for found in every_statement():
        for test, keys in found.condition.items():
            for key in several & set(keys):
                assert test == "Null" or test.startswith(("ForAllValues:", "ForAnyValue:")), key
                if test.startswith("ForAllValues:"):
                    # Of no value at all it is true: there must be one.
                    assert found.values("Null", key) == ("false",)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_write_the_functions_log_and_hand_over_what_dies(function: str) -> None:
    """Lambda developer guide, Execution role; Adding a dead-letter queue."""
    assert {"logs:CreateLogStream", "logs:PutLogEvents"} <= allowed(function)
    if "DeadLetterQueue" in json.dumps(list(properties(f"{function}Function"))):
        assert "sqs:SendMessage" in allowed(function)
