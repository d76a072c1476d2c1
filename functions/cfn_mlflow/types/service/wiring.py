"""What the service needs of the database and the bucket, whoever made them."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.engine.output import Output, Value, sources


@dataclass(frozen=True)
class Wiring:
    """The database and the bucket that the service works with: values, or outputs of them."""

    database_endpoint: Value[str]
    database_port: Value[str]
    database_name: str
    service_secret_arn: Value[str]
    migration_secret_arn: Value[str]
    login_secret_arns: Value[tuple[str, ...]]
    """Of every login that the tasks may come to use: two if the database rotates its logins."""
    client_security_group_id: Value[str]
    cluster_arn: Value[str]
    """Of the Aurora cluster, if its Data API is on; else empty."""
    max_connections: Value[int]
    """That the database takes."""
    asked_connections: int
    """That it takes by what the properties say."""
    bucket_id: Value[str]
    path: str
    key_arn: str
    """Of the bucket's KMS key, if it has one; else empty."""
    secrets_key_arn: str = ""
    """Of the KMS key for the service's own secret; empty for the one that AWS manages."""

    @property
    def has_data_api(self) -> bool:
        """Tell whether the cluster is known, and its Data API on."""
        return self.cluster_arn != ""

    @property
    def whole(self) -> Output[Wiring]:
        """Return it as an output: what takes it comes after all that it names."""
        return Output(sources(tuple(vars(self).values())), lambda: self)
