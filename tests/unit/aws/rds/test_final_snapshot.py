"""Custom::MLflowDatabase: from properties to a database that can be logged in to, and away."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg2
import pytest
from moto.rds.models import DBCluster, RDSBackend, rds_backends

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.types.database import graph as resource
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.values.base import parse_for_removal
from tests.support.objects import cluster_parameters
from tests.support.objects.aurora import CONNECTIONS, Aurora
from tests.support.objects.kill_points import Calls, dying_behind_every_write, watched
from tests.support.objects.service_kit import ACCOUNT, REGION, boto, converge, owner, remove

Properties = dict[str, Any]
CLUSTER = "mlflow-database-abcdefghij"


@pytest.fixture
def asked(aurora: Aurora, vpc: dict[str, Any]) -> Properties:
    """The required properties."""
    return {"VpcId": vpc["VpcId"], "SubnetIds": vpc["SubnetIds"]}


def graph(asked: Properties, whose: Owner | None = None, **more: Any) -> Graph:
    properties = DatabaseProperties.model_validate({**asked, **more})
    return resource._graph(whose or owner(), properties)


def again(asked: Properties, **more: Any) -> Calls:
    """Converge once more and return the calls that it took."""
    with watched() as calls:
        converge(graph(asked, **more))
    return calls


def cluster() -> dict[str, Any]:
    [found] = boto("rds").describe_db_clusters()["DBClusters"]
    return dict(found)


def instances() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = boto("rds").describe_db_instances()["DBInstances"]
    return sorted(found, key=lambda each: str(each["DBInstanceIdentifier"]))


def snapshots() -> list[dict[str, Any]]:
    found = boto("rds").describe_db_cluster_snapshots(SnapshotType="manual")
    return list(found["DBClusterSnapshots"])


def tags(answer: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer["TagList"]}


def secret(arn: str) -> dict[str, str]:
    value = boto("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return dict(json.loads(value))


def group(identifier: str) -> dict[str, Any]:
    return dict(boto("ec2").describe_security_groups(GroupIds=[identifier])["SecurityGroups"][0])


def everything() -> dict[str, Any]:
    """Return what is there of the kinds that a database is made of, by name."""
    rds = boto("rds")
    return {
        "clusters": [
            each["DBClusterIdentifier"] for each in rds.describe_db_clusters()["DBClusters"]
        ],
        "instances": [each["DBInstanceIdentifier"] for each in instances()],
        "subnet groups": [
            each["DBSubnetGroupName"] for each in rds.describe_db_subnet_groups()["DBSubnetGroups"]
        ],
        "parameter groups": [
            each["DBClusterParameterGroupName"]
            for each in rds.describe_db_cluster_parameter_groups()["DBClusterParameterGroups"]
        ],
        "secrets": sorted(
            each["Name"]
            for each in boto("secretsmanager").list_secrets()["SecretList"]
            if not each["Name"].startswith("rds!")
        ),
        "log groups": [
            each["logGroupName"] for each in boto("logs").describe_log_groups()["logGroups"]
        ],
        "security groups": sorted(
            each["GroupName"]
            for each in boto("ec2").describe_security_groups()["SecurityGroups"]
            if each["GroupName"] not in ("default", "client")
        ),
    }


KINDS = ("clusters", "instances", "subnet groups", "parameter groups", "secrets", "log groups")
NOTHING: dict[str, Any] = {kind: [] for kind in (*KINDS, "security groups")}


def login(aurora: Aurora, arn: str) -> Any:
    assert aurora.server is not None
    found = secret(arn)
    return aurora.server.connect(found["username"], found["password"], "mlflow")


def sql(connection: Any, statement: str) -> list[Any]:
    connection.autocommit = True
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


class TestWhatIsMade:
    def test_given_the_required_properties_then_a_cluster_as_safe_as_aurora_makes_it(
        self, asked: Properties
    ) -> None:
        given = converge(graph(asked))
        made = cluster()
        assert made["DBClusterIdentifier"] == given["ClusterId"] == CLUSTER
        assert made["Engine"] == "aurora-postgresql"
        assert made["StorageEncrypted"] is True
        assert made["BackupRetentionPeriod"] == 14
        assert made["CopyTagsToSnapshot"] is True
        assert made["HttpEndpointEnabled"] is True
        assert made["EnabledCloudwatchLogsExports"] == ["postgresql"]
        assert made["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 2.0}
        assert made["MasterUserSecret"]["SecretArn"] == given["MasterSecretArn"]
        assert made["DeletionProtection"] is True
        assert tags(made) == {**owner().tags, "cfn-mlflow:complete": "true"}
        assert cluster_parameters.told(made["DBClusterParameterGroup"])["rds.force_ssl"] == "1"
        assert given["Endpoint"] == made["Endpoint"]
        assert given["Port"] == "5432"

    def test_given_the_required_properties_then_a_writer_and_a_reader_in_two_zones(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        made = instances()
        assert [each["DBInstanceClass"] for each in made] == ["db.serverless"] * 2
        assert len({each["AvailabilityZone"] for each in made}) == 2
        assert {each["PubliclyAccessible"] for each in made} == {False}
        assert {tags(each)["cfn-mlflow:owner"] for each in made} == {owner().tag}

    @pytest.mark.parametrize(
        ("storage", "placed"), [("bcd", ["b", "b"]), ("abc", ["a", "b"]), ("cde", ["", ""])]
    )
    def test_given_the_zones_of_auroras_storage_then_instances_are_in_those_of_the_subnets_too(
        self, asked: Properties, storage: str, placed: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The subnets are in the zones a and b; where none is the storage's, Aurora chooses."""
        zones = property(lambda _: [REGION + zone for zone in storage], lambda *_: None)
        monkeypatch.setattr(DBCluster, "availability_zones", zones, raising=False)
        wishes: list[str] = []
        create = RDSBackend.create_db_instance

        def noted(backend: RDSBackend, kwargs: dict[str, Any]) -> Any:
            wishes.append((kwargs.get("availability_zone") or "").removeprefix(REGION))
            return create(backend, kwargs)

        monkeypatch.setattr(RDSBackend, "create_db_instance", noted)
        converge(graph(asked))
        assert wishes == placed

    def test_given_the_required_properties_then_only_the_client_group_comes_in(
        self, asked: Properties
    ) -> None:
        given = converge(graph(asked))
        database = group(given["SecurityGroupId"])
        client = group(given["ClientSecurityGroupId"])
        [way_in] = database["IpPermissions"]
        assert (way_in["FromPort"], way_in["ToPort"]) == (5432, 5432)
        assert [pair["GroupId"] for pair in way_in["UserIdGroupPairs"]] == [client["GroupId"]]
        assert way_in["IpRanges"] == way_in["Ipv6Ranges"] == []
        assert database["IpPermissionsEgress"] == client["IpPermissions"] == []
        [way_out] = client["IpPermissionsEgress"]
        assert [pair["GroupId"] for pair in way_out["UserIdGroupPairs"]] == [database["GroupId"]]

    def test_given_auto_pause_then_the_capacity_goes_to_nothing(self, asked: Properties) -> None:
        converge(graph(asked, AutoPause="true", SecondsUntilAutoPause="900"))
        assert cluster()["ServerlessV2ScalingConfiguration"] == {
            "MinCapacity": 0.0,
            "MaxCapacity": 2.0,
            "SecondsUntilAutoPause": 900,
        }

    def test_given_a_key_then_database_and_secrets_are_encrypted_with_it(
        self, asked: Properties
    ) -> None:
        key = boto("kms").create_key(Tags=[{"TagKey": "cfn-mlflow:allow", "TagValue": ""}])
        arn = key["KeyMetadata"]["Arn"]
        given = converge(graph(asked, KmsKeyArn=arn))
        assert cluster()["KmsKeyId"] == arn
        for name in ("ServiceSecretArn", "MigrationSecretArn"):
            found = boto("secretsmanager").describe_secret(SecretId=given[name])
            assert found["KmsKeyId"] == arn

    def test_given_a_key_nobody_allowed_then_refused_before_anything(
        self, asked: Properties
    ) -> None:
        arn = boto("kms").create_key()["KeyMetadata"]["Arn"]
        with pytest.raises(PermanentError, match=f"KmsKeyArn: {arn} is not allowed"):
            converge(graph(asked, KmsKeyArn=arn))
        assert everything() == NOTHING


