"""Buckets that properties name, one by one or many by a pattern."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.s3.allowed_bucket import AllowedBucketToRead, covers
from tests.support.objects.service_kit import owner
from tests.support.properties.refusals import faults

pytestmark = pytest.mark.usefixtures("aws")


@pytest.mark.parametrize(
    ("arn", "listed", "passes"),
    [
        ("arn:aws:s3:::*", "", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models-*", True),
        ("arn:aws:s3:::models-eu-*", "arn:aws:s3:::models-*", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::models-*", False),
        ("arn:aws:s3:::models-*", "arn:aws:s3:::models-?", False),
        ("arn:aws:s3:::models-?", "arn:aws:s3:::models-?", True),
        ("arn:aws:s3:::models-?", "arn:aws:s3:::other,arn:aws:s3:::models-*", True),
    ],
)
def test_many_buckets_are_read_only_where_a_parameter_allows_all_of_them(
    monkeypatch: pytest.MonkeyPatch, arn: str, listed: str, passes: bool
) -> None:
    monkeypatch.setenv("ALLOWED_READ_BUCKET_ARNS", listed)
    found = faults(AllowedBucketToRead(owner(), "ArtifactBucketsMlflowWillRead", arn))
    assert (found == ()) == passes
    assert all("AllowedReadBucketArns" in fault for fault in found)


def test_dot_of_a_bucket_that_is_listed_stands_for_itself() -> None:
    assert covers("arn:aws:s3:::a.b", "arn:aws:s3:::a.b")
    assert not covers("arn:aws:s3:::a.b", "arn:aws:s3:::axb")
