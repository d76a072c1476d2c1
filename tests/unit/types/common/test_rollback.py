"""A stack made before sharing: its update is refused, its rollback and its deletion pass."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.cloudformation import event
from cfn_mlflow.cloudformation.serve import ResourceType
from cfn_mlflow.outcome import Done, NotShared, Outcome, PermanentError, RefusedChanges
from cfn_mlflow.schema_check.look import Watcher
from cfn_mlflow.schema_check.service_schema import ServiceSchema
from cfn_mlflow.types.bucket.graph import BUCKET
from cfn_mlflow.types.schema.graph import SCHEMA
from cfn_mlflow.types.service.graph import SERVICE
from tests.support.beside_moto import buckets
from tests.support.beside_moto.fargate import Fargate
from tests.support.beside_moto.stacks import standing
from tests.support.cloudformation.protocol_kit import PLACE, signed_url
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, STACK, boto
from tests.support.properties import named_things as things

Properties = dict[str, Any]
VICTIM = {"cfn-mlflow:owner": "99999999-2222-3333-4444-555555555555/MLflow"}
BACK, FORTH = "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_IN_PROGRESS"


def request(kind: str, of: ResourceType, new: Properties, old: Properties | None = None) -> Any:
    return event.parse(
        {
            "RequestType": kind,
            "ResponseURL": signed_url(STACK, "MLflow", "1"),
            "StackId": STACK,
            "RequestId": "1",
            "ResourceType": of.name,
            "LogicalResourceId": "MLflow",
            **({} if kind == "Create" else {"PhysicalResourceId": "id"}),
            "ResourceProperties": new,
            **({} if old is None else {"OldResourceProperties": old}),
        },
        PLACE,
    )


def end(prepare: Callable[..., Any], asked: Any, looks: int = 100) -> Outcome:
    """Look until the request is done. Fails if that takes too many looks."""
    step = prepare(asked, asked.identity)
    for _ in range(looks):
        outcome: Outcome = step()
        if isinstance(outcome, Done):
            return outcome
    raise AssertionError(f"still waiting: {outcome}")


def becomes_anothers(properties: Properties) -> None:
    """Let all that the service names be another stack's, as it was before anybody asked."""
    theirs = things.listed(VICTIM)
    for name in ("DatabaseSecretArn", "DatabaseMigrationSecretArn"):
        secret = {"SecretId": properties[name]}
        boto("secretsmanager").untag_resource(**secret, TagKeys=["cfn-mlflow:allow"])
        boto("secretsmanager").tag_resource(**secret, Tags=theirs)
    boto("s3").put_bucket_tagging(Bucket=properties["ArtifactBucketId"], Tagging={"TagSet": theirs})
    group = [properties["DatabaseClientSecurityGroupId"]]
    boto("ec2").delete_tags(Resources=group, Tags=[{"Key": "cfn-mlflow:allow"}])
    boto("ec2").create_tags(Resources=group, Tags=theirs)
    cluster = properties["DatabaseClusterArn"]
    boto("rds").remove_tags_from_resource(ResourceName=cluster, TagKeys=["cfn-mlflow:allow"])
    boto("rds").add_tags_to_resource(ResourceName=cluster, Tags=theirs)


@pytest.fixture
def served(fargate: Fargate, properties: Properties) -> tuple[Properties, Done]:
    """The properties and the attributes of a service whose things have become another's."""
    del fargate
    asked = properties | {
        "DatabaseClusterArn": things.cluster("mlflow"),
        "DatabaseEndpoint": things.endpoint("mlflow"),
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ServiceSchema, "revision", lambda _: HEAD)
        patched.setattr(ServiceSchema, "is_empty", lambda _: False)
        patched.setattr(ServiceSchema, "faults", lambda *_: ())
        made = end(SERVICE.prepare, request("Create", SERVICE, asked))
    assert isinstance(made, Done)
    becomes_anothers(asked)
    return asked, made


def never(*_: object) -> None:
    raise AssertionError("the database is asked, which is another's")


@pytest.fixture
def database_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "_send", never)
    monkeypatch.setattr(Watcher, "look", never)


def test_update_is_refused_with_the_way_out_and_writes_nothing(
    served: tuple[Properties, Done],
) -> None:
    asked, _ = served
    changed = request("Update", SERVICE, asked | {"Cpu": "4096", "Memory": "8192"}, asked)
    with watched() as calls, standing(FORTH), pytest.raises(NotShared) as raised:
        end(SERVICE.prepare, changed)
    assert calls.writes == []
    assert len(raised.value.faults) == 5
    for fault in raised.value.faults:
        assert "Name team in the property SharedWithStacks there" in fault


