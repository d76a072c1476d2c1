"""Custom::MLflowDatabase: from properties to a database that can be logged in to, and away."""

from __future__ import annotations

from typing import Any

import pytest
from moto.rds.models import DBCluster, RDSBackend, rds_backends

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.types.database import graph as resource
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.values.base import parse_for_removal
from tests.support.beside_moto import cluster_parameters
from tests.support.beside_moto.aurora import Aurora
from tests.support.objects.database_kit import (
    CLUSTER,
    NOTHING,
    Properties,
    again,
    asked,
    cluster,
    everything,
    graph,
    instances,
    login,
    snapshots,
    sql,
    tags,
)
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import ACCOUNT, REGION, boto, converge, owner, remove

__all__ = ["asked"]


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
    def test_instances_are_in_zones_of_both_auroras_storage_and_the_subnets(
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


class TestAPausedDatabase:
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

    def test_function_that_dies_behind_every_write_ends_in_the_same_place(
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

    def test_removal_that_dies_behind_every_write_leaves_one_snapshot_and_no_more(
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


class TestRemoval:
    def test_given_a_removal_then_the_log_group_goes_when_nothing_can_write_to_it(
        self, asked: Properties
    ) -> None:
        """RDS makes the group anew for a last line: so instances and cluster are gone first."""
        made = graph(asked)
        by_name = {managed.label: managed for managed in made.wanted}
        cluster, instance = by_name["database cluster"], by_name["database instance 1"]
        assert by_name["database log group"] in made.needs(cluster)
        assert cluster in made.needs(instance)

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
