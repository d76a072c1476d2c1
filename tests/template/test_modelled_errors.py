"""Given the errors that AWS documents for each call of ours, then each is answered on purpose.

The calls are those that the source names, the errors those of botocore's service models. One that
is in no table of the product is final: then it stands here, with the reason why no waiting helps.
"""

from __future__ import annotations

from collections.abc import Mapping

from botocore.exceptions import ClientError

from cfn_mlflow.aws.core import errors
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.template.test_rights_used import FUNCTIONS, operations_in, service_model

FINAL: Mapping[str, str] = {
    # What was asked is not valid: the same call is refused again.
    **dict.fromkeys(
        (
            "AvailabilityZoneNotSupported",
            "ClientException",
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "DuplicateTagKeys",
            "ExpiredTokenException",
            "HierarchyTypeMismatchException",
            "IncompatiblePolicyException",
            "IncompatibleProtocols",
            "InvalidAllowedPatternException",
            "InvalidArnException",
            "InvalidConfigurationRequest",
            "InvalidDBSubnetGroupFault",
            "InvalidEventPatternException",
            "InvalidInput",
            "InvalidKeyId",
            "InvalidLoadBalancerAction",
            "InvalidMarkerException",
            "InvalidNextToken",
            "InvalidNextTokenException",
            "InvalidParameter",
            "InvalidParameterCombination",
            "InvalidParameterException",
            "InvalidParameterValue",
            "InvalidParameterValueException",
            "InvalidPolicyAttributeException",
            "InvalidPolicyTypeException",
            "InvalidRequestContentException",
            "InvalidRequestException",
            "InvalidResourceId",
            "InvalidResourceType",
            "InvalidRestoreFault",
            "InvalidScheme",
            "InvalidSecurityGroup",
            "InvalidSubnet",
            "InvalidTarget",
            "MalformedPolicyDocument",
            "MalformedPolicyDocumentException",
            "MissingParameter",
            "NetworkTypeNotSupported",
            "PackedPolicyTooLarge",
            "ParameterPatternMismatchException",
            "PlatformTaskDefinitionIncompatibilityException",
            "PlatformUnknownException",
            "PolicyNotAttachable",
            "RequestTooLargeException",
            "SerializedRequestEntityTooLargeException",
            "StorageTypeNotSupported",
            "SubnetAlreadyInUse",
            "TagPolicy",
            "UnsupportedFeatureException",
            "UnsupportedMediaTypeException",
            "UnsupportedParameterType",
            "UnsupportedProtocol",
            "ValidationException",
        ),
        "the request is not valid",
    ),
    # A name is taken; where it can be our own, the object that asks tells so itself.
    **dict.fromkeys(
        (
            "BucketAlreadyExists",
            "BucketAlreadyOwnedByYou",
            "DBClusterAlreadyExistsFault",
            "DBClusterSnapshotAlreadyExistsFault",
            "DBInstanceAlreadyExists",
            "DBParameterGroupAlreadyExists",
            "DBSnapshotAlreadyExists",
            "DBSubnetGroupAlreadyExists",
            "DuplicateListener",
            "DuplicateLoadBalancerName",
            "DuplicateTargetGroupName",
            "DurableExecutionAlreadyStartedException",
            "EntityAlreadyExists",
            "ParameterAlreadyExists",
            "ResourceAlreadyExistsException",
            "ResourceExistsException",
        ),
        "the name is taken",
    ),
    # Somebody has to change a key, a right, a network or an object that is not ours.
    **dict.fromkeys(
        (
            "BlockedException",
            "DBUpgradeDependencyFailure",
            "DecryptionFailure",
            "EncryptionFailure",
            "FailedResourceAccessException",
            "InvalidVPCNetworkStateFault",
            "KMSKeyNotAccessibleFault",
            "ManagedRuleException",
            "OperationNotPermitted",
            "PreconditionNotMetException",
            "RegionDisabledException",
            "ServiceNotActiveException",
            "TrustStoreNotReady",
            "UnmodifiableEntity",
            "VpcEncryptionControlViolationException",
        ),
        "somebody has to change something first",
    ),
    # Of features that no object of ours has: a volume of provisioned IOPS, capacity providers.
    **dict.fromkeys(
        (
            "ClusterContainsCapacityProviderException",
            "ClusterContainsContainerInstancesException",
            "ProvisionedIopsNotAvailableInAZFault",
            "StorageTypeNotAvailableFault",
        ),
        "what it is about is never asked for",
    ),
    # The cluster's deletion waits for these by itself (ecs_cluster.py).
    **dict.fromkeys(
        ("ClusterContainsServicesException", "ClusterContainsTasksException"),
        "the object that asks waits for it",
    ),
    # Of functions in a VPC, with a file system, a snapshot or code elsewhere: ours have none.
    **dict.fromkeys(
        (
            "CodeArtifactUserDeletedException",
            "CodeArtifactUserFailedException",
            "CodeArtifactUserPendingException",
            "EC2AccessDeniedException",
            "EC2UnexpectedException",
            "EFSIOException",
            "EFSMountConnectivityException",
            "EFSMountFailureException",
            "EFSMountTimeoutException",
            "ENINotReadyException",
            "InvalidRuntimeException",
            "InvalidSecurityGroupIDException",
            "InvalidSubnetIDException",
            "InvalidZipFileException",
            "KMSAccessDeniedException",
            "KMSDisabledException",
            "KMSInvalidStateException",
            "ModeNotSupportedException",
            "NoPublishedVersionException",
            "RecursiveInvocationException",
            "RuntimeAliasDeletedException",
            "RuntimeVersionDeletedException",
            "S3FilesMountConnectivityException",
            "S3FilesMountFailureException",
            "S3FilesMountTimeoutException",
            "SnapStartException",
            "SnapStartNotReadyException",
            "SnapStartRegenerationFailureException",
            "SnapStartTimeoutException",
        ),
        "the function itself is broken, or has what ours never have",
    ),
    "PaginationTokenExpiredException": "a list is read at once, and read anew by the next look",
}
"""Errors behind which the same call would fail again, by the reason."""

