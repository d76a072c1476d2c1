"""RDS: a database cluster that a property names, and the secret with its login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedView
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.core.sharing import two_databases
from cfn_mlflow.aws.secretsmanager.allowed_secret import AllowedSecret
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason


@dataclass(frozen=True)
class AllowedClusterView(AllowedView):
    """A cluster's tags, and the host names that lead to it."""

    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class AllowedCluster(Allowed):
    """A database cluster that a property names by its ARN."""

    display_name: ClassVar[str] = "database cluster"
    listed_in: ClassVar[str] = "ALLOWED_CLUSTER_ARNS"

    def look(self) -> AllowedClusterView:
        """Return the cluster's tags and endpoints (rds:DescribeDBClusters)."""
        identifier = self.name.rpartition(":")[2]
        answer = client("rds").describe_db_clusters(DBClusterIdentifier=identifier)
        [found] = answer["DBClusters"]
        if found["DBClusterArn"].lower() != self.name.lower():
            elsewhere = Cause(Reason.NotFound, "is not of this account and Region")
            return AllowedClusterView({}, elsewhere)
        return AllowedClusterView(tag_map(found.get("TagList", [])), endpoints=_endpoints(found))


@dataclass(frozen=True, eq=False)
class AllowedClusterAt(AllowedCluster):
    """A cluster, and the host name under which its login is sent: it must be the cluster's own."""

    endpoint_property: str
    endpoint: str

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse another's host name too: it would be given the login of the database."""
        why = super().refused(view)
        ours = view.endpoints if isinstance(view, AllowedClusterView) else ()
        if why or self.endpoint.lower() in ours:
            return why
        words = (
            f"{self.endpoint_property}: {self.endpoint} is no endpoint of {self.name}. Name "
            f"{ours[0] if ours else 'one of its own'}, then deploy again"
        )
        return (Cause(Reason.WrongDatabase, words),)


@dataclass(frozen=True)
class AllowedLoginView(AllowedView):
    """A secret's tags, and those of the cluster that its login is for."""

    of_cluster: Tags | None = None
    """None for a cluster that is refused itself."""


@dataclass(frozen=True, eq=False)
class AllowedLogin(AllowedSecret):
    """A secret with the login of a cluster that is named beside it."""

    cluster: AllowedCluster

    def look(self) -> AllowedView:
        """Return its tags, and the cluster's (rds:DescribeDBClusters)."""
        view, cluster = super().look(), self.cluster.view()
        refused = self.cluster.refused(cluster)
        return AllowedLoginView(view.tags, view.problem, None if refused else cluster.tags)

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse the login of another database: a login of the provider needs its own cluster."""
        why = super().refused(view)
        cluster = view.of_cluster if isinstance(view, AllowedLoginView) else None
        if why or cluster is None:
            return why
        two = two_databases((self.name, view.tags), (self.cluster.name, cluster))
        words = f"{self.property_name}: {two}, then deploy again"
        return (Cause(Reason.WrongDatabase, words),) if two else ()


def _endpoints(cluster: Any) -> tuple[str, ...]:
    """Return a cluster's host names, the writer's first."""
    named = (cluster.get("Endpoint"), cluster.get("ReaderEndpoint"))
    return tuple(
        name.lower() for name in (*named, *cluster.get("CustomEndpoints", ())) if name is not None
    )
