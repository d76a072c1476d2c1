"""The Data API's client, against botocore's own model of the service."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.rdsdata import database as data_api
from cfn_mlflow.aws.rdsdata.database import (
    DataApiError,
    Database,
    ResumingError,
    StatementTimeoutError,
    UnavailableError,
)
from cfn_mlflow.aws.rdsdata.read_only import read_only
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

CLUSTER = "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-AbCdEf"
DATABASE = Database(CLUSTER, SECRET, "mlflow")


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """RDS, which says nothing unless a test lets it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    session.forget_clients()
    with Stubber(session.client("rds")) as stubber:
        yield stubber
    session.forget_clients()


@pytest.fixture
def service(rds: Stubber) -> Iterator[Stubber]:
    with Stubber(session.client("rds-data")) as stubber:
        yield stubber


def refuse(service: Stubber, code: str, message: str, status: int = 400) -> None:
    service.add_client_error("execute_statement", code, message, status)


def test_rows_come_by_column_name_with_each_kind_of_value(service: Stubber) -> None:
    names = ["text", "number", "truth", "share", "nothing"]
    service.add_response(
        "execute_statement",
        {
            "columnMetadata": [{"name": f"column{i}", "label": n} for i, n in enumerate(names)],
            "records": [
                [
                    {"stringValue": "a"},
                    {"longValue": 7},
                    {"booleanValue": False},
                    {"doubleValue": 0.5},
                    {"isNull": True},
                ]
            ],
        },
    )
    assert DATABASE.query("SELECT 1") == [
        {"text": "a", "number": 7, "truth": False, "share": 0.5, "nothing": None}
    ]


def test_parameters_go_by_name_in_the_type_they_have(service: Stubber) -> None:
    service.add_response(
        "execute_statement",
        {"numberOfRecordsUpdated": 3},
        {
            "resourceArn": CLUSTER,
            "secretArn": SECRET,
            "database": "mlflow",
            "sql": "UPDATE t SET a = :a, b = :b, c = :c, d = :d, e = :e",
            "parameters": [
                {"name": "a", "value": {"stringValue": "x"}},
                {"name": "b", "value": {"longValue": 1}},
                {"name": "c", "value": {"booleanValue": True}},
                {"name": "d", "value": {"doubleValue": 0.5}},
                {"name": "e", "value": {"isNull": True}},
            ],
            "includeResultMetadata": True,
        },
    )
    changed = DATABASE.execute(
        "UPDATE t SET a = :a, b = :b, c = :c, d = :d, e = :e",
        {"a": "x", "b": 1, "c": True, "d": 0.5, "e": None},
    )
    assert changed == 3


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("DatabaseResumingException", "The instance is resuming after being auto-paused."),
        ("DatabaseUnavailableException", ""),
        ("DatabaseNotFoundException", "The DB cluster doesn't have a DB instance."),
        ("InvalidResourceStateException", "The resource is in an invalid state."),
        ("ServiceUnavailableError", ""),
        ("StatementTimeoutException", "Request timed out"),
        ("ThrottlingException", "Rate exceeded"),
        ("BadRequestException", "Communications link failure"),
        ("SecretsErrorException", "RDS Data API timed out retrieving the secret."),
        ("DatabaseErrorException", "FATAL: the database system is starting up; SQLState: 57P03"),
        ("DatabaseErrorException", "FATAL: too many connections; SQLState: 53300"),
        ("DatabaseErrorException", "ERROR: deadlock detected; SQLState: 40P01"),
    ],
)
def test_what_passes_by_itself_is_temporary(service: Stubber, code: str, message: str) -> None:
    refuse(service, code, message)
    with pytest.raises(TemporaryError):
        DATABASE.query("SELECT 1")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("HttpEndpointNotEnabledException", ""),
        ("BadRequestException", "HttpEndpoint is not enabled for resource c"),
    ],
)
def test_given_rds_says_that_the_data_api_is_on_then_its_no_is_temporary(
    service: Stubber, rds: Stubber, code: str, message: str
) -> None:
    for operation in ("execute_statement", "begin_transaction"):
        service.add_client_error(operation, code, message, 400)
    cluster = {"DBClusterArn": CLUSTER, "HttpEndpointEnabled": True}
    asked = {"DBClusterIdentifier": "mlflow"}
    for _ in range(2):
        rds.add_response("describe_db_clusters", {"DBClusters": [cluster]}, asked)
    with pytest.raises(UnavailableError, match="RDS says that it is on"):
        DATABASE.query("SELECT 1")
    with pytest.raises(UnavailableError, match="RDS says that it is on"), read_only(DATABASE):
        raise AssertionError("nothing was begun")


