"""Custom::MLflowBucket: from properties to a bucket, and away."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG, Owner
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from cfn_mlflow.cloudformation import event
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import known
from cfn_mlflow.outcome import Done, Outcome, PermanentError, RefusedChanges
from cfn_mlflow.types.bucket import graph as resource
from cfn_mlflow.types.bucket.graph import BUCKET
from cfn_mlflow.types.bucket.properties import BucketProperties
from tests.support.cloudformation.protocol_kit import PLACE, signed_url
from tests.support.objects import buckets, stacks
from tests.support.objects.kill_points import killed_after_each_call, watched
from tests.support.objects.service_kit import ACCOUNT, REGION, STACK, boto, converge, owner, remove

NAME = "mlflow-bucket-artifacts-abcdefghij"
KEY_USE: dict[str, Any] = {"EncryptionAlgorithm": "aws:kms"}


@pytest.fixture(autouse=True)
def s3(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """S3 with its tags, and a client of the test's own."""
    buckets.install(monkeypatch)
    return boto("s3")


def mine(**more: Any) -> Owner:
    return owner(prefix="mlflow-bucket", **more)


def graph(whose: Owner | None = None, **properties: Any) -> Graph:
    asked = BucketProperties.model_validate(properties)
    return resource._graph(whose or mine(), asked)


def world(s3: Any) -> dict[str, Any]:
    """Return all that a test can see of the buckets."""
    names = sorted(each["Name"] for each in s3.list_buckets()["Buckets"])
    return {name: settings(s3, name) for name in names}


def settings(s3: Any, name: str = NAME) -> dict[str, Any]:
    tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    return {
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
        "encryption": s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
        "public": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"],
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"],
    }


def put(s3: Any, *keys: str, name: str = NAME) -> None:
    for key in keys:
        s3.put_object(Bucket=name, Key=key, Body=b"x")