def idle_limits(aurora: Aurora) -> dict[str, str]:
    """Return after how long each login's idle sessions are ended."""
    assert aurora.server is not None
    with aurora.server.admin("mlflow") as cursor:
        cursor.execute("SELECT rolname, rolconfig FROM pg_roles WHERE rolname LIKE 'mlflow%'")
        pairs = [(name, one.split("=")) for name, all_of in cursor for one in all_of or []]
    return {name: pair[1] for name, pair in pairs if pair[0] == "idle_session_timeout"}


class TestConnections:
    @pytest.mark.parametrize(("capacity", "expected"), [("1", "189"), ("2", str(CONNECTIONS))])
    def test_given_a_capacity_then_the_fewer_of_what_runs_and_what_a_reboot_brings(
        self, asked: Properties, capacity: str, expected: str
    ) -> None:
        assert converge(graph(asked, MaxCapacity=capacity))["MaxConnections"] == expected


class TestLogins:
    def test_given_the_secrets_then_each_login_may_do_what_it_is_for_and_no_more(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        given = converge(graph(asked))
        migration = login(aurora, given["MigrationSecretArn"])
        sql(migration, "CREATE TABLE runs (id serial PRIMARY KEY, name text)")
        [(table_owner,)] = sql(migration, "SELECT tableowner FROM pg_tables WHERE tablename='runs'")
        assert table_owner == "mlflow_owner"
        service = login(aurora, given["ServiceSecretArn"])
        sql(service, "INSERT INTO runs (name) VALUES ('a')")
        sql(service, "UPDATE runs SET name = 'b'")
        assert sql(service, "SELECT id, name FROM runs") == [(1, "b")]
        sql(service, "DELETE FROM runs")
        for denied in ("CREATE TABLE more ()", "DROP TABLE runs", "ALTER TABLE runs ADD x int"):
            with pytest.raises(Exception, match=r"permission denied|must be owner"):
                sql(service, denied)

    def test_given_no_login_is_a_superuser_then_the_master_is_none_either(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        given = converge(graph(asked))
        master = login(aurora, given["MasterSecretArn"])
        found = sql(master, "SELECT rolname FROM pg_roles WHERE rolsuper")
        assert found == [("rdsadmin",)]
        no_login = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'mlflow%' AND NOT rolcanlogin"
        assert {name for (name,) in sql(master, no_login)} == {"mlflow_owner", "mlflow_runtime"}

    def test_given_every_statement_is_logged_then_no_password_is_in_the_log(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        assert aurora.server is not None
        given = converge(graph(asked))
        logged = aurora.server.log.read_text()
        assert r"ALTER ROLE mlflow_app LOGIN PASSWORD E'SCRAM-SHA-256$4096\x3a" in logged
        for name in ("MasterSecretArn", "ServiceSecretArn", "MigrationSecretArn"):
            assert secret(given[name])["password"] not in logged
            assert secret(given[name])["password"] not in json.dumps(given)

    def test_given_a_new_login_then_it_can_be_used_only_when_all_else_of_it_is_set(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        converge(graph(asked))
        about = [text for text in aurora.statements if "ROLE mlflow_migrate" in text]
        assert [re.split(r" E?'", text.split("mlflow_migrate ", 1)[1])[0] for text in about] == [
            "NOLOGIN IN ROLE mlflow_owner",
            "SET role =",
            "IS",
            "LOGIN PASSWORD",
        ]

    def test_given_a_database_that_pauses_then_it_ends_idle_sessions_of_the_service_alone(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        converge(graph(asked))
        assert idle_limits(aurora) == {}
        converge(graph(asked, AutoPause="true"))
        assert idle_limits(aurora) == {"mlflow_app": "30s", "mlflow_app_2": "30s"}
        assert again(asked, AutoPause="true").writes == []
        converge(graph(asked, AutoPause="false"))
        assert idle_limits(aurora) == {}

    def test_given_an_operators_own_end_of_idle_sessions_then_it_stays_where_none_is_asked(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        assert aurora.server is not None
        converge(graph(asked))
        with aurora.server.admin("mlflow") as cursor:
            for name in ("mlflow_app", "mlflow_migrate"):
                cursor.execute(f"ALTER ROLE {name} SET idle_session_timeout = '10min'")
        assert again(asked).writes == []
        assert idle_limits(aurora) == {"mlflow_app": "10min", "mlflow_migrate": "10min"}

    def test_given_a_session_from_before_it_could_pause_then_it_is_ended_once_it_is_idle(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        given = converge(graph(asked))
        idle, busy = (login(aurora, given["ServiceSecretArn"]) for _ in range(2))
        sql(idle, "SELECT 1")
        with busy.cursor() as request:
            request.execute("SELECT 1")
            converge(graph(asked, AutoPause="true"))
            request.execute("SELECT 2")
            assert request.fetchall() == [(2,)], "a request is not cut off"
        with pytest.raises(psycopg2.Error):
            sql(idle, "SELECT 1")

    def test_given_a_login_of_an_earlier_release_then_it_is_never_shut_out(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        assert aurora.server is not None
        converge(graph(asked))
        with aurora.server.admin("mlflow") as cursor:
            cursor.execute("COMMENT ON ROLE mlflow_app IS NULL")
        aurora.statements.clear()
        converge(graph(asked))
        assert not any("NOLOGIN" in text for text in aurora.statements)
        assert again(asked).writes == []

    def test_given_a_login_changed_by_hand_then_it_is_set_from_its_secret(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        assert aurora.server is not None
        given = converge(graph(asked))
        before = secret(given["ServiceSecretArn"])
        aurora.server.set_password("mlflow_app", "changed by hand")
        with aurora.server.admin("mlflow") as cursor:
            cursor.execute("REVOKE mlflow_owner FROM mlflow_migrate")
            cursor.execute("ALTER ROLE mlflow_migrate RESET role")
        aurora.close_idle_sessions()
        converge(graph(asked))
        assert secret(given["ServiceSecretArn"]) == before
        assert sql(login(aurora, given["ServiceSecretArn"]), "SELECT 1") == [(1,)]
        migration = login(aurora, given["MigrationSecretArn"])
        assert sql(migration, "SELECT current_user") == [("mlflow_owner",)]

    def test_given_tables_without_rights_then_the_runtime_role_gets_them(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        given = converge(graph(asked))
        migration = login(aurora, given["MigrationSecretArn"])
        sql(migration, 'CREATE TABLE "Odd ""name" (id serial)')
        sql(migration, 'REVOKE ALL ON "Odd ""name" FROM mlflow_runtime')
        sql(migration, 'REVOKE ALL ON SEQUENCE "Odd ""name_id_seq" FROM mlflow_runtime')
        converge(graph(asked))
        service = login(aurora, given["ServiceSecretArn"])
        sql(service, 'INSERT INTO "Odd ""name" DEFAULT VALUES')

    def test_given_a_paused_database_then_it_is_waited_for(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        aurora.resuming = 3
        assert converge(graph(asked))["DatabaseName"] == "mlflow"
        assert aurora.resuming == 0


class TestOneAndTheSameEnd:
    def test_given_it_is_as_asked_then_nothing_is_written_and_no_object_is_read_twice(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        first = converge(graph(asked))
        aurora.statements.clear()
        with watched() as calls:
            assert converge(graph(asked)) == first
        assert calls.writes == []
        assert all(statement.strip().startswith("SELECT") for statement in aurora.statements)
        assert calls.made.count("DescribeDBClusterParameters") == 1
        assert len(calls.made) <= 33

    def test_given_a_function_that_dies_behind_every_write_then_it_ends_in_the_same_place(
        self, asked: Properties, aurora: Aurora
    ) -> None:
        converge(graph(asked))
        expected = everything()
        remove(graph(asked, SkipFinalSnapshot="true"))
        assert everything() == NOTHING
        writes = dying_behind_every_write(lambda: converge(graph(asked)))
        assert len(writes) > 25
        assert everything() == expected
        with watched() as calls:
            given = converge(graph(asked))
        assert calls.writes == []
        assert sql(login(aurora, given["ServiceSecretArn"]), "SELECT 1") == [(1,)]
        assert cluster()["DeletionProtection"] is True

    def test_given_a_removal_that_dies_behind_every_write_then_one_snapshot_stays_and_no_more(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        writes = dying_behind_every_write(lambda: remove(graph(asked)))
        assert len(writes) > 10
        assert everything() == NOTHING
        [left] = snapshots()
        assert "cfn-mlflow:owner" not in tags(left)
        assert "cfn-mlflow:left-by" in tags(left)

    def test_given_an_update_that_dies_behind_every_write_then_it_ends_in_the_same_place(
        self, asked: Properties
    ) -> None:
        converge(graph(asked, InstanceCount="3"))
        new: dict[str, Any] = {
            "MaxCapacity": "4",
            "InstanceCount": "1",
            "BackupRetentionPeriod": "20",
        }
        writes = dying_behind_every_write(lambda: converge(graph(asked, **new)))
        assert sorted(writes) == ["DeleteDBInstance", "DeleteDBInstance", "ModifyDBCluster"]
        assert len(instances()) == 1


class TestChanges:
    def test_given_new_values_then_the_cluster_changes_in_place(self, asked: Properties) -> None:
        before = converge(graph(asked))
        new: dict[str, Any] = {
            "MaxCapacity": "8",
            "MinCapacity": "1",
            "BackupRetentionPeriod": "30",
        }
        calls = again(asked, **new)
        assert calls.writes == ["ModifyDBCluster"]
        made = cluster()
        assert made["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 1.0, "MaxCapacity": 8.0}
        assert made["BackupRetentionPeriod"] == 30
        assert converge(graph(asked, **new)) == before

    def test_given_fewer_instances_then_the_others_go(self, asked: Properties) -> None:
        converge(graph(asked, InstanceCount="4"))
        assert len(instances()) == 4
        converge(graph(asked, InstanceCount="2"))
        names = [each["DBInstanceIdentifier"] for each in instances()]
        assert names == ["mlflow-database-1-abcdefghij", "mlflow-database-2-abcdefghij"]

    def test_given_fewer_instances_and_a_kill_then_a_deletion_takes_the_others_too(
        self, asked: Properties
    ) -> None:
        converge(graph(asked, InstanceCount="4"))
        remove(graph(asked, InstanceCount="1", SkipFinalSnapshot="true"))
        assert everything() == NOTHING

    def test_given_the_data_api_switched_off_then_it_is_switched_on(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        [made] = rds_backends[ACCOUNT][REGION].clusters.values()
        made.__dict__["http"] = False
        assert again(asked).writes == ["EnableHttpEndpoint"]
        assert cluster()["HttpEndpointEnabled"] is True

    def test_given_protection_switched_off_then_it_is_switched_on(self, asked: Properties) -> None:
        converge(graph(asked))
        boto("rds").modify_db_cluster(DBClusterIdentifier=CLUSTER, DeletionProtection=False)
        assert "ModifyDBCluster" in again(asked).writes
        assert cluster()["DeletionProtection"] is True

    def test_given_a_newer_minor_version_then_it_is_upgraded_in_place(
        self, asked: Properties
    ) -> None:
        converge(graph(asked, EngineVersion="17.5"))
        assert converge(graph(asked, EngineVersion="17.7"))["EngineVersion"] == "17.7"

    @pytest.mark.parametrize("older", ["17.5", "17", "16.8"])
    def test_given_aws_has_moved_the_version_up_then_less_is_done_already(
        self, asked: Properties, older: str
    ) -> None:
        converge(graph(asked, EngineVersion="17.7"))
        calls = again(asked, EngineVersion=older)
        assert "ModifyDBCluster" not in calls.writes
        assert cluster()["EngineVersion"] == "17.7"

    def test_given_what_would_lose_data_then_all_of_it_is_refused_before_any_change(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        before = everything()
        other = boto("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        key = boto("kms").create_key(Tags=[{"TagKey": "cfn-mlflow:allow", "TagValue": ""}])
        new: dict[str, Any] = {
            "VpcId": other,
            "KmsKeyArn": key["KeyMetadata"]["Arn"],
            "EngineVersion": "18.3",
            "BackupRetentionPeriod": "3",
        }
        with watched() as calls, pytest.raises(PermanentError) as refused:
            converge(graph(asked, **new))
        for named in ("VpcId", "KmsKeyArn", "EngineVersion"):
            assert f"{named}: " in str(refused.value)
        assert calls.writes == []
        assert everything() == before
        assert again(asked).writes == []

    def test_given_subnets_of_another_vpc_then_the_failure_says_so(self, asked: Properties) -> None:
        other = boto("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        with pytest.raises(PermanentError, match="the database's subnets lie in vpc-"):
            converge(graph(asked, VpcId=other))


class TestTheUsersPassword:
    @pytest.fixture
    def kept(self, asked: Properties) -> str:
        """The ARN of a secret of the user's."""
        made = boto("secretsmanager").create_secret(
            Name="theirs",
            SecretString="first-password-of-mine",
            Tags=[{"Key": "cfn-mlflow:allow", "Value": "yes"}],
        )
        return str(made["ARN"])

    def test_given_a_plain_string_then_it_is_mirrored_as_the_data_api_takes_it(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert "MasterUserSecret" not in cluster()
        assert secret(given["MasterSecretArn"]) == {
            "username": "mlflow_master",
            "password": "first-password-of-mine",
        }
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]
        assert again(asked, PasswordSecretArn=kept).writes == []

    def test_given_the_user_changed_it_then_the_master_has_the_new_one(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert secret(given["MasterSecretArn"])["password"] == "second-password"
        # The session that the Data API kept from the first password proves nothing.
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_a_complete_cluster_on_which_nobody_noted_it_then_the_new_one_is_set(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("rds").remove_tags_from_resource(
            ResourceName=cluster()["DBClusterArn"], TagKeys=["cfn-mlflow:master-password"]
        )
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_a_new_one_that_is_not_in_effect_yet_then_it_is_waited_for(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        boto("secretsmanager").put_secret_value(SecretId=kept, SecretString="second-password")
        aurora.looks_to_change_password = 5
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert not cluster()["PendingModifiedValues"]
        assert sql(login(aurora, given["MasterSecretArn"]), "SELECT 1") == [(1,)]

    def test_given_it_is_left_to_rds_then_and_back_then_the_master_follows(
        self, asked: Properties, aurora: Aurora, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        given = converge(graph(asked))
        assert cluster()["MasterUserSecret"]["SecretArn"] == given["MasterSecretArn"]
        assert "mlflow-mlflow-master-abcdefghij" not in everything()["secrets"]
        given = converge(graph(asked, PasswordSecretArn=kept))
        assert "MasterUserSecret" not in cluster()
        assert secret(given["MasterSecretArn"])["password"] == "first-password-of-mine"

    def test_given_it_goes_then_the_users_secret_stays_and_the_mirror_goes(
        self, asked: Properties, kept: str
    ) -> None:
        converge(graph(asked, PasswordSecretArn=kept))
        remove(graph(asked, PasswordSecretArn=kept, SkipFinalSnapshot="true"))
        assert everything() == {**NOTHING, "secrets": ["theirs"]}

    def test_given_a_secret_nobody_allowed_then_refused_before_anything(
        self, asked: Properties, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = boto("secretsmanager").create_secret(Name="other", SecretString="not-for-you")
        with pytest.raises(PermanentError, match=f"PasswordSecretArn: {made['ARN']} is not"):
            converge(graph(asked, PasswordSecretArn=made["ARN"]))
        assert everything() == {**NOTHING, "secrets": ["other"]}
        monkeypatch.setenv("ALLOWED_SECRET_ARNS", made["ARN"])
        converge(graph(asked, PasswordSecretArn=made["ARN"]))


class TestRemoval:
    def test_given_a_complete_database_then_one_snapshot_stays_and_nobody_owns_it(
        self, asked: Properties, caplog: pytest.LogCaptureFixture
    ) -> None:
        converge(graph(asked))
        resource_id = cluster()["DbClusterResourceId"].lower()
        remove(graph(asked))
        [left] = snapshots()
        assert left["DBClusterSnapshotIdentifier"] == f"{CLUSTER}-final-{resource_id}"
        assert len(left["DBClusterSnapshotIdentifier"]) <= 255
        found = tags(left)
        assert found["cfn-mlflow:left-by"] == owner().tag
        assert not {"cfn-mlflow:owner", "cfn-mlflow:complete"} & found.keys()
        assert left["DBClusterSnapshotIdentifier"] in caplog.text
        assert everything() == NOTHING

    def test_given_a_removal_then_the_log_group_goes_when_nothing_can_write_to_it(
        self, asked: Properties
    ) -> None:
        """RDS makes the group anew for a last line: so instances and cluster are gone first."""
        made = graph(asked)
        by_name = {managed.label: managed for managed in made.wanted}
        cluster, instance = by_name["database cluster"], by_name["database instance 1"]
        assert by_name["database log group"] in made.needs(cluster)
        assert cluster in made.needs(instance)

    def test_given_it_is_to_be_skipped_then_no_snapshot_stays(self, asked: Properties) -> None:
        converge(graph(asked))
        remove(graph(asked, SkipFinalSnapshot="true"))
        assert snapshots() == []
        assert everything() == NOTHING

    def test_given_a_create_that_never_completed_then_no_snapshot_stays(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        boto("rds").remove_tags_from_resource(
            ResourceName=cluster()["DBClusterArn"], TagKeys=["cfn-mlflow:complete"]
        )
        remove(graph(asked))
        assert snapshots() == []
        assert everything() == NOTHING

    def test_given_a_snapshot_of_that_name_then_the_next_name_is_taken(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        name = f"{CLUSTER}-final-{cluster()['DbClusterResourceId'].lower()}"
        boto("rds").create_db_cluster_snapshot(
            DBClusterIdentifier=CLUSTER, DBClusterSnapshotIdentifier=name
        )
        remove(graph(asked))
        names = sorted(each["DBClusterSnapshotIdentifier"] for each in snapshots())
        assert names == [name, f"{name}-2"]
        assert not any("cfn-mlflow:owner" in tags(each) for each in snapshots())

    def test_given_properties_that_are_not_valid_any_more_then_all_is_found_by_name(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        properties = parse_for_removal(DatabaseProperties, {"SkipFinalSnapshot": "true"})
        remove(resource._graph(owner(), properties))
        assert everything() == NOTHING

    def test_given_nothing_was_ever_made_then_there_is_nothing_to_do(
        self, asked: Properties
    ) -> None:
        with watched() as calls:
            remove(graph(asked))
        assert calls.writes == []

    def test_given_a_strangers_objects_of_the_same_names_then_none_is_touched(
        self, asked: Properties
    ) -> None:
        converge(graph(asked))
        stranger = Owner("cfn-mlflow", owner().stack_id + "0", "MLflow", owner().digest, "0.1.0")
        before = everything()
        with watched() as calls:
            with pytest.raises(PermanentError, match="belongs to somebody else"):
                converge(graph(asked, stranger))
            remove(graph(asked, stranger, SkipFinalSnapshot="true"))
        assert calls.writes == []
        assert everything() == before
