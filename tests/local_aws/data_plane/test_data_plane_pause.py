"""A paused cluster wakes as Aurora's does, and a stopped one is out of reach."""

import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAwsError
from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.waiting import until

TO_ZERO = {"MinCapacity": 0, "MaxCapacity": 1, "SecondsUntilAutoPause": 300}
STOPPED = "database system is shut down"
CONNECTS = (
    "import os, psycopg2, sys\n"
    "try:\n psycopg2.connect('')\n"
    "except psycopg2.OperationalError as error:\n sys.exit(str(error))\n"
    "print('connected')"
)


@pytest.fixture(scope="module")
def database(lab: Lab) -> Database:
    return Database.create(lab, "zero", "zero-1", ServerlessV2ScalingConfiguration=TO_ZERO)


def code(database: Database) -> str:
    """Return the name of the Data API's refusal, or '' for success."""
    try:
        database.ask("SELECT 1")
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def client_task(lab: Lab, database: Database) -> str:
    """Return the task definition of a client that connects once through the endpoint."""
    variables = {
        "PGHOST": database.cluster["Endpoint"],
        "PGDATABASE": "mlflow",
        "PGSSLMODE": "require",
    }
    return lab.define(
        "client",
        {
            "command": ["python", "-c", CONNECTS],
            "environment": [{"name": key, "value": value} for key, value in variables.items()],
            "secrets": [
                {"name": "PGUSER", "valueFrom": f"{database.secret}:username::"},
                {"name": "PGPASSWORD", "valueFrom": f"{database.secret}:password::"},
            ],
        },
    )


def exit_code(task: dict[str, Any]) -> int:
    return int(task["containers"][0]["exitCode"])


def test_a_cluster_that_may_pause_says_after_how_long(database: Database) -> None:
    assert database.cluster["ServerlessV2ScalingConfiguration"] == TO_ZERO


def test_paused_cluster_resumes_and_answers_soon_when_the_data_api_is_asked(
    database: Database,
) -> None:
    database.ask("CREATE TABLE kept (a int)")
    database.lab.aws.pause_cluster(database.name)
    assert set(database.states()) == {"available"}
    with pytest.raises(ClientError, match="is resuming after being auto-paused") as error:
        database.ask("SELECT 1")
    assert error.value.response["Error"]["Code"] == "DatabaseResumingException"
    assert code(database) == "DatabaseResumingException"
    until(lambda: code(database), lambda found: not found)
    assert database.rows("SELECT count(*) FROM kept") == [[0]]


def test_client_of_a_paused_cluster_fails_first_and_succeeds_later(
    lab: Lab, database: Database
) -> None:
    client = client_task(lab, database)
    lab.aws.pause_cluster(database.name)
    task = lab.run(client)
    assert exit_code(task) == 1
    assert any("closed the connection unexpectedly" in line for line in lab.log(task, "client"))
    until(lambda: exit_code(lab.run(client)), lambda found: found == 0)


def test_given_nobody_is_connected_for_long_enough_then_the_cluster_pauses_by_itself(
    lab: Lab,
) -> None:
    # Three seconds here.
    soon = {**TO_ZERO, "SecondsUntilAutoPause": 30}
    idle = Database.create(lab, "idle", "idle-1", ServerlessV2ScalingConfiguration=soon)
    until(lambda: code(idle), lambda found: not found)
    api = lab.client("rds-data")
    names = {"resourceArn": idle.cluster["DBClusterArn"], "secretArn": idle.secret}
    transaction = api.begin_transaction(**names, database="mlflow")["transactionId"]
    log = next(Path(lab.aws.state).glob("databases/*-idle-data/postgresql.log"))
    stops = log.read_text().count(STOPPED)
    # An open connection keeps it awake, whether or not it is used.
    time.sleep(8)
    assert log.read_text().count(STOPPED) == stops
    idle.ask("SELECT 1", transactionId=transaction)
    api.rollback_transaction(**names, transactionId=transaction)
    until(lambda: log.read_text().count(STOPPED), lambda found: found > stops)
    assert code(idle) == "DatabaseResumingException"
    idle.delete()


def test_paused_cluster_wakes_for_a_change_of_its_master_password(
    lab: Lab, database: Database
) -> None:
    until(lambda: code(database), lambda found: not found)
    lab.aws.pause_cluster(database.name)
    lab.client("rds").modify_db_cluster(
        DBClusterIdentifier=database.name, RotateMasterUserPassword=True, ApplyImmediately=True
    )
    until(lambda: code(database), lambda found: not found)


def test_given_a_cluster_that_cannot_pause_then_the_control_says_why(lab: Lab) -> None:
    Database.create(lab, "steady")
    with pytest.raises(LocalAwsError, match="its MinCapacity is not 0"):
        lab.aws.pause_cluster("steady")
    with pytest.raises(LocalAwsError, match="There is no DB cluster nothing"):
        lab.aws.pause_cluster("nothing")


def connects(lab: Lab, host: str) -> bool:
    """Whether something listens at the endpoint, asked through the laptop's proxy."""
    proxy = urlsplit(lab.aws.proxy)
    with socket.create_connection((proxy.hostname, proxy.port or 0), timeout=10) as connection:
        connection.sendall(f"CONNECT {host}:5432 HTTP/1.1\r\n\r\n".encode())
        return b" 200 " in connection.recv(1000)


def test_a_stopped_cluster_is_out_of_reach_until_it_is_started_with_its_data(lab: Lab) -> None:
    rds = lab.client("rds")
    database = Database.create(lab, "halted", "halted-1")
    database.ask("CREATE TABLE kept (a int)")
    assert connects(lab, database.cluster["Endpoint"])
    stopping = rds.stop_db_cluster(DBClusterIdentifier="halted")["DBCluster"]
    assert stopping["Status"] == "stopping"
    until(database.states, lambda states: set(states) == {"stopped"})
    assert not connects(lab, database.cluster["Endpoint"])
    assert code(database) == "InvalidResourceStateException"
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        rds.stop_db_cluster(DBClusterIdentifier="halted")
    with pytest.raises(ClientError, match="InvalidDBClusterStateFault"):
        rds.create_db_instance(
            DBInstanceIdentifier="halted-2",
            DBClusterIdentifier="halted",
            Engine="aurora-postgresql",
            DBInstanceClass="db.serverless",
        )

    starting = rds.start_db_cluster(DBClusterIdentifier="halted")["DBCluster"]
    assert starting["Status"] == "starting"
    until(database.states, lambda states: set(states) == {"available"})
    assert database.rows("SELECT count(*) FROM kept") == [[0]]