def in_region(region: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    session.forget_clients()
    return boto3.client("s3", region_name=region)


def test_given_no_properties_then_a_bucket_that_keeps_and_hides_everything(s3: Any) -> None:
    given = converge(graph())
    assert given == {
        "BucketId": NAME,
        "BucketArn": f"arn:aws:s3:::{NAME}",
        "Path": "/",
        "ArtifactsDestination": f"s3://{NAME}",
        "EncryptionKeyArn": "",
    }
    found = settings(s3)
    assert found["versioning"] == "Enabled"
    assert set(found["public"].values()) == {True}
    assert found["ownership"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert found["encryption"]["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"
    }
    without_tls, of_others = found["policy"]
    assert without_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert of_others["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/cfn-mlflow/*"},
        "Null": {"aws:PrincipalTag/cfn-mlflow:stack": "false"},
        "StringNotEquals": {"aws:PrincipalTag/cfn-mlflow:stack": owner().stack_guid},
    }
    for denied in found["policy"]:
        assert denied["Effect"] == "Deny"
        assert denied["Resource"] == [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]
    assert s3.head_bucket(Bucket=NAME)["BucketRegion"] == REGION


def test_given_no_properties_then_old_versions_go_and_objects_move(s3: Any) -> None:
    converge(graph())
    rules = {rule["ID"]: rule for rule in settings(s3)["lifecycle"]}
    assert rules["cfn-mlflow-tiering"]["Transitions"] == [
        {"Days": 60, "StorageClass": "INTELLIGENT_TIERING"}
    ]
    old = rules["cfn-mlflow-noncurrent-versions"]["NoncurrentVersionExpiration"]
    assert old["NoncurrentDays"] == 90
    uploads = rules["cfn-mlflow-unfinished-uploads"]["AbortIncompleteMultipartUpload"]
    assert uploads["DaysAfterInitiation"] == 7


def test_given_tags_of_the_user_then_the_bucket_has_them_from_its_first_call(s3: Any) -> None:
    whose = mine(user_tags={"team": "a"})
    with watched() as calls:
        converge(graph(whose))
    assert calls.made.index("CreateBucket") < calls.made.index("PutBucketTagging")
    assert calls.writes.count("PutBucketTagging") == 1  # the completion alone
    assert settings(s3)["tags"] == {**whose.tags, "cfn-mlflow:complete": "true"}


def test_given_it_is_as_asked_when_asked_again_then_nothing_is_written(s3: Any) -> None:
    first = converge(graph())
    before = world(s3)
    with watched() as calls:
        assert converge(graph()) == first
    assert calls.writes == []
    assert len(calls.made) <= 9  # each object once, the reservation that it does not have included
    assert world(s3) == before


def test_given_a_function_killed_anywhere_then_the_next_one_ends_in_the_same_place(
    s3: Any,
) -> None:
    converge(graph())
    asked = world(s3)
    for _ in killed_after_each_call(
        lambda: converge(graph()), lambda: remove(graph(EmptyOnDelete="true"))
    ):
        converge(graph())
        assert world(s3) == asked


def test_given_a_removal_killed_anywhere_then_the_next_one_leaves_nothing(s3: Any) -> None:
    def full() -> None:
        converge(graph())
        put(s3, "a", "b")
        s3.delete_object(Bucket=NAME, Key="a")
        s3.create_multipart_upload(Bucket=NAME, Key="c")

    for _ in killed_after_each_call(lambda: remove(graph(EmptyOnDelete="true")), full):
        remove(graph(EmptyOnDelete="true"))
        assert world(s3) == {}


DRIFTS: dict[str, Callable[[Any], object]] = {
    "versioning": lambda s3: s3.put_bucket_versioning(
        Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}
    ),
    "encryption": lambda s3: s3.put_bucket_encryption(
        Bucket=NAME,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    ),
    "public": lambda s3: s3.delete_public_access_block(Bucket=NAME),
    "ownership": lambda s3: s3.put_bucket_ownership_controls(
        Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "policy": lambda s3: s3.delete_bucket_policy(Bucket=NAME),
    "lifecycle": lambda s3: s3.delete_bucket_lifecycle(Bucket=NAME),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_given_a_setting_changed_by_hand_then_that_one_alone_is_set_again(
    s3: Any, name: str
) -> None:
    converge(graph())
    before = settings(s3)
    DRIFTS[name](s3)
    with watched() as calls:
        converge(graph())
    assert len(calls.writes) == 1
    assert settings(s3) == before


def test_given_the_policy_of_an_earlier_version_then_the_tasks_of_other_stacks_are_denied(
    s3: Any,
) -> None:
    converge(graph())
    asked = settings(s3)["policy"]
    policy = {"Version": "2012-10-17", "Statement": asked[:1]}
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    converge(graph())
    assert settings(s3)["policy"] == asked
    with watched() as calls:
        converge(graph())
    assert calls.writes == []


def test_given_a_bucket_that_is_not_shared_with_all_any_more_then_others_are_denied_again(
    aws: None,
) -> None:
    open_to_all = BucketPolicy(owner(), NAME, ("@all",)).statements
    shared = BucketPolicy(owner(), NAME, ("team-c", "team-b"))
    assert len(open_to_all) == 1
    assert not shared.as_asked({"Statement": open_to_all})
    assert shared.as_asked({"Statement": shared.statements})
    assert not BucketPolicy(owner(), NAME, ("@all",)).as_asked({"Statement": shared.statements})
    assert not BucketPolicy(owner(), NAME).as_asked({"Statement": shared.statements})
    denied = shared.statements[1]["Condition"]["StringNotEquals"]
    assert denied["aws:PrincipalTag/cfn-mlflow:stack-name"] == ["team-b", "team-c"]


def test_given_what_the_user_added_then_it_is_kept(s3: Any) -> None:
    converge(graph())
    added = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [added]}
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    rule = {
        "ID": "theirs",
        "Status": "Enabled",
        "Filter": {"Prefix": "tmp/"},
        "Expiration": {"Days": 1},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [rule]})
    tags = settings(s3)["tags"] | {"theirs": "kept"}
    del tags["cfn-mlflow:version"]
    s3.put_bucket_tagging(
        Bucket=NAME, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in tags.items()]}
    )
    converge(graph())
    found = settings(s3)
    assert added in found["policy"]
    assert len(found["policy"]) == 3
    assert {each["ID"] for each in found["lifecycle"]} == {
        "theirs",
        "cfn-mlflow-tiering",
        "cfn-mlflow-noncurrent-versions",
        "cfn-mlflow-unfinished-uploads",
    }
    assert found["tags"]["theirs"] == "kept"
    assert found["tags"]["cfn-mlflow:version"] == "0.1.0"