def test_a_server_error_is_temporary_after_botocores_own_tries(service: Stubber) -> None:
    for _ in range(3):
        refuse(service, "InternalServerErrorException", "", 500)
    with pytest.raises(TemporaryError):
        DATABASE.query("SELECT 1")


def test_a_service_that_cannot_be_reached_is_temporary(
    service: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.deactivate()
    monkeypatch.setenv("AWS_ENDPOINT_URL_RDS_DATA", "http://127.0.0.1:1")
    session.forget_clients()
    with pytest.raises(TemporaryError, match="EndpointConnectionError"):
        DATABASE.query("SELECT 1")


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (
            "BadRequestException",
            'FATAL: password authentication failed for user "a"',
            "LoginRefusedError",
        ),
        (
            "DatabaseErrorException",
            'FATAL: password authentication failed for user "a"; SQLState: 28P01',
            "LoginRefusedError",
        ),
        ("HttpEndpointNotEnabledException", "", "EndpointDisabledError"),
        (
            "BadRequestException",
            "HttpEndpoint is not enabled for resource c",
            "EndpointDisabledError",
        ),
        (
            "AccessDeniedException",
            "User: u is not authorized to perform: rds-data:ExecuteStatement",
            "AccessDeniedError",
        ),
        ("ForbiddenException", "", "AccessDeniedError"),
        ("SecretsErrorException", "The secret provided wasn't found.", "SecretUnusableError"),
        ("InvalidSecretException", "", "SecretUnusableError"),
        (
            "StatementTimeoutException",
            "ERROR: canceling statement due to statement timeout; SQLState: 57014",
            "StatementTimeoutError",
        ),
        (
            "DatabaseErrorException",
            "ERROR: canceling statement due to statement timeout; SQLState: 57014",
            "StatementTimeoutError",
        ),
        (
            "DatabaseErrorException",
            'ERROR: relation "t" does not exist; Position: 15; SQLState: 42P01',
            "NoSuchTableError",
        ),
        (
            "DatabaseErrorException",
            "ERROR: permission denied for table t; SQLState: 42501",
            "InsufficientPrivilegeError",
        ),
        (
            "BadRequestException",
            "Database returned more than the allowed response size limit",
            "ResultTooLargeError",
        ),
        (
            "DatabaseErrorException",
            "ERROR: syntax error; Position: 1; SQLState: 42601",
            "StatementFailedError",
        ),
        ("SomethingNewException", "what?", "StatementFailedError"),
    ],
)
def test_what_does_not_pass_is_told_apart(
    service: Stubber, code: str, message: str, kind: str
) -> None:
    refuse(service, code, message)
    with pytest.raises(PermanentError) as raised:
        DATABASE.query("SELECT 1")
    assert type(raised.value).__name__ == kind
    assert code in str(raised.value)


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        ("DatabaseErrorException", "no; SQLState: 28P01", Reason.LoginRefused),
        ("SecretsErrorException", "no", Reason.SecretUnusable),
        ("AccessDeniedException", "no", Reason.AccessDenied),
        ("HttpEndpointNotEnabledException", "no", Reason.DatabaseRefused),
        ("DatabaseErrorException", "no; SQLState: 42P01", Reason.DatabaseRefused),
    ],
)
def test_each_kind_of_refusal_has_its_code(
    service: Stubber, code: str, message: str, reason: Reason
) -> None:
    refuse(service, code, message)
    with pytest.raises(DataApiError) as raised:
        DATABASE.query("SELECT 1")
    assert raised.value.reason is reason


def test_the_sql_state_is_kept(service: Stubber) -> None:
    refuse(service, "DatabaseErrorException", "ERROR: role exists; SQLState: 42710")
    with pytest.raises(DataApiError) as raised:
        DATABASE.execute("CREATE ROLE a")
    assert raised.value.sql_state == "42710"


