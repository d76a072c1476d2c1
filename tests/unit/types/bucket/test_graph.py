"""Custom::MLflowBucket: from properties to a bucket, and away."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.engine.output import known
from cfn_mlflow.outcome import Done, PermanentError, RefusedChanges
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.graphs.bucket_kit import (
    KEY_USE,
    NAME,
    allow,
    graph,
    names,
    put,
    request,
    s3,
    served,
    settings,
    theirs,
    world,
)
from tests.support.objects.kill_points import killed_after_each_call, watched
from tests.support.objects.service_kit import ACCOUNT, REGION, STACK, boto, converge, owner, remove

__all__ = ["s3", "theirs"]


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


def test_given_another_partition_then_its_arns_say_so() -> None:
    whose = Owner("cfn-mlflow", STACK.replace("arn:aws:", "arn:aws-cn:"), "M", "abcdefghij", "0")
    attributes = graph(whose, BucketId="theirs").outputs
    assert known(attributes["BucketArn"]) == "arn:aws-cn:s3:::theirs"


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
    with failing(Reason.NotFound, match="BucketId: theirs does not exist"):
        converge(graph(BucketId="theirs"))
    remove(graph(BucketId="theirs"))


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
        "[ChangeRefused] UniqueName",
        "[NotAllowed] EncryptionKeyArn",
    ]


def test_given_another_unique_name_and_what_cannot_be_looked_at_then_both_are_told(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(request("Create", {"UniqueName": "one"}))
    key = boto("kms").create_key()["KeyMetadata"]["Arn"]

    def unusable(_: Any) -> Any:
        raise PermanentError(Reason.CallRefused, f"EncryptionKeyArn: {key} is disabled")

    monkeypatch.setattr(AllowedKey, "look", unusable)
    new = {"UniqueName": "two", **KEY_USE, "EncryptionKeyArn": key}
    with pytest.raises(RefusedChanges) as refused:
        served(request("Update", new, {"UniqueName": "one"}))
    assert [fault.split(":")[0] for fault in refused.value.faults] == [
        "[ChangeRefused] UniqueName",
        "[CallRefused] EncryptionKeyArn",
    ]


def test_given_the_bucket_was_deleted_by_hand_then_an_update_makes_no_empty_one(s3: Any) -> None:
    served(request("Create", {}))
    s3.delete_bucket(Bucket=names(s3)[0])
    with failing(Reason.DataGone, match="bucket: it is gone, and another would be empty"):
        served(request("Update", {"EmptyOnDelete": "true"}, {}))
    assert names(s3) == []


def test_given_the_default_name_then_another_is_refused_too(s3: Any) -> None:
    served(request("Create", {}))
    made = names(s3)
    with pytest.raises(PermanentError, match="UniqueName: cannot change"):
        served(request("Update", {"UniqueName": "two"}, {}))
    assert isinstance(served(request("Update", {}, {"UniqueName": "two"})), Done)
    assert names(s3) == made