def test_given_another_key_then_new_objects_get_it_in_place_and_none_is_lost(s3: Any) -> None:
    key = boto("kms").create_key(Tags=[{"TagKey": "cfn-mlflow:allow", "TagValue": ""}])
    arn = key["KeyMetadata"]["Arn"]
    converge(graph(**KEY_USE))
    put(s3, "run/artifact")
    given = converge(graph(**KEY_USE, EncryptionKeyArn=arn))
    assert given["EncryptionKeyArn"] == arn
    [rule] = settings(s3)["encryption"]["Rules"]
    assert rule == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    assert s3.get_object(Bucket=NAME, Key="run/artifact")["Body"].read() == b"x"
    converge(graph())
    [rule] = settings(s3)["encryption"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@pytest.mark.parametrize("state", ["not allowed", "disabled"])
def test_given_a_key_that_cannot_be_used_then_refused_before_anything(s3: Any, state: str) -> None:
    tags = [] if state == "not allowed" else [{"TagKey": "cfn-mlflow:allow", "TagValue": ""}]
    key = boto("kms").create_key(Tags=tags)["KeyMetadata"]
    arn = key["Arn"]
    if state == "disabled":
        boto("kms").disable_key(KeyId=key["KeyId"])
    with pytest.raises(PermanentError, match=f"EncryptionKeyArn: {arn} is"):
        converge(graph(**KEY_USE, EncryptionKeyArn=arn))
    assert world(s3) == {}


def test_given_a_create_that_never_completed_then_its_bucket_goes_with_its_objects(
    s3: Any,
) -> None:
    converge(graph())
    whose = mine()
    s3.put_bucket_tagging(
        Bucket=NAME, Tagging={"TagSet": [{"Key": k, "Value": v} for k, v in whose.tags.items()]}
    )
    put(s3, "a")
    remove(graph())
    assert world(s3) == {}


def test_given_objects_in_a_complete_bucket_then_it_stays_and_nobody_owns_it(
    s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    whose = mine(user_tags={"team": "a"})
    converge(graph(whose))
    put(s3, "run/artifact")
    remove(graph(whose))
    found = settings(s3)
    assert found["tags"] == {
        "team": "a",
        USER_KEYS_TAG: whose.tags[USER_KEYS_TAG],
        "cfn-mlflow:version": "0.1.0",
        "cfn-mlflow:left-by": whose.tag,
    }
    [policy] = found["policy"]
    assert policy["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, "no stack is denied"
    assert s3.get_object(Bucket=NAME, Key="run/artifact")["Body"].read() == b"x"
    assert NAME in caplog.text
    with watched() as calls:
        remove(graph(whose, EmptyOnDelete="true"))
    assert calls.writes == []
    with pytest.raises(PermanentError, match=f"{NAME} was left, with its objects"):
        converge(graph(whose))
    assert settings(s3) == found


@pytest.mark.parametrize("markers", [False, True])
def test_given_a_complete_bucket_without_objects_then_it_goes(s3: Any, *, markers: bool) -> None:
    converge(graph())
    if markers:
        put(s3, "a")
        [version] = s3.list_object_versions(Bucket=NAME)["Versions"]
        s3.delete_object(Bucket=NAME, Key="a")
        s3.delete_object(Bucket=NAME, Key="a", VersionId=version["VersionId"])
    remove(graph())
    assert world(s3) == {}


def test_given_only_old_versions_then_there_is_still_something_to_lose(s3: Any) -> None:
    converge(graph())
    put(s3, "a")
    s3.delete_object(Bucket=NAME, Key="a")
    remove(graph())
    assert NAME in world(s3)


def test_given_many_versions_to_be_emptied_then_each_look_takes_some_of_them(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cfn_mlflow.aws.s3.bucket.PAGES_A_LOOK", 1)
    converge(graph())
    put(s3, *(f"{number}" for number in range(1200)))
    with watched() as calls:
        remove(graph(EmptyOnDelete="true"))
    assert calls.made.count("DeleteObjects") == 2
    assert world(s3) == {}


def test_given_an_object_that_cannot_be_removed_then_the_failure_says_why(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    converge(graph())
    put(s3, "a")
    answer = {"Errors": [{"Key": "a", "Code": "AccessDenied", "Message": "by a legal hold"}]}
    client = session.client("s3")
    monkeypatch.setattr(client, "delete_objects", lambda **_: answer, raising=False)
    with pytest.raises(PermanentError, match="cannot be emptied: by a legal hold"):
        remove(graph(EmptyOnDelete="true"))


def made_by_another_account() -> None:
    role = f"arn:aws:iam::{'9' * 12}:role/other"
    theirs = boto("sts").assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]
    other: Any = boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=theirs["AccessKeyId"],
        aws_secret_access_key=theirs["SecretAccessKey"],
        aws_session_token=theirs["SessionToken"],
    )
    other.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})


def just_before_create(do: Callable[[], object]) -> None:
    """Do something between the look that found nothing and the creation."""

    def before(**_: Any) -> None:
        do()

    session.forget_clients()
    session._session().events.register("before-call.s3.CreateBucket", before)


def test_given_a_bucket_of_another_account_then_the_failure_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    made_by_another_account()
    with pytest.raises(PermanentError, match=f"{NAME} cannot be read: it is another account's"):
        converge(graph())


def test_given_another_account_takes_the_name_first_then_the_failure_names_it() -> None:
    just_before_create(made_by_another_account)
    with pytest.raises(PermanentError, match=f"the name {NAME} is taken in another account"):
        converge(graph())


def test_given_a_strangers_bucket_of_the_same_name_then_it_is_not_touched(s3: Any) -> None:
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    with watched() as calls:
        with pytest.raises(PermanentError, match="belongs to somebody else"):
            converge(graph())
        remove(graph(EmptyOnDelete="true"))
    assert calls.writes == []
    assert s3.head_bucket(Bucket=NAME)


def test_given_us_east_1_where_a_second_creation_is_success_then_nothing_is_adopted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3 = in_region("us-east-1", monkeypatch)
    whose = Owner("cfn-mlflow", STACK.replace(REGION, "us-east-1"), "M", "abcdefghij", "0.1.0")
    name = f"mlflow-artifacts-{whose.digest}"
    theirs = {"TagSet": [{"Key": "cfn-mlflow:owner", "Value": "another/M"}]}

    def make_theirs() -> None:
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging=theirs)

    just_before_create(make_theirs)
    with pytest.raises(PermanentError, match="belongs to somebody else"):
        converge(graph(whose))
    remove(graph(whose, EmptyOnDelete="true"))
    assert s3.head_bucket(Bucket=name)


