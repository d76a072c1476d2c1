"""ECS: the cluster, which holds nothing but the service and its migration task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.eventual_consistency import NotYet
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_map
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags, set_tags
from cfn_mlflow.outcome import PermanentError, TemporaryError

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

    words: ClassVar[str] = "ECS cluster"

    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def name(self) -> str:
        """Return the cluster's name."""
        return self.owner.name()

    def read(self) -> ClusterView | None:
        """Read the cluster (ecs:DescribeClusters)."""
        found = ecs().describe_clusters(clusters=[self.name], include=["TAGS"])["clusters"]
        for cluster in found:
            if cluster["status"] != "INACTIVE":
                tags = tag_map(cluster.get("tags", []))
                return ClusterView(
                    cluster["clusterArn"], cluster["clusterName"], cluster["status"], tags
                )
        return None

    def create(self) -> None:
        """Make it with its tags (ecs:CreateCluster)."""
        with self._not_yet.patience():
            ecs().create_cluster(clusterName=self.name, tags=ecs_tags(self.owner.tags))

    def busy(self, view: ClusterView) -> str | None:
        """Tell that it is being made or deleted; fail if AWS could not make it."""
        if view.status == "FAILED":
            raise PermanentError("ECS cluster: AWS could not make it. Delete it, then deploy again")
        return None if view.status == "ACTIVE" else view.status.lower()

    def changes(self, view: ClusterView) -> tuple[str, ...]:
        """Name the tags when they differ."""
        return ("tags",) if self.owner.lacks(view.tags) else ()

    def update(self, view: ClusterView) -> None:
        """Set the tags (ecs:TagResource, UntagResource)."""
        set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: ClusterView) -> None:
        """Delete it once its last task has stopped (ecs:DeleteCluster)."""
        try:
            ecs().delete_cluster(cluster=view.arn)
        except Exception as error:
            if code(error) in STILL_USED:
                raise TemporaryError("its last tasks are stopping") from None
            if code(error) != "ClusterNotFoundException":
                raise
