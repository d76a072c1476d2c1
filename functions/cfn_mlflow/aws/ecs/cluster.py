"""ECS: the cluster, which holds nothing but the service and its migration task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_map
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags, set_tags
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

STILL_USED = {
    "ClusterContainsContainerInstancesException",
    "ClusterContainsServicesException",
    "ClusterContainsTasksException",
}


@dataclass(frozen=True)
class ClusterView:
    """A cluster as it stands."""

    arn: str
    name: str
    status: str
    tags: Tags


@dataclass(frozen=True, eq=False)
class Cluster(OwnedObject[ClusterView]):
    """An ECS cluster for Fargate; one that was deleted is still shown, as INACTIVE."""

    display_name: ClassVar[str] = "ECS cluster"

    @property
    def name(self) -> str:
        """Return the cluster's name."""
        return self.owner.name()

    def observe(self) -> Observation[ClusterView] | None:
        """Read the cluster (ecs:DescribeClusters)."""
        found = ecs().describe_clusters(clusters=[self.name], include=["TAGS"])["clusters"]
        for cluster in found:
            if cluster["status"] != "INACTIVE":
                tags = tag_map(cluster.get("tags", []))
                view = ClusterView(
                    cluster["clusterArn"], cluster["clusterName"], cluster["status"], tags
                )
                return self.found(view)
        return None

    def create(self) -> None:
        """Make it with its tags (ecs:CreateCluster)."""
        ecs().create_cluster(clusterName=self.name, tags=ecs_tags(self.owner.tags))

    def compare(self, found: Observation[ClusterView]) -> Observation[ClusterView]:
        """Name the tags when they differ; tell whether it is made, and fail if AWS could not."""
        view = found.view
        if view.status == "FAILED":
            raise PermanentError(
                Reason.NotCreated,
                "ECS cluster: AWS could not make it. Delete it, then deploy again",
            )
        if view.status != "ACTIVE":
            return replace(found, busy=view.status.lower())
        return found.differing({"tags": self.owner.lacks(view.tags)})

    def update(self, found: Observation[ClusterView]) -> None:
        """Set the tags (ecs:TagResource, UntagResource)."""
        set_tags(self.owner, found.view.arn, found.view.tags)

    def delete(self, view: ClusterView) -> None:
        """Delete it once its last task has stopped (ecs:DeleteCluster)."""
        try:
            ecs().delete_cluster(cluster=view.arn)
        except Exception as error:
            if code(error) in STILL_USED:
                raise TemporaryError("its last tasks are stopping") from None
            if code(error) != "ClusterNotFoundException":
                raise