OF_ITS_OWN = "rds-data"
"""Its client has tables of its own (data_api.py), which its own tests hold to the model."""


def codes() -> dict[str, set[str]]:
    """Return the documented error codes of all that we call, with the operations."""
    found: dict[str, set[str]] = {}
    for path in (FUNCTIONS / "cfn_mlflow").rglob("*.py"):
        for service, operation in operations_in(path):
            if service == OF_ITS_OWN:
                continue
            model = service_model(service).operation_model(operation)
            for shape in model.error_shapes:
                code = shape.metadata.get("error", {}).get("code", shape.name)
                found.setdefault(code, set()).add(f"{service}:{operation}")
    return found


CODES = codes()


def classes_of(code: str) -> list[str]:
    """Return by which tables an error is answered."""
    error = refused(code)
    temporary = any(code in table for table, _ in errors.PASSING)
    tables = {
        "temporary": temporary,
        "denied": code in errors.DENIED,
        "quota": bool(errors.QUOTA.search(code)) and not temporary,
        "no capacity": bool(errors.NO_CAPACITY.search(code)),
        "missing": errors.is_missing(error),
        "final": code in FINAL,
    }
    return [name for name, holds in tables.items() if holds]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "m"}}, "Operation")


def test_an_error_that_a_call_of_ours_can_have_is_in_one_table() -> None:
    unclear = {code: (classes_of(code), *calls) for code, calls in CODES.items()}
    assert {code: told for code, told in unclear.items() if len(told[0]) != 1} == {}


def test_an_error_is_temporary_where_its_table_says_so_and_nowhere_else() -> None:
    temporary = {code for code in CODES if classes_of(code) == ["temporary"]}
    told = {code: type(errors.explain("thing", refused(code))) for code in CODES}
    assert {code for code, kind in told.items() if kind is TemporaryError} == temporary
    assert {
        code for code, kind in told.items() if issubclass(kind, PermanentError)
    } == CODES.keys() - temporary


def test_every_final_error_is_one_that_a_call_of_ours_can_have() -> None:
    assert sorted(FINAL.keys() - CODES.keys()) == []
