"""From a request to a graph, and from a graph to steps: the same walk for every type."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TypeVar

from cfn_mlflow import __version__
from cfn_mlflow.aws.errors import explain
from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.give_up import give_up
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.models.base import Properties, parse, parse_for_removal
from cfn_mlflow.outcome import Outcome, RefusedChanges
from cfn_mlflow.protocol.event import Request
from cfn_mlflow.protocol.identity import Identity
from cfn_mlflow.protocol.serve import ResourceType, Step

Model = TypeVar("Model", bound=Properties)

BuildGraph = Callable[[Owner, Model], Graph]
"""One type's objects, in plain reading order, from whose they are and what is asked."""


def resource_type(name: str, model: type[Model], build: BuildGraph[Model]) -> ResourceType:
    """Return the type as the protocol drives it."""

    def prepare(request: Request, identity: Identity) -> Step:
        properties = parse(model, request.properties)
        graph = build(_owner(identity, properties, request.properties), properties)
        again = request.request_type == "Update"
        converge = Convergence(graph, explain, served_before=again).step
        old = parse_for_removal(model, request.old_properties)
        if not again or old.unique_name == properties.unique_name:
            return converge
        former = Removal(build(_owner(identity, old, request.old_properties), old), explain)
        kept = properties.model_copy(update={"unique_name": old.unique_name})
        rest = build(_owner(identity, kept, request.old_properties), kept)
        others = Convergence(rest, explain, served_before=True).refusals
        return _refusing_a_rename(
            former, (old.unique_name, properties.unique_name), others, converge
        )

    def removal(request: Request, identity: Identity) -> Step:
        properties = parse_for_removal(model, request.properties)
        graph = build(_owner(identity, properties, request.properties), properties)
        return Removal(graph, explain).step

    def abandon(request: Request, identity: Identity) -> None:
        properties = parse(model, request.properties)
        give_up(build(_owner(identity, properties, request.properties), properties), explain)

    return ResourceType(name=name, prepare=prepare, removal=removal, give_up=abandon)


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
