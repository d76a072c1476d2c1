"""RDS: the mark of a cluster's completion, and its protection from deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.owner import COMPLETE_TAG, Owner
from cfn_mlflow.aws.rds.client import rds
from cfn_mlflow.aws.rds.cluster_view import DBClusterView, read_cluster
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import (
    Observation,
    Updatable,
    as_observed,
)


@dataclass(frozen=True, eq=False)
class CompleteDBCluster(Updatable[DBClusterView]):
    """The mark of a cluster whose resource was made to the end, and its deletion protection.

    From then on its deletion leaves a final snapshot.
    """

    display_name: ClassVar[str] = "database cluster's completion"

    owner: Owner
    cluster: Value[str]

    def observe(self) -> Observation[DBClusterView] | None:
        """Read the cluster (rds:DescribeDBClusters)."""
        view = read_cluster(known(self.cluster))
        return as_observed(view)

    def compare(self, found: Observation[DBClusterView]) -> Observation[DBClusterView]:
        """Name protection and mark while they miss."""
        marked = COMPLETE_TAG in found.view.tags
        return found.differing({"protection": not found.view.protected, "mark": not marked})

    def update(self, found: Observation[DBClusterView]) -> None:
        """Protect the cluster, then mark it (rds:ModifyDBCluster, AddTagsToResource)."""
        view = found.view
        if not view.protected:
            rds().modify_db_cluster(
                DBClusterIdentifier=view.identifier, DeletionProtection=True, ApplyImmediately=True
            )
        rds().add_tags_to_resource(
            ResourceName=view.arn, Tags=[{"Key": COMPLETE_TAG, "Value": "true"}]
        )
