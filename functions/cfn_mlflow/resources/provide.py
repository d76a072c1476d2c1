"""From a request to a graph, and from a graph to steps: the same walk for every type."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from cfn_mlflow import __version__
from cfn_mlflow.aws.errors import explain
from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.remove import Removal
from cfn_mlflow.models.base import Properties, parse, parse_for_removal
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
        graph = build(_owner(identity, properties), properties)
        return Convergence(graph, explain).step

    def removal(request: Request, identity: Identity) -> Step:
        properties = parse_for_removal(model, request.properties)
        graph = build(_owner(identity, properties), properties)
        return Removal(graph, explain).step

    return ResourceType(name=name, prepare=prepare, removal=removal)


def _owner(identity: Identity, properties: Properties) -> Owner:
    return Owner(
        provider=os.environ["PROVIDER_NAME"],
        stack_id=identity.stack_id,
        logical_id=identity.logical_id,
        digest=identity.digest,
        version=__version__,
        prefix=properties.unique_name or "mlflow",
        user_tags=properties.tags,
    )
