"""An error that means not yet is looked at again, and not for ever; another one stands at once."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.core.eventual_consistency import LOOKS, NotYet
from cfn_mlflow.outcome import TemporaryError


def error(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateService")


@pytest.mark.parametrize(
    "not_yet",
    [
        error("InvalidParameterException", "Unable to assume the service linked role."),
        error("ValidationException", "Unable to assume IAM role: arn:aws:iam::1:role/x"),
        error("InvalidParameterException", "Creation of service was not idempotent."),
        error(
            "InvalidParameterException",
            "The target group with targetGroupArn x does not have an associated load balancer.",
        ),
        error("DuplicateTargetGroupName"),
        error("DuplicateListener"),
    ],
)
def test_given_what_was_just_made_then_it_is_looked_at_again_so_many_times(
    not_yet: ClientError,
) -> None:
    patient = NotYet()
    for _ in range(LOOKS):
        with pytest.raises(TemporaryError), patient.patience():
            raise not_yet
    with pytest.raises(ClientError), patient.patience():
        raise not_yet


@pytest.mark.parametrize(
    "final",
    [
        error("AccessDeniedException", "not allowed to create the service linked role"),
        error("InvalidParameterException", "No such subnet"),
        ValueError("service linked role"),
    ],
)
def test_given_any_other_error_then_it_stands_at_once(final: Exception) -> None:
    with pytest.raises(type(final)), NotYet().patience():
        raise final
