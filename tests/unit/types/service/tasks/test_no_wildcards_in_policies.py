"""No `*` and no `?` of a property stands for more than itself in what the tasks may do.

Made from the models, so that a new property is in it by itself: each string anywhere in a property
gets a wildcard, anywhere in it. What the models refuse is taken all the same, as an Update takes a
fault that the stack has already.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.aws.iam.role import Role
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import known
from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.common.update import parse_update
from cfn_mlflow.types.mlflow import graph as mlflow_server
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties
from tests.support.objects.service_kit import owner
from tests.support.properties.properties_kit import ARN, JOINED, SERVICE
from tools.type_reference import types

SECRET = ARN.format("secretsmanager", "secret:agent-AbCdEf")
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
SIDECARS = [
    {
        "Name": "agent",
        "Image": f"{REGISTRY}/team/agent:7",
        "Secrets": [{"Name": "A", "ValueFrom": f"{SECRET}:key::"}],
        "LogConfiguration": {
            "LogDriver": "awsfirelens",
            "SecretOptions": [{"Name": "B", "ValueFrom": SECRET}],
        },
        "RepositoryCredentials": {"CredentialsParameter": SECRET},
    }
]
PATTERNS = "ArtifactBucketsMlflowWillRead"
"""Its wildcards are meant: one that stands for many needs the operator's parameter."""
GRAPHS: dict[str, tuple[type[Properties], Any, dict[str, Any]]] = {
    "Custom::MLflow": (MLflowProperties, mlflow_server._graph, JOINED),
    "Custom::MLflowService": (ServiceProperties, service._graph, SERVICE),
}
EXAMPLES = {
    reference.type_name: {
        item.name: item.example for item in reference.properties if item.name != PATTERNS
    }
    for reference in types()
}


class AsMade(str):
    """Stands for whatever was read of an object, and for every value of it."""

    def __getattr__(self, _: str) -> AsMade:
        return self

    def __iter__(self) -> Iterator[str]:
        yield str(self)


@pytest.fixture(autouse=True)
def function(monkeypatch: pytest.MonkeyPatch) -> None:
    for boundary in ("BOUNDARY_ARN", "EXECUTION_BOUNDARY_ARN"):
        monkeypatch.setenv(boundary, ARN.format("iam", "policy/boundary"))
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "cfn-mlflow-MLflow")


def base(type_name: str, name: str) -> dict[str, Any]:
    """Return properties that are right, the one named among them."""
    _, _, required = GRAPHS[type_name]
    sidecars = {n: SIDECARS for n in EXAMPLES[type_name] if n.endswith("ContainerDefinitions")}
    return copy.deepcopy({**required, name: EXAMPLES[type_name][name], **sidecars})


def strings(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of each string in a value."""
    if isinstance(value, str):
        yield place
    elif isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from strings(item, (*place, key))


def with_wildcard(value: Any, place: tuple[Any, ...], at: float, wildcard: str) -> Any:
    """Return the value with a wildcard in the string at a place."""
    if not place:
        here = round(at * len(value))
        return value[:here] + wildcard + value[here:]
    value[place[0]] = with_wildcard(value[place[0]], place[1:], at, wildcard)
    return value


def wildcards(type_name: str, properties: dict[str, Any]) -> int:
    """Count what stands for more than itself in the policies of the roles that are asked."""
    model, graph, _ = GRAPHS[type_name]
    asked, _ = parse_update(model, properties, properties)
    built: Graph = graph(owner(), asked)
    for one in built.wanted:
        one.see(AsMade("made"))
    policies = [known(one.policy) for one in built.wanted if isinstance(one, Role)]
    assert len(policies) == 2
    resources = [str(each["Resource"]) for policy in policies for each in policy["Statement"]]
    conditions = [str(each.get("Condition")) for policy in policies for each in policy["Statement"]]
    return len(re.findall(r"[*?]", re.sub(r"\$\{[$*?]\}", "", str((resources, conditions)))))


@given(st.data())
def test_given_a_wildcard_in_a_property_then_no_policy_has_more_of_them(
    data: st.DataObject,
) -> None:
    type_name = data.draw(st.sampled_from(sorted(GRAPHS)))
    name = data.draw(st.sampled_from(sorted(EXAMPLES[type_name])))
    right = base(type_name, name)
    places = [place for place in strings(right) if place[0] not in ("ServiceToken", PATTERNS)]
    place = data.draw(st.sampled_from(places))
    at, wildcard = data.draw(st.floats(0, 1)), data.draw(st.sampled_from("*?"))
    wrong = with_wildcard(copy.deepcopy(right), place, at, wildcard)
    try:
        found = wildcards(type_name, wrong)
    except InvalidProperties:
        return
    assert found <= wildcards(type_name, right), place


@pytest.mark.parametrize("wildcard", ["*", "?"])
@pytest.mark.parametrize(
    "place",
    [
        ("Secrets", 0, "ValueFrom"),
        ("LogConfiguration", "SecretOptions", 0, "ValueFrom"),
        ("RepositoryCredentials", "CredentialsParameter"),
        ("Image",),
    ],
)
def test_given_a_wildcard_in_a_sidecars_secret_or_image_then_it_is_refused(
    place: tuple[Any, ...], wildcard: str
) -> None:
    right = {**SERVICE, "SidecarContainerDefinitions": copy.deepcopy(SIDECARS)}
    where = ("SidecarContainerDefinitions", 0, *place)
    for at in (0.0, 0.5, 0.95):
        wrong = with_wildcard(copy.deepcopy(right), where, at, wildcard)
        with pytest.raises(InvalidProperties, match=str(place[-1])):
            parse_update(ServiceProperties, wrong, right)
