"""What the service needs of the database and the bucket, whoever made them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cfn_mlflow.engine.managed import derive


@dataclass(frozen=True)
class Wiring:
    """The database and the bucket that the service works with: values, or promises of them."""

    database_endpoint: str
    database_port: int | str
    database_name: str
    service_secret_arn: str
    migration_secret_arn: str
    login_secret_arns: tuple[str, ...]
    """Of every login that the tasks may come to have: two where they take turns."""
    client_security_group_id: str
    cluster_arn: str
    """Of the Aurora cluster, if its Data API is on; else empty."""
    max_connections: int
    """That the database takes."""
    asked_connections: int
    """That it takes by what the properties say."""
    bucket_id: str
    path: str
    key_arn: str
    """Of the bucket's KMS key, if it has one; else empty."""
    secrets_key_arn: str = ""
    """Of the KMS key for the service's own secret; empty for the one that AWS manages."""

    def kept(self) -> Wiring:
        """Return one promise of them all: where it is kept, every field is a value."""
        return derive(Wiring, *(getattr(self, field.name) for field in fields(self)))
