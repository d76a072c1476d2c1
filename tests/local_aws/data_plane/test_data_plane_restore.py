"""Snapshots, restores and clones of Aurora in the local AWS: the data comes along for real."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws.data_plane_kit import SCALING, Database, Lab
from tests.support.waiting import until


@pytest.fixture(scope="module")
def source(lab: Lab) -> Database:
    """A cluster with a row in it, and a login of the user's own."""
    made = Database.create(
        lab,
        "source",
        "source-1",
        CopyTagsToSnapshot=True,
        StorageEncrypted=True,
        Tags=[{"Key": "owner", "Value": "me"}],
    )
    made.ask("CREATE TABLE kept (a int)")
    made.ask("INSERT INTO kept VALUES (1)")
    made.ask("CREATE ROLE app LOGIN PASSWORD 'not-a-secret'")
    made.ask("GRANT SELECT ON kept TO app")
    return made


@pytest.fixture(scope="module")
def snapshot(source: Database) -> str:
    """An available snapshot of the source."""
    take_snapshot(source, "first")
    return "first"


def take_snapshot(database: Database, name: str, **options: Any) -> None:
    taken = database.lab.client("rds").create_db_cluster_snapshot(
        DBClusterIdentifier=database.name, DBClusterSnapshotIdentifier=name, **options
    )["DBClusterSnapshot"]
    assert taken["Status"] == "creating"
    until(lambda: snapshot_of(database.lab, name)["Status"], lambda status: status == "available")


