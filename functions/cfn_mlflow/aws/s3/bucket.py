"""S3: the artifact bucket, whether it is made here or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.allowed import AllowedView
from cfn_mlflow.aws.core.errors import DENIED, code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import COMPLETE_TAG, LEFT_BY_TAG, Owner, Tags
from cfn_mlflow.aws.s3.allowed_bucket import AllowedBucket
from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from cfn_mlflow.aws.s3.client import addressed, s3, tags_of
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import HoldsData, Observation, Retained, Updatable
from cfn_mlflow.outcome import Cause, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.reserved_tags import EVERY_STACK

PAGES_A_LOOK = 5
"""Pages of 1,000 versions that one step removes in some seconds. Other objects wait so long."""


@dataclass(frozen=True)
class BucketView:
    """A bucket as it stands."""

    name: str
    tags: Tags


@dataclass(frozen=True, eq=False)
class Bucket(OwnedObject[BucketView], HoldsData[BucketView], Retained[BucketView]):
    """A bucket of our own; its settings are objects of their own (`bucket_settings`)."""

    display_name: ClassVar[str] = "bucket"

    empty_on_delete: bool = False

    @property
    def name(self) -> str:
        """Return the bucket's name."""
        return self.owner.name("artifacts")

    @property
    def address(self) -> dict[str, Any]:
        """Return the bucket as calls name it."""
        return addressed(self.owner, self.name)

    def observe(self) -> Observation[BucketView] | None:
        """Read the bucket's tags, which tells that it is there too (s3:GetBucketTagging)."""
        tags = read_tags(self.owner, self.name)
        return None if tags is None else self.found(BucketView(self.name, tags))

    def conflict(self, view: BucketView) -> Cause:
        """Return the ownership conflict, which names a bucket that an earlier deletion retained."""
        if view.tags.get(LEFT_BY_TAG) != self.owner.tag:
            return super().conflict(view)
        return Cause(
            Reason.OwnershipConflict,
            f"bucket: {self.name} was left, with its objects, by an earlier deletion. Name it in "
            f"{self.owner.spelled('BucketId')} (its tag cfn-mlflow:allow must name the stack) "
            f"or give the resource another logical id, then deploy again",
        )

    def create(self) -> None:
        """Make the bucket with its tags (s3:CreateBucket, TagResource).

        In us-east-1 AWS takes a second creation of one's own bucket as done: the engine looks at
        the owner tag after.
        """
        _, region, _ = self.owner.arn_parts
        configuration: Any = {"Tags": tag_list(self.owner.tags)}
        if region != "us-east-1":
            configuration["LocationConstraint"] = region
        try:
            s3().create_bucket(
                Bucket=self.name,
                CreateBucketConfiguration=configuration,
                ObjectOwnership="BucketOwnerEnforced",
            )
        except Exception as error:
            if code(error) == "BucketAlreadyExists":
                raise PermanentError(
                    Reason.NameTaken,
                    f"bucket: the name {self.name} is taken in another account. Choose another "
                    f"UniqueName or logical id, then deploy again",
                ) from None
            raise

    def compare(self, found: Observation[BucketView]) -> Observation[BucketView]:
        """Add the tags if they differ."""
        return found.differing({"tags": self.owner.lacks(found.view.tags)})

    def update(self, found: Observation[BucketView]) -> None:
        """Set our tags among those that are there, those no longer asked left out."""
        view = found.view
        gone = self.owner.no_longer_asked(view.tags)
        staying = {key: value for key, value in view.tags.items() if key not in gone}
        write_tags(self.owner, self.name, {**staying, **self.owner.tags})

    def retain(self, view: BucketView) -> bool:
        """Leave a completed bucket that has objects, unless told to empty it.

        A retained bucket is no longer owned, so no later request adopts or deletes it. The tasks of
        another stack may use it if its tags allow that.
        """
        if self.empty_on_delete or COMPLETE_TAG not in view.tags or not self._has_objects():
            return False
        policy = BucketPolicy(self.owner, self.name, shared_with=(EVERY_STACK,))
        policy.put(policy.setting() or {})
        write_tags(self.owner, self.name, retained.tags_of_what_stays(self.owner, view.tags))
        retained.log_what_stays("bucket", self.name)
        return True

    def delete(self, view: BucketView) -> None:
        """Empty the bucket, some pages in each step, then delete it (s3:DeleteBucket)."""
        del view
        try:
            for _ in range(PAGES_A_LOOK):
                if not self._remove_a_page():
                    self._abort_uploads()
                    s3().delete_bucket(**self.address)
                    return
        except Exception as error:
            if is_missing(error):
                return
            if code(error) != "BucketNotEmpty":
                raise
        raise TemporaryError("emptying")

    def _has_objects(self) -> bool:
        """Return whether any version of an object exists. Delete markers do not count."""
        pages = s3().get_paginator("list_object_versions").paginate(**self.address)
        return any(page.get("Versions") for page in pages)

    def _remove_a_page(self) -> bool:
        """Remove 1,000 versions and markers; False if there was none.

        Rests on s3:ListBucketVersions, DeleteObjectVersion.
        """
        page = s3().list_object_versions(**self.address)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            return False
        answer = s3().delete_objects(
            **self.address,
            Delete={
                "Objects": [{"Key": o["Key"], "VersionId": o["VersionId"]} for o in found],
                "Quiet": True,
            },
        )
        for fault in answer.get("Errors", []):
            if fault.get("Code") not in ("InternalError", "SlowDown"):
                raise PermanentError(
                    Reason.BucketNotEmptied,
                    f"bucket: {self.name} cannot be emptied: {fault.get('Message', '')} "
                    f"({fault.get('Code', '')}). Remove what holds its objects, then delete again",
                )
        return True

    def _abort_uploads(self) -> None:
        """Abort uploads in parts that nobody finished (s3:AbortMultipartUpload)."""
        page = s3().list_multipart_uploads(**self.address)
        for upload in page.get("Uploads", []):
            s3().abort_multipart_upload(
                **self.address,
                Key=upload["Key"],
                UploadId=upload["UploadId"],
            )


