"""The claim on a UniqueName: the first object of a resource, and the last to go."""

from __future__ import annotations

from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.aws.ssm import NameClaim
from cfn_mlflow.engine.graph import Graph


def claim(graph: Graph, owner: Owner, unique_name: str, default: str, part: str = "") -> None:
    """Claim the UniqueName, unless it is the default, before all else in the graph.

    `part` is the type's name without `Custom::`, for a type that is a part of Custom::MLflow: so
    the parts of one MLflow can share a name.
    """
    if unique_name != default:
        path = "/".join(("", owner.provider, "names", unique_name, part)).rstrip("/")
        graph.begin(NameClaim(owner, path))