def snapshot_of(lab: Lab, name: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.client("rds").describe_db_cluster_snapshots(
        DBClusterSnapshotIdentifier=name
    )["DBClusterSnapshots"][0]
    return found


def restored(lab: Lab, name: str, snapshot: str, **options: Any) -> Database:
    """Return the cluster restored from a snapshot, as soon as it is available."""
    cluster = lab.client("rds").restore_db_cluster_from_snapshot(
        DBClusterIdentifier=name,
        SnapshotIdentifier=snapshot,
        Engine="aurora-postgresql",
        **{"ServerlessV2ScalingConfiguration": SCALING, **options},
    )["DBCluster"]
    return available(lab, name, cluster)


def cloned(lab: Lab, name: str, source: str, kind: str) -> Database:
    """Return the cluster restored from another as it is now, as soon as it is available."""
    cluster = lab.client("rds").restore_db_cluster_to_point_in_time(
        DBClusterIdentifier=name,
        SourceDBClusterIdentifier=source,
        RestoreType=kind,
        UseLatestRestorableTime=True,
        ServerlessV2ScalingConfiguration=SCALING,
    )["DBCluster"]
    return available(lab, name, cluster)


def available(lab: Lab, name: str, cluster: dict[str, Any]) -> Database:
    assert cluster["Status"] == "creating"
    database = Database(lab, name, cluster)
    until(database.states, lambda states: states == ["available"])
    return database


def code(call: Any, **options: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**options)
    return str(error.value.response["Error"]["Code"])


def test_restored_cluster_has_what_its_restore_asks_and_no_more(lab: Lab, snapshot: str) -> None:
    rds = lab.client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="other", DBSubnetGroupDescription="x", SubnetIds=lab.subnets
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="other",
        DBParameterGroupFamily="aurora-postgresql17",
        Description="x",
    )
    group = lab.client("ec2").create_security_group(
        GroupName="other", Description="x", VpcId=lab.vpc
    )["GroupId"]
    rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="settings",
        SnapshotIdentifier=snapshot_of(lab, snapshot)["DBClusterSnapshotArn"],
        Engine="aurora-postgresql",
        DBSubnetGroupName="other",
        DBClusterParameterGroupName="other",
        VpcSecurityGroupIds=[group],
        Port=5433,
        KmsKeyId="arn:aws:kms:us-east-1:123456789012:key/other",
        ServerlessV2ScalingConfiguration={"MinCapacity": 1, "MaxCapacity": 4},
        CopyTagsToSnapshot=True,
        DeletionProtection=True,
        EnableCloudwatchLogsExports=["postgresql"],
        EngineMode="provisioned",
        Tags=[{"Key": "for", "Value": "the rehearsal"}],
    )
    cluster = Database(lab, "settings", {}).describe()
    assert cluster["DBSubnetGroup"] == cluster["DBClusterParameterGroup"] == "other"
    assert [one["VpcSecurityGroupId"] for one in cluster["VpcSecurityGroups"]] == [group]
    assert cluster["Port"] == 5433
    assert cluster["KmsKeyId"].endswith("key/other")
    assert cluster["StorageEncrypted"]
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 4
    assert cluster["CopyTagsToSnapshot"]
    assert cluster["DeletionProtection"]
    assert cluster["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert cluster["TagList"] == [{"Key": "for", "Value": "the rehearsal"}]
    assert (cluster["MasterUsername"], cluster["DatabaseName"]) == ("mlflow", "mlflow")
    assert "MasterUserSecret" not in cluster
    assert not cluster["HttpEndpointEnabled"]
    assert cluster["DBClusterMembers"] == []


def test_restore_that_names_no_settings_has_the_defaults_and_not_its_sources(
    lab: Lab, source: Database, snapshot: str
) -> None:
    lab.client("rds").restore_db_cluster_from_snapshot(
        DBClusterIdentifier="plain", SnapshotIdentifier=snapshot, Engine="aurora-postgresql"
    )
    plain = Database(lab, "plain", {})
    until(plain.states, lambda states: states == ["available"])
    assert plain.cluster["TagList"] == []
    assert not plain.cluster["CopyTagsToSnapshot"]
    assert plain.cluster["DBClusterParameterGroup"].startswith("default.")
    assert plain.cluster["EngineVersion"] == source.cluster["EngineVersion"]
    assert plain.cluster["StorageEncrypted"]
    refused = code(
        lab.client("rds").create_db_instance,
        DBInstanceIdentifier="plain-1",
        DBClusterIdentifier="plain",
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )
    assert refused == "InvalidDBClusterStateFault"


def test_restored_cluster_has_the_snapshots_data_and_logins_and_a_new_master(
    lab: Lab, source: Database, snapshot: str
) -> None:
    secrets = lab.client("secretsmanager")
    source.ask("CREATE TABLE later (a int)")
    database = restored(lab, "from-snapshot", snapshot)
    database.manage_master()
    database.add_instances("from-snapshot-1")
    assert database.secret != source.secret
    assert database.rows("SELECT a FROM kept") == [[1]]
    assert database.rows("SELECT count(*) FROM pg_tables WHERE tablename = 'later'") == [[0]]
    app = secrets.create_secret(
        Name="app", SecretString=json.dumps({"username": "app", "password": "not-a-secret"})
    )["ARN"]
    assert database.rows("SELECT a FROM kept", secret=app) == [[1]]
    with pytest.raises(ClientError, match="28P01"):
        database.ask("SELECT 1", secret=source.secret)
    assert source.rows("SELECT 1") == [[1]]


def test_given_no_new_master_password_then_the_restored_master_has_the_sources(
    lab: Lab, source: Database, snapshot: str
) -> None:
    database = restored(lab, "as-it-was", snapshot)
    lab.client("rds").enable_http_endpoint(ResourceArn=database.cluster["DBClusterArn"])
    database.add_instances("as-it-was-1")
    assert database.rows("SELECT a FROM kept", secret=source.secret) == [[1]]


@pytest.mark.parametrize("kind", ["full-copy", "copy-on-write"])
def test_clone_of_a_running_source_starts_from_its_data_and_goes_its_own_way(
    lab: Lab, kind: str
) -> None:
    origin = Database.create(lab, f"origin-{kind}", f"origin-{kind}-1")
    origin.ask("CREATE TABLE kept (a int)")
    clone = cloned(lab, f"clone-{kind}", origin.name, kind)
    clone.manage_master()
    clone.add_instances(f"clone-{kind}-1")
    clone.ask("INSERT INTO kept VALUES (2)")
    assert origin.rows("SELECT count(*) FROM kept") == [[0]]
    second = cloned(lab, f"second-{kind}", origin.name, kind)
    second.delete()
    assert origin.rows("SELECT count(*) FROM kept") == [[0]]
    origin.delete()
    assert clone.rows("SELECT a FROM kept") == [[2]]


def test_what_aurora_refuses_of_a_restore_is_refused(
    lab: Lab, source: Database, snapshot: str
) -> None:
    rds = lab.client("rds")

    def of_snapshot(**options: Any) -> str:
        given = {"DBClusterIdentifier": "refused", "SnapshotIdentifier": snapshot}
        given["Engine"] = "aurora-postgresql"
        return code(rds.restore_db_cluster_from_snapshot, **{**given, **options})

    def of_cluster(**options: Any) -> str:
        given = {"DBClusterIdentifier": "refused", "SourceDBClusterIdentifier": source.name}
        return code(rds.restore_db_cluster_to_point_in_time, **{**given, **options})

    assert of_snapshot(SnapshotIdentifier="nothing") == "DBClusterSnapshotNotFoundFault"
    assert of_snapshot(DBClusterIdentifier=source.name) == "DBClusterAlreadyExistsFault"
    assert of_snapshot(DBSubnetGroupName="nothing") == "DBSubnetGroupNotFoundFault"
    assert of_snapshot(DBClusterParameterGroupName="no") == "DBClusterParameterGroupNotFound"
    latest = {"UseLatestRestorableTime": True}
    assert of_cluster(SourceDBClusterIdentifier="nothing", **latest) == "DBClusterNotFoundFault"
    assert of_cluster(DBClusterIdentifier=source.name, **latest) == "DBClusterAlreadyExistsFault"
    assert of_cluster() == "InvalidParameterCombination"
    assert of_cluster(RestoreType="moved", **latest) == "InvalidParameterValue"
    moment = {"RestoreToTime": "2026-01-02T03:04:05Z"}
    assert of_cluster(RestoreType="copy-on-write", **moment) == "InvalidParameterCombination"


def test_snapshots_are_found_by_cluster_and_type_with_their_own_and_the_copied_tags(
    lab: Lab, source: Database, snapshot: str
) -> None:
    rds = lab.client("rds")
    take_snapshot(source, "second", Tags=[{"Key": "own", "Value": "tag"}])
    found = rds.describe_db_cluster_snapshots(
        DBClusterIdentifier=source.name, SnapshotType="manual"
    )["DBClusterSnapshots"]
    names = {one["DBClusterSnapshotIdentifier"]: one for one in found}
    assert set(names) == {snapshot, "second"}
    tags = {tag["Key"]: tag["Value"] for tag in names["second"]["TagList"]}
    assert tags == {"owner": "me", "own": "tag"}
    for other in ({"DBClusterIdentifier": "other"}, {"SnapshotType": "automated"}):
        assert rds.describe_db_cluster_snapshots(**other)["DBClusterSnapshots"] == []
    arn = names["second"]["DBClusterSnapshotArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "left", "Value": "behind"}])
    tags = {tag["Key"]: tag["Value"] for tag in snapshot_of(lab, "second")["TagList"]}
    assert tags == {"owner": "me", "own": "tag", "left": "behind"}
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="second")
    with pytest.raises(ClientError, match="DBClusterSnapshotNotFoundFault"):
        snapshot_of(lab, "second")


def test_given_a_cluster_without_compute_then_its_snapshot_restores_to_what_it_had(
    lab: Lab,
) -> None:
    bare = Database.create(lab, "bare")
    take_snapshot(bare, "of-nothing")
    empty = restored(lab, "from-nothing", "of-nothing")
    empty.manage_master()
    empty.add_instances("from-nothing-1")
    assert empty.rows("SELECT current_database()") == [["mlflow"]]

    empty.ask("CREATE TABLE kept (a int)")
    lab.client("rds").delete_db_instance(DBInstanceIdentifier="from-nothing-1")
    until(empty.states, lambda states: states == ["available"])
    take_snapshot(empty, "of-data-at-rest")
    again = restored(lab, "from-rest", "of-data-at-rest")
    again.manage_master()
    again.add_instances("from-rest-1")
    assert again.rows("SELECT count(*) FROM kept") == [[0]]


def test_given_a_new_name_then_the_data_is_under_it_and_the_old_name_is_free(lab: Lab) -> None:
    rds = lab.client("rds")
    moved = Database.create(lab, "old-name", "old-name-1", Tags=[{"Key": "owner", "Value": "me"}])
    moved.ask("CREATE TABLE kept (a int)")
    with pytest.raises(ClientError, match="DBClusterAlreadyExistsFault"):
        rds.modify_db_cluster(
            DBClusterIdentifier="old-name", NewDBClusterIdentifier="old-name", ApplyImmediately=True
        )
    rds.modify_db_cluster(
        DBClusterIdentifier="old-name", NewDBClusterIdentifier="new-name", ApplyImmediately=True
    )
    rds.modify_db_instance(
        DBInstanceIdentifier="old-name-1",
        NewDBInstanceIdentifier="new-name-1",
        ApplyImmediately=True,
    )
    moved.name = "new-name"
    until(moved.states, lambda states: states == ["available", "available"])
    assert moved.cluster["Endpoint"].startswith("new-name.cluster-")
    assert moved.cluster["DBClusterMembers"][0]["DBInstanceIdentifier"] == "new-name-1"
    assert moved.cluster["TagList"] == [{"Key": "owner", "Value": "me"}]
    second = Database.create(lab, "old-name", "old-name-1")
    second.ask("CREATE TABLE another (a int)")
    second.delete()
    assert moved.rows("SELECT count(*) FROM kept") == [[0]]
    moved.delete()
