"""The attributes of Custom::MLflowSchema, which `Fn::GetAtt` returns."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Attributes, described


class SchemaAttributes(Attributes):
    """The attributes of the check."""

    state: str = described("State", "`current`: a schema in any other state fails the resource.")
    revision: str = described("Revision", "Revision that the database has.")
    expected_revision: str = described(
        "ExpectedRevision", "Revision that the MLflow release declares."
    )
    mlflow_version: str = described("MlflowVersion", "The MLflow release that was compared with.")
    differences: str = described(
        "Differences", "Number of tables, columns and indexes that differ."
    )
    pending_revisions: str = described(
        "PendingRevisions", "Revisions that are still to run, separated by commas."
    )