def test_no_value_of_a_statement_is_in_an_exception_or_its_traceback(service: Stubber) -> None:
    verifier = "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVk:c2VydmVy"
    refuse(
        service,
        "DatabaseErrorException",
        f"ERROR: syntax error at or near \"'{verifier}'\" beside it's own word; SQLState: 42601",
    )
    with pytest.raises(DataApiError) as raised:
        DATABASE.execute(
            f"ALTER ROLE a PASSWORD '{verifier}' VALID UNTIL 'it''s own word'", {"x": "the value"}
        )
    shown = "".join(traceback.format_exception(raised.value))
    assert verifier not in shown
    assert "it's own word" not in shown
    assert "syntax error" in shown


def test_every_error_that_the_services_model_names_is_answered_on_purpose() -> None:
    model = botocore.session.get_session().get_service_model("rds-data")
    named = {shape.name for shape in model.operation_model("ExecuteStatement").error_shapes}
    answered = data_api._TEMPORARY_CODES | data_api._BY_CODE.keys()
    assert named - answered == {
        "BadRequestException",  # told by its words
        "DatabaseErrorException",  # told by its SQLState
    }


def test_every_error_of_beginning_a_transaction_is_answered_on_purpose_too() -> None:
    model = botocore.session.get_session().get_service_model("rds-data")
    named = {shape.name for shape in model.operation_model("BeginTransaction").error_shapes}
    answered = data_api._TEMPORARY_CODES | data_api._BY_CODE.keys()
    assert named - answered == {"BadRequestException", "DatabaseErrorException"}


def test_a_paused_database_is_told_from_one_that_is_not_available(service: Stubber) -> None:
    refuse(service, "DatabaseResumingException", "The instance is resuming.")
    with pytest.raises(ResumingError):
        DATABASE.query("SELECT 1")
    refuse(service, "DatabaseUnavailableException", "")
    with pytest.raises(UnavailableError) as raised:
        DATABASE.query("SELECT 1")
    assert not isinstance(raised.value, ResumingError)


def begins(service: Stubber) -> None:
    service.add_response(
        "begin_transaction",
        {"transactionId": "T"},
        {"resourceArn": CLUSTER, "secretArn": SECRET, "database": "mlflow"},
    )
    executes(service, "SET TRANSACTION READ ONLY")


def executes(service: Stubber, sql: str) -> None:
    service.add_response(
        "execute_statement",
        {"numberOfRecordsUpdated": 0},
        {
            "resourceArn": CLUSTER,
            "secretArn": SECRET,
            "database": "mlflow",
            "sql": sql,
            "parameters": [],
            "includeResultMetadata": True,
            "transactionId": "T",
        },
    )


def rolls_back(service: Stubber) -> None:
    service.add_response(
        "rollback_transaction",
        {"transactionStatus": "Rollback Complete"},
        {"resourceArn": CLUSTER, "secretArn": SECRET, "transactionId": "T"},
    )


def test_reading_is_one_read_only_transaction_that_is_rolled_back(service: Stubber) -> None:
    begins(service)
    executes(service, "SELECT 1")
    rolls_back(service)
    with read_only(DATABASE) as reader:
        assert reader.query("SELECT 1") == []
    service.assert_no_pending_responses()


def test_a_transaction_is_rolled_back_whatever_happens_in_it(service: Stubber) -> None:
    begins(service)
    refuse(service, "StatementTimeoutException", "SQLState: 57014")
    rolls_back(service)
    with pytest.raises(StatementTimeoutError), read_only(DATABASE) as reader:
        reader.query("SELECT 1")
    service.assert_no_pending_responses()


def test_a_rollback_that_fails_changes_nothing_of_what_was_read(service: Stubber) -> None:
    begins(service)
    service.add_client_error("rollback_transaction", "TransactionNotFoundException", "", 404)
    with read_only(DATABASE):
        pass
    service.assert_no_pending_responses()


def test_a_paused_database_is_told_at_the_begin_of_a_transaction_too(service: Stubber) -> None:
    service.add_client_error("begin_transaction", "DatabaseResumingException", "")
    with pytest.raises(ResumingError), read_only(DATABASE):
        raise AssertionError("nothing was begun")
