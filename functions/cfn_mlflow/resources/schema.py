"""Custom::MLflowSchema: the check after the deploy. It reads, and never writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow import releases
from cfn_mlflow.aws.data_api import Database
from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.managed import ManagedObject, later
from cfn_mlflow.models.schema import SchemaProperties
from cfn_mlflow.outcome import REASON_BYTES, PermanentError
from cfn_mlflow.resources.provide import resource_type
from cfn_mlflow.resources.schema_check import Report, State, check

NAMED_DIFFERENCES = 3


@dataclass(frozen=True, eq=False)
class SchemaCheck(ManagedObject[Report]):
    """A database's schema against what one MLflow release declares; nothing is made or removed."""

    words: ClassVar[str] = "schema"
    goes_along: ClassVar[bool] = True

    database: Database
    image: str
    version: str | None

    def read(self) -> Report:
        """Compare (rds-data:ExecuteStatement). Fails if the image's release is not known."""
        expected = releases.head_of(self.version) if self.version else None
        if expected is None:
            raise PermanentError(
                f"schema: the tag of {self.image} names no MLflow release that this provider "
                f"knows. Name the release by ImageTag, or update the provider"
            )
        return check(self.database, expected)

    def busy(self, view: Report) -> str | None:
        """Fail unless the schema is current and nothing differs."""
        if not view.sound:
            raise PermanentError(_failure(view, self.version or ""))
        return None

    def create(self) -> None:
        """Never called: there is always something to say of a database."""
        raise NotImplementedError

    def delete(self, view: Report) -> None:
        """Never called: nothing was made."""
        raise NotImplementedError


def _failure(report: Report, version: str) -> str:
    """Return the state, what differs and what to do, in at most 400 bytes."""
    found = report.found or "without a revision"
    what = f"schema: {report.state}: the database is {found}"
    if report.state is not State.CURRENT:
        what += f", MLflow {version} expects {report.expected}"
    named = "; ".join(report.differences[:NAMED_DIFFERENCES])
    if len(report.differences) > NAMED_DIFFERENCES:
        named += f"; and {len(report.differences) - NAMED_DIFFERENCES} more"
    room = REASON_BYTES - len(f"{what}: . {report.advice}".encode())
    if named and room > 0:
        what += f": {named.encode()[:room].decode(errors='ignore')}"
    return f"{what}. {report.advice}"


def _graph(owner: Owner, asked: SchemaProperties) -> Graph:
    del owner  # nothing is made, so nothing is anybody's
    graph = Graph()
    database = Database(asked.cluster_arn, asked.secret_arn, asked.database_name)
    version = releases.version_of(asked.image_uri)
    report = graph.add(SchemaCheck(database, asked.image_uri, version))
    graph.give(
        {
            "State": later(report, lambda view: view.state.value),
            "Revision": later(report, lambda view: view.found or ""),
            "ExpectedRevision": later(report, lambda view: view.expected),
            "MlflowVersion": version or "",
            "Differences": later(report, lambda view: len(view.differences)),
            "PendingRevisions": later(report, lambda view: ",".join(view.pending)),
        }
    )
    return graph


SCHEMA = resource_type("Custom::MLflowSchema", SchemaProperties, _graph)
