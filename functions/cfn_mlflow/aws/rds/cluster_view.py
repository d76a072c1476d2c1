"""RDS: an Aurora cluster as it stands: how it is named, read and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.rds.client import (
    LOGS,
    PORT,
    rds,
    tags_in,
)


@dataclass(frozen=True)
class DBClusterView:
    """A cluster as it stands; capacities in Aurora capacity units."""

    identifier: str
    arn: str
    resource_id: str
    status: str
    endpoint: str
    reader_endpoint: str
    port: int
    engine_version: str
    parameter_group: str
    security_group_ids: frozenset[str]
    min_capacity: float
    max_capacity: float
    seconds_until_auto_pause: int | None
    backup_retention_period: int
    kms_key_arn: str
    master_secret_arn: str
    """The secret that RDS keeps; empty if the master password is the user's."""
    data_api: bool
    exports_logs: bool
    copies_tags: bool
    protected: bool
    zones: frozenset[str]
    """The Availability Zones of its storage, in which its instances can be."""
    pending: tuple[str, ...]
    """What AWS has been told to change and has not changed yet."""
    tags: Tags


def cluster_identifier(owner: Owner) -> str:
    """Return the identifier of a resource's cluster."""
    return owner.name("database")


def major(version: str) -> int:
    """Return the major version of an engine version such as `17.7`."""
    return numbers(version)[0]


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of an engine version, by which versions are compared."""
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def read_cluster(identifier: str) -> DBClusterView | None:
    """Return a cluster; None if there is none (rds:DescribeDBClusters)."""
    try:
        found = rds().describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"][0]
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return view_of(found)


def view_of(cluster: Mapping[str, Any]) -> DBClusterView:
    """Return the view of a cluster as rds:DescribeDBClusters has it."""
    scaling = cluster.get("ServerlessV2ScalingConfiguration", {})
    return DBClusterView(
        identifier=cluster["DBClusterIdentifier"],
        arn=cluster["DBClusterArn"],
        resource_id=cluster["DbClusterResourceId"],
        status=cluster["Status"],
        endpoint=cluster.get("Endpoint", ""),
        reader_endpoint=cluster.get("ReaderEndpoint", ""),
        port=cluster.get("Port", PORT),
        engine_version=cluster["EngineVersion"],
        parameter_group=cluster.get("DBClusterParameterGroup", ""),
        security_group_ids=frozenset(
            group["VpcSecurityGroupId"] for group in cluster.get("VpcSecurityGroups", [])
        ),
        min_capacity=scaling.get("MinCapacity", 0),
        max_capacity=scaling.get("MaxCapacity", 0),
        seconds_until_auto_pause=scaling.get("SecondsUntilAutoPause"),
        backup_retention_period=cluster.get("BackupRetentionPeriod", 0),
        kms_key_arn=cluster.get("KmsKeyId", ""),
        master_secret_arn=cluster.get("MasterUserSecret", {}).get("SecretArn", ""),
        data_api=cluster.get("HttpEndpointEnabled", False),
        exports_logs=LOGS in cluster.get("EnabledCloudwatchLogsExports", []),
        copies_tags=cluster.get("CopyTagsToSnapshot", False),
        protected=cluster.get("DeletionProtection", False),
        zones=frozenset(cluster.get("AvailabilityZones", [])),
        pending=tuple(k for k, v in cluster.get("PendingModifiedValues", {}).items() if v),
        tags=tags_in(cluster),
    )
