"""The bucket itself: made in every Region, emptied, left with what it holds, never a stranger's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG, Owner
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.graphs.bucket_kit import (
    NAME,
    allow,
    graph,
    mine,
    put,
    s3,
    settings,
    theirs,
    world,
)
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import REGION, STACK, boto, converge, remove

__all__ = ["s3", "theirs"]


def in_region(region: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    session.forget_clients()
    return boto3.client("s3", region_name=region)


def test_given_tags_of_the_user_then_the_bucket_has_them_from_its_first_call(s3: Any) -> None:
    whose = mine(user_tags={"team": "a"})
    with watched() as calls:
        converge(graph(whose))
    assert calls.made.index("CreateBucket") < calls.made.index("PutBucketTagging")
    assert calls.writes.count("PutBucketTagging") == 1  # the completion alone
    assert settings(s3)["tags"] == {**whose.tags, "cfn-mlflow:complete": "true"}


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
    with failing(Reason.OwnershipConflict, match=f"{NAME} was left, with its objects"):
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
    with failing(Reason.BucketNotEmptied, match="cannot be emptied: by a legal hold"):
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
    with failing(Reason.AccessDenied, match=f"{NAME} cannot be read: it is another account's"):
        converge(graph())


def test_given_another_account_takes_the_name_first_then_the_failure_names_it() -> None:
    just_before_create(made_by_another_account)
    with failing(Reason.NameTaken, match=f"the name {NAME} is taken in another account"):
        converge(graph())


def test_given_a_strangers_bucket_of_the_same_name_then_it_is_not_touched(s3: Any) -> None:
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    with watched() as calls:
        with failing(Reason.OwnershipConflict, match="belongs to somebody else"):
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
    with failing(Reason.OwnershipConflict, match="belongs to somebody else"):
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


def test_given_a_bucket_was_made_when_another_is_named_then_refused(s3: Any, theirs: str) -> None:
    allow(s3)
    converge(graph())
    put(s3, "run/artifact")
    with failing(Reason.ChangeRefused, match="BucketId: cannot be given any more"):
        converge(graph(BucketId=theirs))
    assert s3.get_object(Bucket=NAME, Key="run/artifact")
    remove(graph(BucketId=theirs, EmptyOnDelete="false"))
    assert settings(s3)["tags"]["cfn-mlflow:left-by"] == mine().tag
