"""The attributes of Custom::MLflowDatabase, which `Fn::GetAtt` returns."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Attributes, described


class DatabaseAttributes(Attributes):
    """The attributes of the database."""

    cluster_id: str = described("ClusterId", "Identifier of the cluster.")
    cluster_arn: str = described("ClusterArn", "ARN of the cluster, which the Data API takes.")
    endpoint: str = described("Endpoint", "Host name of the writer.")
    reader_endpoint: str = described("ReaderEndpoint", "Host name that the readers share.")
    port: str = described("Port", "Port.")
    database_name: str = described("DatabaseName", "Name of MLflow's database.")
    engine_version: str = described("EngineVersion", "Version that runs.")
    max_connections: str = described(
        "MaxConnections",
        "Connections that the database takes: the fewer of what its instances run with, and what"
        " they will after a reboot.",
    )
    security_group_id: str = described("SecurityGroupId", "Security group of the database.")
    client_security_group_id: str = described(
        "ClientSecurityGroupId",
        "Security group that a client carries: the only source that the database admits.",
    )
    master_secret_arn: str = described(
        "MasterSecretArn", "Secret of the master login, for administration alone."
    )
    service_secret_arn: str = described(
        "ServiceSecretArn",
        "Secret of the login that MLflow's tasks use; after a rotation it is the other one's.",
    )
    migration_secret_arn: str = described(
        "MigrationSecretArn", "Secret of the login that may change the schema."
    )