@dataclass(frozen=True, eq=False)
class CompleteBucket(Updatable[BucketView]):
    """The mark of a bucket whose resource was made to the end: from then on its objects stay."""

    display_name: ClassVar[str] = "bucket's completion"

    owner: Owner
    bucket: Value[str]

    def observe(self) -> Observation[BucketView] | None:
        """Read the bucket's tags (s3:GetBucketTagging)."""
        name = known(self.bucket)
        tags = read_tags(self.owner, name)
        return None if tags is None else Observation(BucketView(name, tags))

    def compare(self, found: Observation[BucketView]) -> Observation[BucketView]:
        """Name the mark while it misses."""
        return found.differing({"mark": COMPLETE_TAG not in found.view.tags})

    def update(self, found: Observation[BucketView]) -> None:
        """Set the mark among the tags that are there (s3:PutBucketTagging)."""
        tags = {**found.view.tags, COMPLETE_TAG: "true"}
        write_tags(self.owner, found.view.name, tags)


@dataclass(frozen=True, eq=False)
class AllowedBucketInstead(AllowedBucket):
    """A bucket of the user's, in place of one that the provider would create."""

    instead_of: Bucket

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse it also when the resource has made a bucket, whose artifacts would be lost."""
        made = self.instead_of.observe()
        if made is None or made.conflict:
            return super().refused(view)
        words = (
            f"{self.property_name}: cannot be given any more, {made.view.name} was made and holds "
            f"the artifacts. Leave it out, or make a new resource"
        )
        return (Cause(Reason.ChangeRefused, words),)


def read_tags(owner: Owner, bucket: str) -> dict[str, str] | None:
    """Return the tags of a bucket of this account; None if there is no bucket."""
    try:
        return tags_of(owner, bucket)
    except Exception as error:
        if code(error) == "NoSuchBucket":
            return None
        if code(error) in DENIED:
            raise PermanentError(
                Reason.AccessDenied,
                f"bucket: {bucket} cannot be read: it is another account's, or its policy denies "
                f"the provider. Lift what denies it, then try again",
            ) from None
        raise


def write_tags(owner: Owner, bucket: str, tags: Mapping[str, str]) -> None:
    """Replace all tags of a bucket of this account (s3:PutBucketTagging)."""
    s3().put_bucket_tagging(
        **addressed(owner, bucket),
        Tagging={"TagSet": tag_list(tags)},
    )
