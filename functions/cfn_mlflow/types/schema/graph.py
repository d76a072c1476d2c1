"""Custom::MLflowSchema: the graph of the check in a deploy, which reads and never writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow import releases
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.rds.allowed_cluster import AllowedCluster, AllowedLogin
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Value, combine, known
from cfn_mlflow.engine.resource import Observation, Observed
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.check import SchemaReport, State
from cfn_mlflow.schema_check.look import Watcher
from cfn_mlflow.schema_check.words import failure, unknown_release, waiting
from cfn_mlflow.types.common.type_handler import resource_type
from cfn_mlflow.types.schema.properties import SchemaProperties


@dataclass(frozen=True, eq=False)
class SchemaCheck(Observed[SchemaReport]):
    """The comparison of a database's schema with what one MLflow release declares."""

    display_name: ClassVar[str] = "schema"

    watcher: Watcher
    image: str
    may_look: Value[bool]
    """Whether the stack may use the cluster and the secret. A rollback passes even if not."""

    def observe(self) -> Observation[SchemaReport]:
        """Read the schema (see `Watcher.look`). Fails if the image's release is not known."""
        if not self.watcher.expected:
            raise PermanentError(Reason.ReleaseUnknown, f"schema: {unknown_release(self.image)}")
        if not known(self.may_look):
            return Observation(SchemaReport(State.REFUSED, None, self.watcher.expected))
        return Observation(self.watcher.look())

    def compare(self, found: Observation[SchemaReport]) -> Observation[SchemaReport]:
        """Wait for states that pass by themselves; fail unless the schema is current."""
        view = found.view
        if view.retryable:
            return replace(found, busy=waiting(view))
        if view.code:
            words = failure(view, view.code, releases.version_of(self.image))
            raise PermanentError(view.code, words)
        return found


def _may_use(cluster: str, login: str) -> bool:
    return bool(cluster and login)


def _graph(owner: Owner, asked: SchemaProperties) -> Graph:
    graph = Graph()
    cluster = graph.add(AllowedCluster(owner, "ClusterArn", asked.cluster_arn))
    login = graph.add(AllowedLogin(owner, "SecretArn", asked.secret_arn, cluster))
    may_look = combine(_may_use, cluster.output(cluster.usable), login.output(login.usable))
    database = Database(asked.cluster_arn, asked.secret_arn, asked.database_name)
    version = releases.version_of(asked.image_uri) or ""
    watcher = Watcher(database, releases.head_of(version) or "")
    report = graph.add(SchemaCheck(watcher, asked.image_uri, may_look))
    graph.give(
        {
            "State": report.output(lambda view: view.state.value),
            "Revision": report.output(lambda view: view.found or ""),
            "ExpectedRevision": report.output(lambda view: view.expected),
            "MlflowVersion": version,
            "Differences": report.output(lambda view: len(view.differences)),
            "PendingRevisions": report.output(lambda view: ",".join(view.pending)),
        }
    )
    return graph


SCHEMA = resource_type("Custom::MLflowSchema", SchemaProperties, _graph)
