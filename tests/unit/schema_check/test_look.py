"""A look at a database that cannot be read reports a state and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.schema_check.check import State
from cfn_mlflow.schema_check.look import Watcher
from tests.support.objects.service_kit import ACCOUNT, HEAD, REGION, boto

CLUSTER = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:mlflow"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mlflow-service-AbCdEf"


@pytest.fixture
def data_api(aws: None) -> Iterator[Stubber]:
    boto("rds").create_db_cluster(
        DBClusterIdentifier="mlflow",
        Engine="aurora-postgresql",
        MasterUsername="master",
        ManageMasterUserPassword=True,
    )
    with Stubber(session.client("rds-data")) as stubber:
        yield stubber


def watcher() -> Watcher:
    return Watcher(Database(CLUSTER, SECRET, "mlflow"), HEAD)


def refuse(data_api: Stubber, code: str, message: str = "") -> None:
    data_api.add_client_error("begin_transaction", code, message)


def test_given_a_paused_database_then_the_first_look_wakes_it_and_later_ones_wait(
    data_api: Stubber,
) -> None:
    looking = watcher()
    states = []
    for _ in range(3):
        refuse(data_api, "DatabaseResumingException", "The instance is resuming.")
        states.append(looking.look().state)
    assert states == [State.PAUSED, State.WAKING, State.WAKING]


def test_given_it_is_not_up_yet_after_it_was_woken_then_it_is_waking_still(
    data_api: Stubber,
) -> None:
    looking = watcher()
    refuse(data_api, "DatabaseResumingException")
    looking.look()
    refuse(data_api, "DatabaseUnavailableException")
    assert looking.look().state is State.WAKING


@pytest.mark.parametrize(
    "code",
    [
        "DatabaseUnavailableException",
        "DatabaseNotFoundException",
        "InvalidResourceStateException",
        "ThrottlingException",
    ],
)
def test_database_that_does_not_answer_is_unreachable_and_its_status_is_told(
    data_api: Stubber, code: str
) -> None:
    refuse(data_api, code)
    report = watcher().look()
    assert (report.state, report.retryable) == (State.UNREACHABLE, True)
    assert report.reason.startswith("The cluster is available. ")
    assert code in report.reason
    assert "has an instance" in report.advice


def test_given_a_cluster_that_somebody_stopped_then_it_says_start_it(data_api: Stubber) -> None:
    boto("rds").stop_db_cluster(DBClusterIdentifier="mlflow")
    refuse(data_api, "DatabaseUnavailableException")
    report = watcher().look()
    assert (report.state, report.retryable) == (State.STOPPED, False)
    assert report.reason.startswith("The cluster is stopped.")
    assert "aws rds start-db-cluster" in report.advice


def test_given_there_is_no_such_cluster_then_no_waiting_helps(data_api: Stubber) -> None:
    boto("rds").delete_db_cluster(DBClusterIdentifier="mlflow", SkipFinalSnapshot=True)
    refuse(data_api, "DatabaseNotFoundException")
    report = watcher().look()
    assert (report.state, report.reason) == (State.REFUSED, f"RDS knows no {CLUSTER}.")


@pytest.mark.parametrize(
    ("code", "message", "advice"),
    [
        ("HttpEndpointNotEnabledException", "", "aws rds enable-http-endpoint"),
        ("AccessDeniedException", "", "cfn-mlflow:allow"),
        ("SecretsErrorException", "The secret wasn't found.", "username and password"),
        ("BadRequestException", 'FATAL: password authentication failed for user "a"', "password"),
        ("DatabaseErrorException", "ERROR: permission denied; SQLState: 42501", "GRANT SELECT"),
        ("StatementTimeoutException", "SQLState: 57014", "Mend what is refused"),
    ],
)
def test_given_a_refusal_then_it_is_told_with_what_can_be_done(
    data_api: Stubber, code: str, message: str, advice: str
) -> None:
    refuse(data_api, code, message)
    report = watcher().look()
    assert (report.state, report.retryable, report.sound) == (State.REFUSED, False, False)
    assert code in report.reason
    assert advice in report.advice
    assert len(report.advice.encode()) <= 240
