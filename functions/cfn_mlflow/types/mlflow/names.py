"""The names that a user of Custom::MLflow writes, and what its parts call the same.

They are those of the Terraform module's inputs. Each property of a part has its line here; its
field is in the part's own type.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "the service": {
            "UniqueName": "UniqueName",
            "Tags": "Tags",
            "ServiceImageTag": "ImageTag",
            "ServiceImage": "Image",
            "VpcId": "VpcId",
            "ServiceSubnetIds": "SubnetIds",
            "LoadBalancerSubnetIds": "LoadBalancerSubnetIds",
            "LoadBalancerIngressCidrBlocks": "LoadBalancerIngressCidrBlocks",
            "LoadBalancerIsInternal": "LoadBalancerIsInternal",
            "ServiceCpu": "Cpu",
            "ServiceMemory": "Memory",
            "ServiceLogRetentionInDays": "LogRetentionInDays",
            "ServiceSidecarContainerDefinitions": "SidecarContainerDefinitions",
            "ServiceMinCapacity": "MinCapacity",
            "ServiceMaxCapacity": "MaxCapacity",
            "ServiceCpuTarget": "CpuTarget",
            "ServiceWorkers": "Workers",
            "GunicornOpts": "GunicornOpts",
            "UvicornOpts": "UvicornOpts",
            "ServiceBasicAuth": "BasicAuth",
            "LoadBalancerIsOpenToTheInternet": "LoadBalancerIsOpenToTheInternet",
            "AiGatewayProviders": "AiGatewayProviders",
            "ServiceReadonlyRootFilesystem": "ReadonlyRootFilesystem",
            "ServiceUser": "User",
            "ArtifactBucketsMlflowWillRead": "ArtifactBucketsMlflowWillRead",
            "SchemaCheckSchedule": "SchemaCheckSchedule",
            "AlarmTopicArn": "AlarmTopicArn",
            "RehearseUpgrade": "RehearseUpgrade",
        },
        "the database": {
            "UniqueName": "UniqueName",
            "Tags": "Tags",
            "VpcId": "VpcId",
            "DatabaseSubnetIds": "SubnetIds",
            "DatabasePasswordSecretArn": "PasswordSecretArn",
            "DatabaseAutoPause": "AutoPause",
            "DatabaseMinCapacity": "MinCapacity",
            "DatabaseMaxCapacity": "MaxCapacity",
            "DatabaseSecondsUntilAutoPause": "SecondsUntilAutoPause",
            "DatabaseSkipFinalSnapshot": "SkipFinalSnapshot",
            "DatabaseEngineVersion": "EngineVersion",
            "DatabaseInstanceCount": "InstanceCount",
            "DatabaseBackupRetentionPeriod": "BackupRetentionPeriod",
            "DatabaseKmsKeyArn": "KmsKeyArn",
            "DatabaseSharedWithStacks": "SharedWithStacks",
            "DatabaseRotationSchedule": "RotationSchedule",
        },
        "the bucket": {
            "UniqueName": "UniqueName",
            "Tags": "Tags",
            "ArtifactBucketId": "BucketId",
            "ArtifactBucketPath": "Path",
            "ArtifactBucketEncryptionAlgorithm": "EncryptionAlgorithm",
            "ArtifactBucketEncryptionKeyArn": "EncryptionKeyArn",
            "ArtifactBucketEmptyOnDelete": "EmptyOnDelete",
            "ArtifactBucketIntelligentTieringDays": "IntelligentTieringDays",
            "ArtifactBucketNoncurrentVersionExpirationDays": "NoncurrentVersionExpirationDays",
            "ArtifactBucketSharedWithStacks": "SharedWithStacks",
        },
    }
)
"""By part, the name in its own type for each name in the joined one."""

_JOINED = {
    part: {of_part: joined for joined, of_part in names.items()} for part, names in NAMES.items()
}


def joined_name(part: str, name: str) -> str:
    """Return the name that a part's property has in the joined type."""
    return _JOINED[part][name]
