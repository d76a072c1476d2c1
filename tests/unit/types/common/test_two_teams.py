"""Two teams side by side: what is the one's, the other can name in no property of any type.

Which property takes what is found out from the models (`names_taken`), so a new one is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import NotShared
from cfn_mlflow.types.common.image import DEFAULT_IMAGE_TAG
from cfn_mlflow.types.values.base import parse
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import STACK, owner
from tests.support.properties import named_things as things
from tests.support.properties.claims import claims, unnamed
from tests.support.properties.names_taken import (
    EXAMPLES,
    IN_SIDECARS,
    NOT_JUDGED,
    NOT_RUN,
    RESTRICTED,
    TEXTS,
    TEXTS_OF_SIDECARS,
    TYPES,
    Taken,
    everything_taken,
    fields,
    kinds,
    texts_of_sidecars,
)
from tests.support.template import provider_template

GUID = STACK.rpartition("/")[2]
VICTIM = {"cfn-mlflow:owner": "99999999-2222-3333-4444-555555555555/MLflow"}
OWN = {"cfn-mlflow:owner": f"{GUID}/Other"}
"""Of another resource of the same stack."""
MAY_USE = {
    "own": OWN,
    "shared": {**VICTIM, "cfn-mlflow:shared-with": "team-a team"},
    "shared with all": {**VICTIM, "cfn-mlflow:shared-with": "@all"},
    "allowed": {"cfn-mlflow:allow": "team"},
    "allowed to all": {"cfn-mlflow:allow": "@all"},
    "allowed by a former value": {"cfn-mlflow:allow": "yes"},
}
MAY_NOT_USE = {
    "of another team": VICTIM,
    "shared with others": {**VICTIM, "cfn-mlflow:shared-with": "team-a teams"},
    "allowed to others": {"cfn-mlflow:allow": "team-a"},
    "nobody's": {},
}
JUDGED = [taken for taken in everything_taken() if taken.kind not in {*NOT_JUDGED, *RESTRICTED}]
BOUNDED = [
    taken
    for taken in everything_taken()
    if taken.kind in RESTRICTED and (taken.type_name, taken.kind) != (NOT_RUN, "image")
]
OTHERS = {"VPC": "vpc-0fedcba9876543210", "image": "registry.example/team/"}
"""What a parameter lists that bounds a kind to other things than the tests name."""
PARAMETERS = {
    "secret": "ALLOWED_SECRET_ARNS",
    "cluster": "ALLOWED_CLUSTER_ARNS",
    "key": "ALLOWED_KEY_ARNS",
    "topic": "ALLOWED_TOPIC_ARNS",
    "bucket": "ALLOWED_BUCKET_NAMES",
    "bucket to read": "ALLOWED_READ_BUCKET_ARNS",
    "security group": "ALLOWED_SECURITY_GROUP_IDS",
}
"""The provider's parameter for each kind, as the functions are told it."""


class World:
    """Things of two teams, each made when it is first asked for."""

    def __init__(self, vpc: dict[str, Any]) -> None:
        self._vpc = vpc
        self._made: dict[tuple[str, str], str] = {}

    def thing(self, kind: str, whose: str, tags: dict[str, str]) -> str:
        """Return the name of one thing of a kind, made with these tags."""
        if (kind, whose) not in self._made:
            self._made[kind, whose] = self._make(kind, f"{whose}-{kind.replace(' ', '-')}", tags)
        return self._made[kind, whose]

    def _make(self, kind: str, name: str, tags: dict[str, str]) -> str:
        make: dict[str, Callable[[], str]] = {
            "secret": lambda: things.secret(name, tags, "password-1"),
            "cluster": lambda: things.cluster(name, tags),
            "key": lambda: things.key(tags),
            "topic": lambda: things.topic(name, tags),
            "bucket": lambda: things.bucket(name, tags),
            "bucket to read": lambda: f"arn:aws:s3:::{things.bucket(name, tags)}",
            "security group": lambda: things.group(name, self._vpc["VpcId"], tags),
        }
        return make[kind]()

    def properties(self, type_name: str, whose: str, tags: dict[str, str]) -> dict[str, Any]:
        """Return properties that name a thing wherever the type takes one, all with these tags."""

        def name_of(taken: Taken) -> str | None:
            return self.thing(taken.kind, whose, tags) if taken in JUDGED else None

        named = claims(type_name, name_of)
        plain = unnamed(type_name, self._vpc["VpcId"], self._vpc["SubnetIds"])
        return {**plain, **named, **self._endpoint(named)}

    def _endpoint(self, named: dict[str, Any]) -> dict[str, Any]:
        arn = named.get("DatabaseClusterArn")
        return {"DatabaseEndpoint": things.endpoint(arn.rpartition(":")[2])} if arn else {}


