"""Aurora in the local AWS: a real PostgreSQL that behaves as Aurora's does."""

import json
import socket
import ssl
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws.data_plane_kit import SCALING, Database, Lab
from tests.support.waiting import until

SSL_REQUEST = struct.pack("!II", 8, 80877103)


@pytest.fixture(scope="module")
def database(lab: Lab) -> Database:
    return Database.create(lab, "main", "main-writer", "main-reader")


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


def make_secret(lab: Lab, name: str, **value: str) -> str:
    found = lab.client("secretsmanager").create_secret(Name=name, SecretString=json.dumps(value))
    return str(found["ARN"])


def through_proxy(lab: Lab, host: str, port: int) -> socket.socket:
    """Return a connection to an AWS-shaped name, by way of the laptop's proxy."""
    proxy = urlsplit(lab.aws.proxy)
    connection = socket.create_connection((proxy.hostname, proxy.port or 0), timeout=10)
    connection.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\n\r\n".encode())
    assert b" 200 " in connection.recv(1000)
    return connection


def startup(user: str, database: str) -> bytes:
    words = f"user\0{user}\0database\0{database}\0\0".encode()
    return struct.pack("!II", len(words) + 8, 196608) + words


def test_given_a_cluster_without_an_instance_then_the_data_api_finds_no_database(lab: Lab) -> None:
    bare = Database.create(lab, "bare")
    with pytest.raises(ClientError) as error:
        bare.ask("SELECT 1")
    assert refusal(error)[0] == "DatabaseNotFoundException"


def test_a_cluster_and_its_instances_are_creating_before_they_are_available(lab: Lab) -> None:
    rds = lab.client("rds")
    cluster = rds.create_db_cluster(
        DBClusterIdentifier="young",
        Engine="aurora-postgresql",
        EngineVersion="16",
        MasterUsername="someone",
        MasterUserPassword="long enough".replace(" ", "-"),
        EnableCloudwatchLogsExports=["postgresql"],
        ServerlessV2ScalingConfiguration=SCALING,
    )["DBCluster"]
    instance = rds.create_db_instance(
        DBInstanceIdentifier="young-1",
        DBClusterIdentifier="young",
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )["DBInstance"]
    assert (cluster["Status"], instance["DBInstanceStatus"]) == ("creating", "creating")
    assert cluster["EngineVersion"].startswith("16.")
    assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"]
    young = Database(lab, "young", cluster)
    until(young.states, lambda states: states == ["available", "available"])


def test_writer_and_reader_stand_in_two_zones_under_aws_shaped_names(
    lab: Lab, database: Database
) -> None:
    instances = lab.client("rds").describe_db_instances()["DBInstances"]
    zones = {one["AvailabilityZone"] for one in instances if one["DBClusterIdentifier"] == "main"}
    assert zones == {"us-east-1a", "us-east-1b"}
    roles = {one["IsClusterWriter"] for one in database.cluster["DBClusterMembers"]}
    assert roles == {True, False}
    assert database.cluster["Endpoint"].endswith(".us-east-1.rds.amazonaws.com")
    assert ".cluster-ro-" in database.cluster["ReaderEndpoint"]
    assert database.cluster["Port"] == 5432


