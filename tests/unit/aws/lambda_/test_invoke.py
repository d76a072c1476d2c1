"""The hand-off as Lambda takes it, and what Lambda may answer."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.outcome import PermanentError, TemporaryError

pytestmark = pytest.mark.usefixtures("aws")


def test_a_hand_off_is_an_asynchronous_invocation_with_the_payload_as_it_is() -> None:
    with Stubber(client("lambda")) as stub:
        stub.add_response(
            "invoke",
            {"StatusCode": 202},
            {"FunctionName": "cfn-mlflow-MLflow", "InvocationType": "Event", "Payload": b"{}"},
        )
        Functions().invoke("cfn-mlflow-MLflow", b"{}")
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequestsException", TemporaryError),
        ("ServiceException", TemporaryError),
        ("ResourceConflictException", TemporaryError),
        ("AccessDeniedException", PermanentError),
        ("RequestTooLargeException", PermanentError),
        ("ResourceNotFoundException", PermanentError),
    ],
)
def test_what_lambda_answers_is_one_of_the_two_kinds(code: str, kind: type[Exception]) -> None:
    with Stubber(client("lambda")) as stub:
        stub.add_client_error("invoke", code, "as Lambda says it")
        with pytest.raises(kind):
            Functions().invoke("cfn-mlflow-MLflow", b"{}")
