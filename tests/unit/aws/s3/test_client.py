"""A bucket as calls name it: this account's alone, with its tags."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.s3.client import tags_of
from tests.support.objects.service_kit import ACCOUNT, owner
from tests.support.properties import named_things as things

pytestmark = pytest.mark.usefixtures("aws")


def test_bucket_without_a_tag_has_none_and_one_that_is_missing_raises() -> None:
    assert tags_of(owner(), things.bucket("bare", {})) == {}
    assert tags_of(owner(), things.bucket("tagged")) == things.TEAM
    with pytest.raises(ClientError, match="NoSuchBucket"):
        tags_of(owner(), "gone")


def test_every_call_names_the_account_whose_bucket_it_must_be() -> None:
    with Stubber(session.client("s3")) as stub:
        asked = {"Bucket": "b", "ExpectedBucketOwner": ACCOUNT}
        stub.add_response("get_bucket_tagging", {"TagSet": []}, asked)
        assert tags_of(owner(), "b") == {}