def test_the_master_is_no_superuser_and_owns_the_database(database: Database) -> None:
    role = database.rows(
        "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    assert role == [[False, True, True]]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert database.rows(owner) == [["mlflow"]]
    groups = database.rows(
        "SELECT rolname FROM pg_roles WHERE rolname IN "
        "('rds_superuser', 'pg_read_all_data', 'pg_write_all_data') "
        "AND pg_has_role(current_user, oid, 'MEMBER')"
    )
    assert groups == [["rds_superuser"]]


def test_given_tls_is_forced_when_a_client_comes_without_it_then_postgresql_refuses(
    lab: Lab, database: Database
) -> None:
    with through_proxy(lab, database.cluster["Endpoint"], 5432) as connection:
        connection.sendall(startup("mlflow", "mlflow"))
        answer = connection.recv(1000)
    assert answer.startswith(b"E")
    assert b"C28000" in answer
    assert b'no pg_hba.conf entry for host "127.' in answer
    assert b'user "mlflow", database "mlflow", no encryption' in answer


def test_certificate_that_is_trusted_verifies_against_the_endpoints_name(
    lab: Lab, database: Database
) -> None:
    authority = next(Path(lab.aws.state).glob("databases/*-main-data/tls/rds-ca.pem"))
    trust = ssl.create_default_context(cafile=str(authority))
    host = database.cluster["Endpoint"]
    with through_proxy(lab, host, 5432) as connection:
        connection.sendall(SSL_REQUEST)
        assert connection.recv(1) == b"S"
        with trust.wrap_socket(connection, server_hostname=host) as encrypted:
            encrypted.sendall(startup("mlflow", "mlflow"))
            answer = encrypted.recv(1000)
    # AuthenticationSASL: SCRAM without channel binding, which the server behind cannot offer.
    assert answer[:1] == b"R"
    assert answer[9:].split(b"\0")[0] == b"SCRAM-SHA-256"
    assert b"PLUS" not in answer


def test_given_force_ssl_is_off_in_the_parameter_group_then_a_client_needs_no_tls(lab: Lab) -> None:
    rds = lab.client("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="plain",
        DBParameterGroupFamily="aurora-postgresql17",
        Description="TLS is up to the client",
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName="plain",
        Parameters=[
            {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"},
            {"ParameterName": "max_connections", "ParameterValue": "77"},
        ],
    )
    plain = Database.create(lab, "plain", "plain-1", DBClusterParameterGroupName="plain")
    with through_proxy(lab, plain.cluster["Endpoint"], 5432) as connection:
        connection.sendall(startup("mlflow", "mlflow"))
        assert connection.recv(1000)[:1] == b"R"
    assert plain.rows("SHOW max_connections") == [["77"]]
    with pytest.raises(ClientError) as error:
        rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName="plain")
    assert refusal(error)[0] == "InvalidDBParameterGroupState"


def test_given_another_capacity_then_more_connections_are_taken_only_after_a_reboot(
    lab: Lab,
) -> None:
    rds = lab.client("rds")
    narrow = {"MinCapacity": 0.5, "MaxCapacity": 1.0}
    grown = Database.create(lab, "grown", "grown-1", ServerlessV2ScalingConfiguration=narrow)
    assert grown.rows("SHOW max_connections") == [["189"]]
    wide = {"MinCapacity": 0.5, "MaxCapacity": 64.0}
    rds.modify_db_cluster(
        DBClusterIdentifier="grown", ServerlessV2ScalingConfiguration=wide, ApplyImmediately=True
    )
    until(grown.states, lambda states: states == ["available", "available"])
    assert grown.rows("SHOW max_connections") == [["189"]]
    rds.reboot_db_instance(DBInstanceIdentifier="grown-1")
    until(grown.states, lambda states: states == ["available", "available"])
    assert grown.rows("SHOW max_connections") == [["2000"]]


def test_the_data_api_types_values_as_the_jdbc_driver_does(database: Database) -> None:
    answer = database.ask(
        "SELECT 1 AS one, 2.5::float8, true, NULL, 'x', 1.50::numeric, ARRAY[1, 2], "
        "'\\x01'::bytea, timestamptz '2026-01-02 03:04:05+01', '{\"a\": 1}'::jsonb",
        includeResultMetadata=True,
    )
    assert answer["records"] == [
        [
            {"longValue": 1},
            {"doubleValue": 2.5},
            {"booleanValue": True},
            {"isNull": True},
            {"stringValue": "x"},
            {"stringValue": "1.50"},
            {"arrayValue": {"longValues": [1, 2]}},
            {"blobValue": b"\x01"},
            {"stringValue": "2026-01-02 02:04:05"},
            {"stringValue": '{"a": 1}'},
        ]
    ]
    assert answer["columnMetadata"][0]["name"] == "one"
    assert [column["typeName"] for column in answer["columnMetadata"][:3]] == [
        "int4",
        "float8",
        "bool",
    ]
    as_json = database.ask("SELECT 1 AS one, 'x' AS two", formatRecordsAs="JSON")
    assert json.loads(as_json["formattedRecords"]) == [{"one": 1, "two": "x"}]


def test_parameters_are_bound_with_their_types(database: Database) -> None:
    ugly = "50% 'quoted' :not_one"
    values: list[Any] = [
        {"name": "number", "value": {"longValue": 4}},
        {"name": "text", "value": {"stringValue": ugly}},
        {"name": "id", "typeHint": "UUID", "value": {"stringValue": "0" * 32}},
    ]
    found = database.rows(
        "SELECT :number + 1, :text, :id, ':text', 1::int -- :text", parameters=values
    )
    assert found == [[5, ugly, "00000000-0000-0000-0000-000000000000", ":text", 1]]
    with pytest.raises(ClientError, match="character varying"):
        database.ask("SELECT 1 WHERE 1 = :text", parameters=values[1:2])
    # PostgreSQL binds nothing in a utility statement: a password would have to be a literal.
    with pytest.raises(ClientError, match="syntax error"):
        database.ask("CREATE ROLE someone PASSWORD :text", parameters=values[1:2])


def test_errors_of_sql_come_in_the_drivers_words(database: Database) -> None:
    with pytest.raises(ClientError) as error:
        database.ask("SELECT * FROM nothing")
    assert refusal(error) == (
        "DatabaseErrorException",
        'ERROR: relation "nothing" does not exist; SQLState: 42P01',
    )
    with pytest.raises(ClientError, match="Multistatements"):
        database.ask("SELECT 1; SELECT 2")
    with pytest.raises(ClientError, match="size limit"):
        database.ask("SELECT repeat('x', 2000000)")


def test_a_transaction_is_seen_by_others_only_once_it_is_committed(database: Database) -> None:
    api = database.lab.client("rds-data")
    names = {"resourceArn": database.cluster["DBClusterArn"], "secretArn": database.secret}
    database.ask("CREATE TABLE kept (a int)")
    transaction = api.begin_transaction(**names, database="mlflow")["transactionId"]
    database.ask("INSERT INTO kept VALUES (1)", transactionId=transaction)
    assert database.rows("SELECT count(*) FROM kept") == [[0]]
    api.commit_transaction(**names, transactionId=transaction)
    assert database.rows("SELECT count(*) FROM kept") == [[1]]
    transaction = api.begin_transaction(**names, database="mlflow")["transactionId"]
    database.ask("DELETE FROM kept", transactionId=transaction)
    api.rollback_transaction(**names, transactionId=transaction)
    assert database.rows("SELECT count(*) FROM kept") == [[1]]
    with pytest.raises(ClientError) as error:
        database.ask("SELECT 1", transactionId=transaction)
    assert refusal(error)[0] == "TransactionNotFoundException"
    batch = api.batch_execute_statement(
        **names,
        database="mlflow",
        sql="INSERT INTO kept VALUES (:a)",
        parameterSets=[[{"name": "a", "value": {"longValue": number}}] for number in (2, 3)],
    )
    assert len(batch["updateResults"]) == 2
    assert database.rows("SELECT sum(a) FROM kept") == [[6]]


def test_given_a_secret_with_a_wrong_password_then_the_login_fails(
    lab: Lab, database: Database
) -> None:
    wrong = make_secret(lab, "wrong", username="mlflow", password="no")
    with pytest.raises(ClientError) as error:
        database.ask("SELECT 1", secret=wrong)
    assert refusal(error) == (
        "BadRequestException",
        'FATAL: password authentication failed for user "mlflow"; SQLState: 28P01',
    )
    with pytest.raises(ClientError) as error:
        database.ask("SELECT 1", secret=database.secret.replace("rds!cluster", "nothing"))
    assert refusal(error)[0] == "SecretsErrorException"


def test_given_the_endpoint_is_off_then_the_data_api_refuses(lab: Lab, database: Database) -> None:
    rds, arn = lab.client("rds"), database.cluster["DBClusterArn"]
    rds.disable_http_endpoint(ResourceArn=arn)
    with pytest.raises(ClientError) as error:
        database.ask("SELECT 1")
    assert refusal(error)[0] == "HttpEndpointNotEnabledException"
    rds.enable_http_endpoint(ResourceArn=arn)
    assert database.rows("SELECT 1") == [[1]]


def test_a_new_master_password_is_really_the_roles_and_never_in_the_log(lab: Lab) -> None:
    changing = Database.create(lab, "changing", "changing-1")
    rds, secrets = lab.client("rds"), lab.client("secretsmanager")
    first = changing.secret
    described = secrets.describe_secret(SecretId=first)
    assert described["OwningService"] == "rds"
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    assert tags["aws:rds:primaryDBClusterArn"] == changing.cluster["DBClusterArn"]
    with pytest.raises(ClientError, match="managed by another service"):
        secrets.delete_secret(SecretId=first)
    old = json.loads(secrets.get_secret_value(SecretId=first)["SecretString"])["password"]

    rds.modify_db_cluster(
        DBClusterIdentifier="changing",
        ManageMasterUserPassword=False,
        MasterUserPassword="p!s's#w:o%rd",
        ApplyImmediately=True,
    )
    own = make_secret(lab, "own", username="mlflow", password="p!s's#w:o%rd")
    assert changing.rows("SELECT 1", secret=own) == [[1]]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        secrets.describe_secret(SecretId=first)

    rds.modify_db_cluster(
        DBClusterIdentifier="changing", ManageMasterUserPassword=True, ApplyImmediately=True
    )
    until(changing.states, lambda states: set(states) == {"available"})
    assert changing.rows("SELECT 1") == [[1]]
    assert changing.rows("SELECT 1", secret=own) == [[1]], "a session outlives its password"
    with pytest.raises(ClientError, match="28P01"):
        changing.ask(
            "SELECT 1", secret=make_secret(lab, "again", username="mlflow", password="p!s's#w:o%rd")
        )
    log = next(Path(lab.aws.state).glob("databases/*-changing-data/postgresql.log")).read_text()
    new = secrets.get_secret_value(SecretId=changing.secret)["SecretString"]
    assert "ALTER ROLE" in log
    for password in (old, "p!s's#w:o%rd", json.loads(new)["password"]):
        assert password not in log
        assert password.replace("'", "''") not in log


@pytest.mark.parametrize("service", ["rds", "secretsmanager"])
def test_rotation_changes_the_secret_and_the_masters_real_password_together(
    lab: Lab, service: str
) -> None:
    database = Database.create(lab, f"rotated-{service}", f"rotated-{service}-1")
    rds, secrets = lab.client("rds"), lab.client("secretsmanager")
    before = json.loads(secrets.get_secret_value(SecretId=database.secret)["SecretString"])
    old = make_secret(lab, f"before-{service}", **before)
    if service == "rds":
        rds.modify_db_cluster(
            DBClusterIdentifier=database.name, RotateMasterUserPassword=True, ApplyImmediately=True
        )
    else:
        version = secrets.rotate_secret(SecretId=database.secret)["VersionId"]
        until(
            lambda: secrets.get_secret_value(SecretId=database.secret)["VersionId"],
            lambda found: found == version,
        )
    until(database.states, lambda states: set(states) == {"available"})
    after = json.loads(secrets.get_secret_value(SecretId=database.secret)["SecretString"])
    assert after["password"] != before["password"]
    assert database.rows("SELECT 1") == [[1]]
    with pytest.raises(ClientError, match="28P01"):
        database.ask("SELECT 1", secret=old)


def test_a_cluster_goes_only_as_aurora_lets_it_and_leaves_its_data_in_a_snapshot(lab: Lab) -> None:
    rds = lab.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="going", DBSubnetGroupDescription="x", SubnetIds=lab.subnets
    )
    going = Database.create(
        lab,
        "going",
        "going-1",
        DBSubnetGroupName="going",
        DeletionProtection=True,
        CopyTagsToSnapshot=True,
        Tags=[{"Key": "owner", "Value": "me"}],
    )

    def refused(code: str, **options: Any) -> None:
        with pytest.raises(ClientError) as error:
            rds.delete_db_cluster(DBClusterIdentifier="going", **options)
        assert refusal(error)[0] == code

    refused("InvalidParameterCombination", SkipFinalSnapshot=True)
    rds.modify_db_cluster(DBClusterIdentifier="going", DeletionProtection=False)
    refused("InvalidDBClusterStateFault", SkipFinalSnapshot=True)
    rds.delete_db_instance(DBInstanceIdentifier="going-1")
    refused("InvalidParameterCombination")
    with pytest.raises(ClientError) as error:
        rds.delete_db_subnet_group(DBSubnetGroupName="going")
    assert refusal(error)[0] == "InvalidDBSubnetGroupStateFault"
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="going", DBClusterSnapshotIdentifier="before"
    )
    refused("DBClusterSnapshotAlreadyExistsFault", FinalDBSnapshotIdentifier="before")
    deleted = rds.delete_db_cluster(DBClusterIdentifier="going", FinalDBSnapshotIdentifier="final")
    assert deleted["DBCluster"]["Status"] == "deleting"
    until(
        lambda: [one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]],
        lambda names: "going" not in names,
    )
    snapshots = rds.describe_db_cluster_snapshots(DBClusterIdentifier="going")
    names = {one["DBClusterSnapshotIdentifier"] for one in snapshots["DBClusterSnapshots"]}
    assert names == {"before", "final"}
    for one in snapshots["DBClusterSnapshots"]:
        tags = rds.list_tags_for_resource(ResourceName=one["DBClusterSnapshotArn"])["TagList"]
        assert tags == [{"Key": "owner", "Value": "me"}]
    for name in names:
        assert list(Path(lab.aws.state).glob(f"snapshots/*_{name}/data/PG_VERSION"))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lab.client("secretsmanager").describe_secret(SecretId=going.secret)
    rds.delete_db_subnet_group(DBSubnetGroupName="going")


def test_what_aurora_refuses_of_a_new_cluster_is_refused(lab: Lab, database: Database) -> None:
    def code(**options: Any) -> str:
        with pytest.raises(ClientError) as error:
            Database.create(lab, options.pop("name", "refused"), **options)
        return refusal(error)[0]

    assert code(name=database.name) == "DBClusterAlreadyExistsFault"
    assert code(EngineVersion="17.99") == "InvalidParameterCombination"
    assert code(DBSubnetGroupName="nothing") == "DBSubnetGroupNotFoundFault"
    assert code(MasterUsername="rdsadmin") == "InvalidParameterValue"
    short = {"ManageMasterUserPassword": False, "MasterUserPassword": "short"}
    assert code(**short) == "InvalidParameterValue"
