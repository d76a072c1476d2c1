"""The name reservation of a UniqueName: a resource's first object, and the last one deleted."""

from __future__ import annotations

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ssm.name_reservation import NameReservation
from cfn_mlflow.engine.graph import Graph


def reserve_name(graph: Graph, owner: Owner, part: str = "") -> None:
    """Add the name reservation to the graph before all other objects, if the user gave a name.

    `part` is the type's name without `Custom::`, for a type that is a part of Custom::MLflow. The
    bucket, database and service of one MLflow can therefore have the same name.
    """
    path = "/".join(("", owner.provider, "names", owner.prefix, part)).rstrip("/")
    if owner.named:
        graph.begin(NameReservation(owner, path))
    else:
        graph.without(NameReservation(owner, path))