def test_given_us_east_1_then_the_bucket_is_made_without_a_constraint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3 = in_region("us-east-1", monkeypatch)
    whose = Owner("cfn-mlflow", STACK.replace(REGION, "us-east-1"), "M", "abcdefghij", "0.1.0")
    name = converge(graph(whose))["BucketId"]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    assert settings(s3, name)["tags"]["cfn-mlflow:owner"] == whose.tag


def test_given_another_partition_then_its_arns_say_so() -> None:
    whose = Owner("cfn-mlflow", STACK.replace("arn:aws:", "arn:aws-cn:"), "M", "abcdefghij", "0")
    attributes = graph(whose, BucketId="theirs").outputs
    assert known(attributes["BucketArn"]) == "arn:aws-cn:s3:::theirs"


@pytest.fixture
def theirs(s3: Any) -> str:
    """A bucket of the user's own."""
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": REGION})
    return "theirs"


def allow(s3: Any) -> None:
    tag = {"Key": "cfn-mlflow:allow", "Value": "yes"}
    s3.put_bucket_tagging(Bucket="theirs", Tagging={"TagSet": [tag]})


def test_given_the_users_bucket_then_it_is_used_and_never_changed(s3: Any, theirs: str) -> None:
    allow(s3)
    put(s3, "kept", name=theirs)
    with watched() as calls:
        given = converge(graph(BucketId=theirs, Path="/mlflow/"))
        remove(graph(BucketId=theirs, Path="/mlflow/"))
    assert given["ArtifactsDestination"] == "s3://theirs/mlflow"
    assert given["Path"] == "/mlflow"
    assert calls.writes == []
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == [theirs]


def test_given_the_users_bucket_in_the_providers_parameter_then_no_tag_is_needed(
    theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PermanentError, match="BucketId: theirs is not allowed to be used"):
        converge(graph(BucketId=theirs))
    monkeypatch.setenv("ALLOWED_BUCKET_NAMES", "another, theirs")
    assert converge(graph(BucketId=theirs))["BucketId"] == theirs


def test_given_a_bucket_that_is_not_there_then_refused_and_its_removal_is_clean() -> None:
    with pytest.raises(PermanentError, match="BucketId: theirs does not exist"):
        converge(graph(BucketId="theirs"))
    remove(graph(BucketId="theirs"))


def test_given_a_bucket_was_made_when_another_is_named_then_refused(s3: Any, theirs: str) -> None:
    allow(s3)
    converge(graph())
    put(s3, "run/artifact")
    with pytest.raises(PermanentError, match="BucketId: cannot be given any more"):
        converge(graph(BucketId=theirs))
    assert s3.get_object(Bucket=NAME, Key="run/artifact")
    remove(graph(BucketId=theirs, EmptyOnDelete="false"))
    assert settings(s3)["tags"]["cfn-mlflow:left-by"] == mine().tag