@pytest.mark.usefixtures("database_is_closed")
def test_rollback_passes_with_the_attributes_of_before_and_writes_nothing(
    served: tuple[Properties, Done], caplog: pytest.LogCaptureFixture
) -> None:
    asked, made = served
    back = request("Update", SERVICE, asked, asked | {"Cpu": "4096", "Memory": "8192"})
    with watched() as calls, standing(BACK):
        assert end(SERVICE.prepare, back) == made
    assert calls.writes == []
    told = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert told[-1].startswith("The rollback leaves the resource as it runs: DatabaseSecretArn: ")


@pytest.mark.usefixtures("database_is_closed")
def test_deletion_passes_and_what_is_named_stays_as_it_is(
    served: tuple[Properties, Done],
) -> None:
    asked, _ = served
    assert isinstance(end(SERVICE.removal, request("Delete", SERVICE, asked)), Done)
    tags = boto("s3").get_bucket_tagging(Bucket=asked["ArtifactBucketId"])["TagSet"]
    assert tags == things.listed(VICTIM)
    found = boto("secretsmanager").describe_secret(SecretId=asked["DatabaseSecretArn"])
    assert "DeletedDate" not in found


@pytest.mark.usefixtures("database_is_closed", "aws")
def test_schema_check_rolls_back_without_a_look_at_the_database() -> None:
    asked = {
        "ClusterArn": things.cluster("mlflow", VICTIM),
        "SecretArn": things.secret("mlflow", VICTIM),
        "ImageTag": "v3.17.2-full",
    }
    changed = asked | {"ImageTag": "v3.14.0-full"}
    with standing(FORTH), pytest.raises(NotShared):
        end(SCHEMA.prepare, request("Update", SCHEMA, changed, asked))
    with standing(BACK):
        outcome = end(SCHEMA.prepare, request("Update", SCHEMA, asked, changed))
    assert isinstance(outcome, Done)
    assert (outcome.attributes["State"], outcome.attributes["Revision"]) == ("refused", "")


def test_image_that_is_allowed_no_more_keeps_no_rollback_and_no_deletion(
    fargate: Fargate, properties: Properties, monkeypatch: pytest.MonkeyPatch
) -> None:
    del fargate
    made = end(SERVICE.prepare, request("Create", SERVICE, properties))
    monkeypatch.setenv("ALLOWED_IMAGE_PREFIXES", "registry.example/")
    changed = properties | {"Cpu": "4096", "Memory": "8192"}
    refusal = pytest.raises(
        NotShared, match=r"^Image: ghcr\.io/mlflow/mlflow:v3\.17\.2-full is no image"
    )
    with watched() as calls, standing(FORTH), refusal:
        end(SERVICE.prepare, request("Update", SERVICE, changed, properties))
    with watched() as more, standing(BACK):
        assert end(SERVICE.prepare, request("Update", SERVICE, properties, changed)) == made
    assert (calls.writes, more.writes) == ([], [])
    assert isinstance(end(SERVICE.removal, request("Delete", SERVICE, properties)), Done)


@pytest.mark.usefixtures("aws")
def test_create_is_refused_whatever_the_stack_does() -> None:
    asked = {"BucketId": things.bucket("theirs", VICTIM)}
    with standing(BACK), pytest.raises(NotShared, match="belongs to another stack"):
        end(BUCKET.prepare, request("Create", BUCKET, asked))


@pytest.mark.usefixtures("aws")
def test_rollback_is_refused_where_more_than_sharing_is_against_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buckets.install(monkeypatch)
    key = things.key(VICTIM)
    asked = {"EncryptionAlgorithm": "aws:kms", "EncryptionKeyArn": key}
    back = request("Update", BUCKET, asked, {})
    with standing(BACK), pytest.raises(RefusedChanges, match="it is gone") as raised:
        end(BUCKET.prepare, back)
    assert not isinstance(raised.value, NotShared)


@pytest.mark.usefixtures("aws")
def test_rollback_to_what_is_not_there_says_so() -> None:
    asked = {"BucketId": things.bucket("theirs", VICTIM)}
    with standing(BACK):
        outcome = end(BUCKET.prepare, request("Update", BUCKET, asked, {}))
    assert isinstance(outcome, Done)
    assert outcome.attributes["BucketId"] == "theirs"
    with pytest.raises(PermanentError), standing(FORTH):
        end(BUCKET.prepare, request("Update", BUCKET, asked, {}))
