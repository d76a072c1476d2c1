"""From a request to a graph, and from a graph to steps: the same walk for every type."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TypeVar

from cfn_mlflow import __version__
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.core.session import Tenant, act_for
from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.cloudformation.serve import ResourceType, Step
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.engine.resource import Deletable
from cfn_mlflow.outcome import InvalidProperties, Outcome, RefusedChanges
from cfn_mlflow.runtime.log import log
from cfn_mlflow.types.common.rollback import observed_if_unshared, unless_rolling_back
from cfn_mlflow.types.common.update import parse_rollback, parse_update
from cfn_mlflow.types.values.base import Properties, parse, parse_for_removal, set_ones

Model = TypeVar("Model", bound=Properties)

BuildGraph = Callable[[Owner, Model], Graph]
"""One type's objects, in plain reading order, from whose they are and what is asked."""


def resource_type(name: str, model: type[Model], build: BuildGraph[Model]) -> ResourceType:
    """Return the type as the protocol drives it."""

    def prepare(request: Request, identity: Identity) -> Step:
        act_for(_tenant(identity))
        if request.request_type != "Update":
            return converging(request, identity, parse(model, request.properties))
        try:
            properties, standing = parse_update(model, request.properties, request.old_properties)
        except InvalidProperties as refused:
            return unless_rolling_back(
                request.stack_id,
                partial(_refuse, refused),
                InvalidProperties,
                lambda _: rollback(request, identity),
            )
        _tell_standing(standing)
        return converging(request, identity, properties)

    def rollback(request: Request, identity: Identity) -> Step:
        properties, standing = parse_rollback(model, request.properties)
        _tell_standing(standing)
        return converging(request, identity, properties)

    def converging(request: Request, identity: Identity, properties: Model) -> Step:
        graph = build(_owner(identity, properties, request.properties), properties)
        again = request.request_type == "Update"
        convergence = Convergence(graph, explain, served_before=again, waited=request.waited)
        converge = convergence.step
        if not again:
            return converge
        converge = observed_if_unshared(graph, identity.stack_id, converge)
        return _unless_renamed(model, build, request, properties, converge)

    def removal(request: Request, identity: Identity) -> Step:
        act_for(_tenant(identity))
        properties = parse_for_removal(model, request.properties)
        graph = build(_owner(identity, properties, request.properties), properties)
        return Removal(graph, explain).step

    def abandon(request: Request, identity: Identity) -> None:
        act_for(_tenant(identity))
        try:
            properties, _ = parse_rollback(model, request.properties)
        except InvalidProperties:
            return  # nothing was begun
        give_up(build(_owner(identity, properties, request.properties), properties), explain)

    return ResourceType(
        name=name,
        prepare=prepare,
        removal=removal,
        give_up=abandon,
        loses_data=model.losing_data(),
    )


def _unless_renamed(
    model: type[Model],
    build: BuildGraph[Model],
    request: Request,
    properties: Model,
    converge: Step,
) -> Step:
    """Return the step of an Update that refuses another UniqueName, where it asks for one."""
    identity, written = request.identity, request.old_properties
    if written is None:
        asked = build(_owner(identity, properties, request.properties), properties)
        return _unless_nothing_has_its_name(asked, properties.unique_name, converge)
    old = parse_for_removal(model, written)
    if _keeps_its_name(request.properties, written) or old.unique_name == properties.unique_name:
        return converge
    former = Removal(build(_owner(identity, old, written), old), explain)
    kept = properties.model_copy(update={"unique_name": old.unique_name})
    rest = build(_owner(identity, kept, written), kept)
    others = Convergence(rest, explain, served_before=True).refusals
    return _refusing_a_rename(former, (old.unique_name, properties.unique_name), others, converge)


def _keeps_its_name(properties: Mapping[str, object], former: Mapping[str, object]) -> bool:
    """Tell whether the name is as it was written, even if no one could write it today."""
    return set_ones(properties).get("UniqueName") == set_ones(former).get("UniqueName")


def _unless_nothing_has_its_name(graph: Graph, name: str, converge: Step) -> Step:
    """Return the step of an Update whose former UniqueName nobody knows.

    It may be another one, if nothing has the name that is asked. Where nothing is made, nothing
    has a name.
    """
    if not name or not any(isinstance(node, Deletable) for node in graph.wanted):
        return converge
    named = Removal(graph, explain)

    @cache
    def has_its_name() -> bool:
        return named.finds_any()

    def step() -> Outcome:
        if not has_its_name():
            raise RefusedChanges(
                (
                    f"UniqueName: nothing of this resource is named {name}, and CloudFormation's"
                    " events do not tell its former name any more. Write the former name, or make"
                    " a new resource",
                )
            )
        return converge()

    return step


def _tell_standing(faults: tuple[str, ...]) -> None:
    for fault in faults:
        log.warning(f"Goes on with a fault that the resource has already, to be mended: {fault}")


def _refuse(refused: InvalidProperties) -> Outcome:
    raise refused


def _refusing_a_rename(
    former: Removal,
    names: tuple[str, str],
    others: Callable[[], tuple[str, ...]],
    converge: Step,
) -> Step:
    """Refuse another UniqueName while anything has the old one, for every name begins with it.

    `others` tells what else is refused. After a refusal nothing has the new name: so the rollback,
    which asks for the old one, passes.
    """
    old, new = names

    def step() -> Outcome:
        if former.finds_any():
            rename = f"cannot change from {old} to {new}. Keep it, or make a new resource"
            raise RefusedChanges((f"UniqueName: {rename}", *others()))
        return converge()

    return step


def _tenant(identity: Identity) -> Tenant:
    """Return for whom a request acts: nothing else of it is asked, and no property."""
    return Tenant(identity.guid, identity.digest, identity.stack_name)


def _owner(identity: Identity, properties: Properties, written: Mapping[str, object]) -> Owner:
    return Owner(
        provider=os.environ["PROVIDER_NAME"],
        stack_id=identity.stack_id,
        logical_id=identity.logical_id,
        digest=identity.digest,
        version=__version__,
        prefix=properties.unique_name,
        user_tags=properties.tags,
        named=bool(written.get("UniqueName")),
    )
