"""What S3 does and moto 5.2.5 does not: tags from the call that makes the bucket, TLS told apart.

moto drops the tags of CreateBucket, keeps those of a bucket that is gone, and takes every request
for one without TLS, so that a TLS-only policy denies all.
"""

from __future__ import annotations

from typing import Any

import pytest
import xmltodict  # type: ignore[import-untyped]
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mend both for a test."""
    make = S3Response._bucket_response_put

    def make_with_tags(response: S3Response, *args: Any, **kwargs: Any) -> Any:
        is_new = response.bucket_name not in response.backend.buckets
        answer = make(response, *args, **kwargs)
        asked = {}
        if is_new and b"<CreateBucketConfiguration" in response.raw_body:
            asked = xmltodict.parse(response.raw_body)["CreateBucketConfiguration"]
        found = asked.get("Tags", {}).get("Tag", [])
        tags = found if isinstance(found, list) else [found]
        if is_new:
            response.backend.put_bucket_tagging(
                response.bucket_name, {tag["Key"]: tag["Value"] for tag in tags}
            )
        return answer

    monkeypatch.setattr(S3Response, "_bucket_response_put", make_with_tags)
    # Every request of a test has TLS: a policy against those without it says nothing.
    monkeypatch.setattr(FakeBucket, "get_permission", lambda *_: PermissionResult.NEUTRAL)
