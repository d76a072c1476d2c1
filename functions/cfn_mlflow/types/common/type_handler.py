"""The type handler: from a request to a graph, and from a graph to steps, for every type."""

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
from cfn_mlflow.outcome import Cause, InvalidProperties, Outcome, RefusedChanges
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log
from cfn_mlflow.types.common.rollback import observed_if_unshared, unless_rolling_back
from cfn_mlflow.types.common.update import parse_rollback, parse_update
from cfn_mlflow.types.values.base import Properties, parse, parse_for_removal, set_ones

Model = TypeVar("Model", bound=Properties)

BuildGraph = Callable[[Owner, Model], Graph]
"""Returns the graph of one type, given the owner of its objects and the properties."""


def resource_type(name: str, model: type[Model], build: BuildGraph[Model]) -> ResourceType:
    """Return a resource type, given its name, its properties' model and its graph."""

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
            return  # the request failed before it made an object
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
    """Return the step of an Update, which refuses to change the UniqueName."""
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
    """Return whether the UniqueName is written as before, even if it is not valid any more."""
    return set_ones(properties).get("UniqueName") == set_ones(former).get("UniqueName")


def _unless_nothing_has_its_name(graph: Graph, name: str, converge: Step) -> Step:
    """Return the step of an Update whose former UniqueName is not known.

    The former name may be a different one, if no object has the name that the Update asks for. The
    step then refuses. A type that makes no objects needs no such check.
    """
    if not name or not any(isinstance(node, Deletable) for node in graph.wanted):
        return converge
    named = Removal(graph, explain)

    @cache
    def has_its_name() -> bool:
        return named.finds_any()

    def step() -> Outcome:
        if not has_its_name():
            words = (
                f"UniqueName: no object of this resource is named {name}, and CloudFormation's"
                " events no longer show its former name. Write the former name, or make a new"
                " resource"
            )
            raise RefusedChanges((Cause(Reason.ChangeRefused, words),))
        return converge()

    return step


def _tell_standing(faults: tuple[str, ...]) -> None:
    for fault in faults:
        log.warning(f"Continues with a fault that the resource already had. Correct it: {fault}")


def _refuse(refused: InvalidProperties) -> Outcome:
    raise refused


def _refusing_a_rename(
    former: Removal,
    names: tuple[str, str],
    others: Callable[[], tuple[Cause, ...]],
    converge: Step,
) -> Step:
    """Return a step that refuses another UniqueName while an object has the old one.

    The names of all objects begin with it. `others` returns the other faults of the Update. No
    object has the new name after a refusal, so the rollback to the old name passes.
    """
    old, new = names

    def step() -> Outcome:
        if former.finds_any():
            rename = (
                f"UniqueName: cannot change from {old} to {new}. Keep it, or make a new resource"
            )
            raise RefusedChanges((Cause(Reason.ChangeRefused, rename), *others()))
        return converge()

    return step


def _tenant(identity: Identity) -> Tenant:
    """Return the tenant for whom a request acts, from its identity alone."""
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