def request(
    request_type: str,
    new: dict[str, Any],
    old: dict[str, Any] | None = None,
    logical_id: str = "Bucket",
) -> Any:
    return event.parse(
        {
            "RequestType": request_type,
            "ResponseURL": signed_url(STACK, logical_id, "1"),
            "StackId": STACK,
            "RequestId": "1",
            "ResourceType": "Custom::MLflowBucket",
            "LogicalResourceId": logical_id,
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:bucket",
            **({} if request_type == "Create" else {"PhysicalResourceId": "id"}),
            "ResourceProperties": new,
            **({} if old is None else {"OldResourceProperties": old}),
        },
        PLACE,
    )


def served(asked: Any) -> Outcome:
    outcome: Outcome = BUCKET.prepare(asked, asked.identity)()
    return outcome


def names(s3: Any) -> list[str]:
    return [each["Name"] for each in s3.list_buckets()["Buckets"]]


def test_given_another_unique_name_then_refused_and_the_rollback_passes(s3: Any) -> None:
    old, new = {"UniqueName": "one"}, {"UniqueName": "two"}
    first = served(request("Create", old))
    made = names(s3)
    with pytest.raises(PermanentError, match="UniqueName: cannot change from one to two"):
        served(request("Update", new, old))
    assert served(request("Update", old, new)) == first
    assert names(s3) == made


def test_given_another_unique_name_and_more_that_is_refused_then_all_is_told(s3: Any) -> None:
    key = boto("kms").create_key()["KeyMetadata"]["Arn"]
    served(request("Create", {"UniqueName": "one"}))
    new = {"UniqueName": "two", "EncryptionAlgorithm": "aws:kms", "EncryptionKeyArn": key}
    with pytest.raises(RefusedChanges) as refused:
        served(request("Update", new, {"UniqueName": "one"}))
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "UniqueName",
        "EncryptionKeyArn",
    ]


def test_given_another_unique_name_and_what_cannot_be_looked_at_then_both_are_told(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(request("Create", {"UniqueName": "one"}))
    key = boto("kms").create_key()["KeyMetadata"]["Arn"]

    def unusable(_: Any) -> Any:
        raise PermanentError(f"EncryptionKeyArn: {key} is disabled")

    monkeypatch.setattr(AllowedKey, "look", unusable)
    new = {"UniqueName": "two", **KEY_USE, "EncryptionKeyArn": key}
    with pytest.raises(RefusedChanges) as refused:
        served(request("Update", new, {"UniqueName": "one"}))
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "UniqueName",
        "EncryptionKeyArn",
    ]


def test_given_the_bucket_was_deleted_by_hand_then_an_update_makes_no_empty_one(s3: Any) -> None:
    served(request("Create", {}))
    s3.delete_bucket(Bucket=names(s3)[0])
    with pytest.raises(PermanentError, match="bucket: it is gone, and another would be empty"):
        served(request("Update", {"EmptyOnDelete": "true"}, {}))
    assert names(s3) == []


def test_given_the_default_name_then_another_is_refused_too(s3: Any) -> None:
    served(request("Create", {}))
    made = names(s3)
    with pytest.raises(PermanentError, match="UniqueName: cannot change"):
        served(request("Update", {"UniqueName": "two"}, {}))
    assert isinstance(served(request("Update", {}, {"UniqueName": "two"})), Done)
    assert names(s3) == made


def deleted(asked: Any) -> Outcome:
    outcome: Outcome = BUCKET.removal(asked, asked.identity)()
    return outcome


def reservations() -> list[str]:
    return [each["Name"] for each in boto("ssm").describe_parameters()["Parameters"]]


def test_given_a_name_that_is_taken_then_the_second_fails_and_leaves_the_first_alone(
    s3: Any,
) -> None:
    shared = {"UniqueName": "shared"}
    served(request("Create", shared))
    before = world(s3)
    second = request("Create", shared, logical_id="Other")
    taken = "UniqueName: 'shared' is taken by the stack team. Choose"
    with stacks.holding("Bucket", "CREATE_COMPLETE"):
        with pytest.raises(PermanentError, match=taken):
            served(second)
        assert deleted(request("Delete", shared, logical_id="Other")) == Done({})
    assert world(s3) == before
    assert reservations() == ["/cfn-mlflow/names/shared/MLflowBucket"]
    assert deleted(request("Delete", shared)) == Done({})
    assert reservations() == []
    assert world(s3) == {}


def test_given_no_name_then_two_resources_live_side_by_side_and_claim_none(s3: Any) -> None:
    served(request("Create", {}))
    served(request("Create", {}, logical_id="Other"))
    assert len(names(s3)) == 2
    assert reservations() == []
