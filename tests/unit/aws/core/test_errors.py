"""What a user reads when AWS refuses a call: its words, its code, and the next step."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.calls import AlreadyThereError, DeniedError, NotFoundError, NotKnownYetError
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason


def reason_of(operation: str, code: str, said: str) -> str:
    error = ClientError({"Error": {"Code": code, "Message": said}}, operation)
    reason = explain("client security group", error)
    assert isinstance(reason, PermanentError)
    return str(reason)


def test_an_id_that_is_not_there_is_told_with_the_next_step() -> None:
    said = "The vpc ID 'vpc-0a1b2c3d4e5f60718' does not exist"

    assert reason_of("CreateSecurityGroup", "InvalidVpcID.NotFound", said) == (
        f"client security group: CreateSecurityGroup did not find what it was given "
        f"(InvalidVpcID.NotFound): {said}. If a property names it, name one of this account and "
        f"Region. Then deploy again"
    )


def test_an_object_of_ours_that_is_not_to_be_seen_is_not_called_the_users_choice() -> None:
    said = "The security group 'sg-0a1b2c3d4e5f60718' does not exist"
    reason = reason_of("AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound", said)
    assert f"{said}. If a property names it, " in reason
    assert reason.endswith(". Then deploy again")


def test_a_value_that_aws_refuses_is_told_with_the_next_step() -> None:
    said = "Cannot find version 17.99 for aurora-postgresql"

    assert reason_of("CreateDBCluster", "InvalidParameterCombination", said) == (
        f"client security group: CreateDBCluster was refused (InvalidParameterCombination): "
        f"{said}. Correct that, then deploy again"
    )


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("AccessDeniedException", "no permission to create the service linked role", DeniedError),
        ("UnauthorizedOperation", "not authorized", DeniedError),
        ("LoadBalancerNotFound", "not found", NotFoundError),
        ("NoSuchEntity", "cannot be found", NotFoundError),
        ("DBClusterAlreadyExistsFault", "exists", AlreadyThereError),
        ("DuplicateListener", "exists", AlreadyThereError),
        ("DuplicateTargetGroupName", "exists", AlreadyThereError),
        ("InvalidParameterException", "Unable to assume the service linked role", NotKnownYetError),
        ("ValidationException", "Unable to assume IAM role: arn:aws:iam::1:role", NotKnownYetError),
        ("InvalidParameterException", "Creation was not idempotent.", NotKnownYetError),
        (
            "InvalidParameterException",
            "The target group with targetGroupArn x does not have an associated load balancer.",
            NotKnownYetError,
        ),
        ("InvalidParameterException", "No such subnet", PermanentError),
        ("BucketAlreadyExists", "of another account", PermanentError),
    ],
)
def test_an_error_says_by_its_class_whether_it_may_pass_after_our_own_create(
    code: str, said: str, kind: type[PermanentError]
) -> None:
    error = ClientError({"Error": {"Code": code, "Message": said}}, "CreateService")
    assert type(explain("ECS service", error)) is kind


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDenied", Reason.AccessDenied),
        ("DBClusterQuotaExceededFault", Reason.QuotaReached),
        ("VpcLimitExceeded", Reason.QuotaReached),
        ("InsufficientDBClusterCapacityFault", Reason.NoCapacity),
        ("InvalidVpcID.NotFound", Reason.NotFound),
        ("EntityAlreadyExists", Reason.OwnershipConflict),
        ("DBClusterAlreadyExistsFault", Reason.OwnershipConflict),
        ("InvalidParameterCombination", Reason.CallRefused),
    ],
)
def test_each_kind_of_refusal_has_its_code(code: str, reason: Reason) -> None:
    explained = explain("thing", ClientError({"Error": {"Code": code}}, "CreateThing"))

    assert isinstance(explained, PermanentError)
    assert explained.reason is reason
