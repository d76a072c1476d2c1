"""Turn AWS's errors into the engine's two kinds: TemporaryError and PermanentError."""

from __future__ import annotations

import re

from cfn_mlflow.engine.calls import AlreadyThereError, DeniedError, NotFoundError, NotKnownYetError
from cfn_mlflow.outcome import Cause, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "PriorRequestNotComplete",
    "SlowDown",
    "TransactionInProgressException",
    "EC2ThrottledException",
}
UNAVAILABLE = {
    "DependencyTimeoutException",
    "HealthUnavailable",
    "InternalError",
    "InternalException",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "InternalServiceException",
    "InternalServiceErrorException",
    "InternalServerErrorException",
    "KMSInternalException",
    "ServerException",
    "ServiceException",
    "ServiceFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ServiceUnavailableError",
    "DatabaseUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "503",
    "500",
}
BUSY = {
    "EntityTemporarilyUnmodifiable",
    "TooManyUpdates",
    "ConcurrentAccess",
    "ConcurrentModification",
    "ConcurrentModificationException",
    "ConcurrentUpdateException",
    "CapacityReservationPending",
    "ConflictException",
    "DependencyViolation",
    "DeleteConflict",
    "InvalidDBCapacityReservationState",
    "InvalidDBClusterEndpointStateFault",
    "InvalidDBClusterSnapshotStateFault",
    "InvalidDBClusterStateFault",
    "InvalidDBInstanceState",
    "InvalidDBParameterGroupState",
    "InvalidDBSecurityGroupState",
    "InvalidDBSnapshotState",
    "InvalidDBSubnetGroupStateFault",
    "InvalidDBSubnetStateFault",
    "InvalidGlobalClusterStateFault",
    "InvalidResourceStateFault",
    "OperationAborted",
    "OperationAbortedException",
    "ResourceConflict",
    "ResourceConflictException",
    "ResourceInUse",
    "ResourceInUseException",
    "ResourceNotReadyException",
    "UpdateInProgressException",
}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthFailure",
    "ForbiddenException",
    "403",
}
ALREADY_THERE = {
    "BucketAlreadyOwnedByYou",
    "DBClusterAlreadyExistsFault",
    "DBClusterSnapshotAlreadyExistsFault",
    "DBInstanceAlreadyExists",
    "DBParameterGroupAlreadyExists",
    "DBSubnetGroupAlreadyExists",
    "DuplicateListener",
    "DuplicateLoadBalancerName",
    "DuplicateTargetGroupName",
    "EntityAlreadyExists",
    "InvalidGroup.Duplicate",
    "InvalidPermission.Duplicate",
    "ResourceAlreadyExistsException",
    "ResourceExistsException",
}
"""The error codes for the create of an object that exists, but was not observed."""
NOT_KNOWN_YET = re.compile(
    r"service[- ]linked role|unable to assume|role is not valid|was not idempotent"
    r"|does not have an associated load balancer",
    re.IGNORECASE,
)
"""What AWS says of a role or a listener that was just made and is not known everywhere.

The first use of a service in an account makes a service-linked role, too.
"""
QUOTA = re.compile(r"Quota|LimitExceeded|LimitReached|AssociationLimit$|TooMany")
NO_CAPACITY = re.compile(r"^Insufficient\w*Capacity")
UNREACHABLE = {
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ConnectionError",
    "ConnectionClosedError",
    "HTTPClientError",
    "ResponseStreamingError",
}
PASSING = (
    (THROTTLED, "AWS asks to slow down"),
    (UNAVAILABLE, "AWS is not available"),
    (BUSY, "not possible at this moment"),
)


def code(error: Exception) -> str:
    """Return AWS's error code, such as `DBClusterNotFoundFault`; empty if it has none."""
    answer = getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def is_missing(error: Exception) -> bool:
    """Return whether AWS says that the object is not there."""
    return bool(re.search(r"NotFound|NoSuch|DoesNotExist|^404$", code(error)))


def explain(label: str, error: Exception) -> Exception:
    """Return the error as TemporaryError or PermanentError; one that is not AWS's, as it is.

    A PermanentError that may pass after our own create or change says so by its class.
    """
    if type(error).__name__ in UNREACHABLE:
        return TemporaryError("AWS cannot be reached; trying again")
    found = code(error)
    if not found:
        return error
    for codes, words in PASSING:
        if found in codes:
            return TemporaryError(f"{words} ({found})")
    cause = _cause(found, error)
    return _kind(found, error)(cause.reason, f"{label}: {cause.words}")


def _kind(found: str, error: Exception) -> type[PermanentError]:
    """Return the kind of an error that does not pass by itself."""
    if found in DENIED:
        return DeniedError
    if found in ALREADY_THERE:
        return AlreadyThereError
    if NOT_KNOWN_YET.search(str(error)):
        return NotKnownYetError
    return NotFoundError if is_missing(error) else PermanentError


def _cause(found: str, error: Exception) -> Cause:
    operation, said = getattr(error, "operation_name", "a call"), _said(error)
    if found in DENIED:
        return Cause(
            Reason.AccessDenied,
            f"{operation} is not allowed: {said}. Allow it to the provider's role (or lift what "
            f"denies it), then deploy again",
        )
    if QUOTA.search(found):
        return Cause(
            Reason.QuotaReached,
            f"a quota of the account is reached ({found}): {said}. Raise it in Service Quotas or "
            f"remove what is not needed, then deploy again",
        )
    if NO_CAPACITY.search(found):
        return Cause(
            Reason.NoCapacity,
            f"AWS has no room for it in these Availability Zones ({found}): {said}. Deploy again "
            f"later, or name subnets in others",
        )
    if found in ALREADY_THERE:
        return Cause(
            Reason.OwnershipConflict,
            f"{operation} was refused, as the object is there already ({found}): {said}. Remove "
            f"or rename it, then deploy again",
        )
    if is_missing(error):
        return Cause(
            Reason.NotFound,
            f"{operation} did not find what it was given ({found}): {said}. If a property names "
            f"it, name one of this account and Region. Then deploy again",
        )
    return Cause(
        Reason.CallRefused,
        f"{operation} was refused ({found}): {said}. Correct that, then deploy again",
    )


def _said(error: Exception) -> str:
    answer = getattr(error, "response", {})
    text = " ".join(str(answer.get("Error", {}).get("Message", "")).split())
    return text[:200].rstrip(" .")
