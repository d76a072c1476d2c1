"""The wiring of a service: the database and the bucket that it works with."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.engine.output import Output, Value, sources


@dataclass(frozen=True)
class Wiring:
    """The database and the bucket of a service: plain values, or outputs of other objects."""

    database_endpoint: Value[str]
    database_port: Value[str]
    database_name: str
    service_secret_arn: Value[str]
    migration_secret_arn: Value[str]
    login_secret_arns: Value[tuple[str, ...]]
    """Of every login that the tasks may come to use: two if the database rotates its logins."""
    client_security_group_id: Value[str]
    cluster_arn: Value[str]
    """The Aurora cluster's, if its Data API is on; else empty."""
    max_connections: Value[int]
    """The connections that the database accepts as it runs."""
    asked_connections: int
    """The connections that the database should accept by the properties."""
    bucket_id: Value[str]
    path: str
    key_arn: str
    """The ARN of the bucket's KMS key, if it has one; else empty."""
    secrets_key_arn: str = ""
    """The ARN of the KMS key for the service's own secret; empty for the key of AWS."""

    @property
    def has_data_api(self) -> bool:
        """Return whether the cluster's ARN is known, which means that its Data API is on."""
        return self.cluster_arn != ""

    @property
    def whole(self) -> Output[Wiring]:
        """Return the wiring as one output, which exists once all its values exist."""
        return Output(sources(tuple(vars(self).values())), lambda: self)