@pytest.fixture
def world(vpc: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> World:
    for variable in (*PARAMETERS.values(), *RESTRICTED.values()):
        monkeypatch.delenv(variable, raising=False)
    return World(vpc)


def graph_of(type_name: str, properties: dict[str, Any]) -> Graph:
    found = TYPES[type_name]
    return found.build(owner(), parse(found.model, properties))


def refused(type_name: str, properties: dict[str, Any]) -> tuple[str, ...]:
    """Return what is refused of a request, having seen that it changes nothing."""
    with watched() as calls, pytest.raises(NotShared) as raised:
        Convergence(graph_of(type_name, properties), explain).step()
    assert calls.writes == []
    return tuple(cause.words for cause in raised.value.causes)


def test_all_types_are_here() -> None:
    assert [name.rpartition(":")[2] for name in TYPES] == list(provider_template.TYPES)


def test_every_text_that_may_look_like_a_name_is_one_that_some_property_takes() -> None:
    taking = {
        name for type_name in TYPES for name, field in fields(type_name).items() if kinds(field)
    }
    assert set(TEXTS) - {"Tags"} <= taking


def test_every_text_of_a_container_definition_is_judged_or_has_a_reason_not_to_be() -> None:
    judged = {_as_in_the_api(place) for places in IN_SIDECARS.values() for place in places}
    assert set(texts_of_sidecars()) == judged | set(TEXTS_OF_SIDECARS)


def test_every_property_that_takes_a_name_is_judged_or_of_a_kind_that_is_not() -> None:
    kinds_known = set(PARAMETERS) | set(RESTRICTED) | set(NOT_JUDGED)
    assert [str(taken) for taken in everything_taken() if taken.kind not in kinds_known] == []
    assert len(JUDGED) >= 25


@pytest.mark.parametrize("taken", JUDGED, ids=str)
def test_thing_of_another_team_is_refused_before_anything_is_made(
    world: World, taken: Taken
) -> None:
    theirs = world.thing(taken.kind, "theirs", VICTIM)
    properties = world.properties(taken.type_name, "ours", OWN)
    properties |= {taken.name: taken.value(theirs)}
    faults = refused(taken.type_name, properties)
    [fault] = [fault for fault in faults if theirs in fault]
    assert fault.startswith(f"{taken.place}: {theirs} ")
    assert fault.endswith(("then deploy again", "then this one again"))


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("whose", MAY_NOT_USE)
def test_all_things_that_no_owner_shares_are_refused_in_one_answer(
    world: World, type_name: str, whose: str
) -> None:
    faults = refused(type_name, world.properties(type_name, "theirs", MAY_NOT_USE[whose]))
    named = {taken.name for taken in JUDGED if taken.type_name == type_name}
    assert {fault.partition(":")[0].partition("[")[0] for fault in faults} == named


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("why", MAY_USE)
def test_thing_that_is_own_or_shared_or_allowed_is_taken(
    world: World, type_name: str, why: str
) -> None:
    properties = world.properties(type_name, "ours", MAY_USE[why])
    assert Convergence(graph_of(type_name, properties), explain).refusals() == ()


@pytest.mark.parametrize("type_name", TYPES)
def test_thing_that_a_parameter_of_the_provider_lists_is_taken(
    world: World, type_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = world.properties(type_name, "listed", {})
    for kind, variable in PARAMETERS.items():
        monkeypatch.setenv(variable, f"another,{world.thing(kind, 'listed', {})}")
    assert Convergence(graph_of(type_name, properties), explain).refusals() == ()


@pytest.mark.parametrize("taken", BOUNDED, ids=str)
def test_thing_that_a_list_leaves_out_is_refused_before_anything_is_made(
    world: World, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RESTRICTED[taken.kind], OTHERS[taken.kind])
    example = EXAMPLES[taken.kind]
    properties = world.properties(taken.type_name, "ours", OWN) | {taken.name: taken.value(example)}
    [fault] = [
        fault
        for fault in refused(taken.type_name, properties)
        if fault.startswith(f"{taken.place}: {example} is no")
    ]
    parameter = RESTRICTED[taken.kind].title().replace("_", "")
    assert f"parameter {parameter}" in fault


@pytest.mark.parametrize("type_name", ["Custom::MLflow", "Custom::MLflowService"])
@pytest.mark.parametrize("tag", [None, "v3.16.1-full"])
def test_official_image_that_a_list_leaves_out_is_refused_with_all_else(
    world: World, type_name: str, tag: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, variable in RESTRICTED.items():
        monkeypatch.setenv(variable, OTHERS[kind])
    asked = world.properties(type_name, "theirs", VICTIM)
    prefix = "Service" if type_name == "Custom::MLflow" else ""
    faults = refused(type_name, asked | ({f"{prefix}ImageTag": tag} if tag else {}))
    uri = f"ghcr.io/mlflow/mlflow:{tag or DEFAULT_IMAGE_TAG}"
    assert [fault for fault in faults if fault.startswith(f"{prefix}Image: {uri} is no image")]
    named = {taken.name for taken in JUDGED if taken.type_name == type_name}
    told = {fault.partition(":")[0].partition("[")[0] for fault in faults}
    assert told == named | {"VpcId", f"{prefix}Image"}


@pytest.mark.parametrize("taken", BOUNDED, ids=str)
def test_thing_that_a_list_has_is_taken(
    world: World, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = world.properties(taken.type_name, "ours", OWN)
    listed = {"VPC": properties.get("VpcId", ""), "image": "ghcr.io/mlflow/,a/b"}
    monkeypatch.setenv(RESTRICTED[taken.kind], f"{OTHERS[taken.kind]},{listed[taken.kind]}")
    assert Convergence(graph_of(taken.type_name, properties), explain).refusals() == ()


def _as_in_the_api(place: str) -> str:
    steps = place.replace("[0]", "").split(".")
    return ".".join(step[:1].lower() + step[1:] for step in steps)


def test_page_on_sharing_tells_of_every_property_that_takes_a_name() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (provider_template.ROOT / "docs" / "sharing.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith("| what")
    ]
    told = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in rows}
    taken: dict[str, set[str]] = {}
    for each in everything_taken():
        taken.setdefault(each.kind, set()).add(each.name)
    assert told == taken
