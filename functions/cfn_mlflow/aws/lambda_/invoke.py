"""Invoking a Lambda function without waiting for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_mlflow.aws.core.errors import code, explain
from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

NOT_NOW = {"ServiceException", "ResourceConflictException", "ResourceNotReadyException"}
"""Lambda's words for a fault of its own, and for a function whose code is just being replaced."""


class Functions:
    """What the protocol hands a request on by."""

    def invoke(self, function_name: str, payload: bytes) -> None:
        """Invoke a function asynchronously; it is queued when this returns.

        Rests on `lambda:InvokeFunction` with the invocation type Event, whose payload may have
        1 MB. Raises TemporaryError or PermanentError.
        """
        try:
            _lambda().invoke(FunctionName=function_name, InvocationType="Event", Payload=payload)
        except Exception as error:
            if code(error) in NOT_NOW:
                raise TemporaryError(f"Lambda cannot take it now ({code(error)})") from error
            raise explain("the function's next invocation", error) from error


def _lambda() -> LambdaClient:
    made: LambdaClient = own_client("lambda")
    return made
