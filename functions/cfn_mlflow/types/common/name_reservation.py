"""The reservation of a UniqueName: the first object of a resource, and the last to go."""

from __future__ import annotations

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ssm.name_reservation import NameReservation
from cfn_mlflow.engine.graph import Graph


def reserve_name(graph: Graph, owner: Owner, part: str = "") -> None:
    """Reserve the UniqueName, if the user gave one, before all else in the graph.

    `part` is the type's name without `Custom::`, for a type that is a part of Custom::MLflow: so
    the parts of one MLflow can share a name.
    """
    path = "/".join(("", owner.provider, "names", owner.prefix, part)).rstrip("/")
    if owner.named:
        graph.begin(NameReservation(owner, path))
    else:
        graph.without(NameReservation(owner, path))
