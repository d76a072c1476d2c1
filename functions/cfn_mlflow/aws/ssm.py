"""Systems Manager Parameter Store: the claim on a name that only one resource may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cfn_mlflow.aws.errors import code
from cfn_mlflow.aws.object import tag_list, tag_map
from cfn_mlflow.aws.owner import Owner, Tags
from cfn_mlflow.aws.session import client
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def _ssm() -> SSMClient:
    ssm: SSMClient = client("ssm")
    return ssm


@dataclass(frozen=True)
class NameClaimView:
    """A claim as it stands: who holds the name."""

    holder: str
    tags: Tags


@dataclass(frozen=True, eq=False)
class NameClaim(ManagedObject[NameClaimView]):
    """The right to a name in this account and Region: claimed first, released last.

    Its value is the holder: the stack's ARN and the logical id, as a person would look for them.
    """

    words: ClassVar[str] = "claim on UniqueName"

    owner: Owner
    path: str

    @property
    def holder(self) -> str:
        """Return what the claim's value says when it is this resource's."""
        return f"{self.owner.stack_id} {self.owner.logical_id}"

    def read(self) -> NameClaimView | None:
        """Read the claim (ssm:GetParameter, ListTagsForResource)."""
        try:
            value = _ssm().get_parameter(Name=self.path)["Parameter"]["Value"]
        except _ssm().exceptions.ParameterNotFound:
            return None
        found = _ssm().list_tags_for_resource(ResourceType="Parameter", ResourceId=self.path)
        return NameClaimView(value, tag_map(found["TagList"]))

    def owned(self, view: NameClaimView) -> bool:
        """Tell whether this resource holds the name."""
        return view.holder == self.holder

    def taken(self, view: NameClaimView) -> str:
        """Tell who holds the name."""
        name = self.path.split("/names/", 1)[-1].split("/")[0]
        return (
            f"UniqueName: {name!r} is taken by {view.holder}. Choose another name, or delete that "
            f"stack first"
        )

    def create(self) -> None:
        """Claim the name (ssm:PutParameter without Overwrite: the second claim is refused)."""
        try:
            _ssm().put_parameter(
                Name=self.path,
                Value=self.holder,
                Type="String",
                Description="Held by a resource of the stack named in the value",
                Tags=tag_list(self.owner.tags),
            )
        except _ssm().exceptions.ParameterAlreadyExists:
            raise TemporaryError("the name has just been claimed; looking whose it is") from None

    def changes(self, view: NameClaimView) -> tuple[str, ...]:
        """Name the tags when they differ."""
        return ("tags",) if self.owner.lacks(view.tags) else ()

    def update(self, view: NameClaimView) -> None:
        """Set the tags (ssm:AddTagsToResource, RemoveTagsFromResource)."""
        gone = self.owner.no_longer_asked(view.tags)
        if gone:
            _ssm().remove_tags_from_resource(
                ResourceType="Parameter", ResourceId=self.path, TagKeys=gone
            )
        _ssm().add_tags_to_resource(
            ResourceType="Parameter",
            ResourceId=self.path,
            Tags=tag_list(self.owner.tags),
        )

    def delete(self, view: NameClaimView) -> None:
        """Release the name (ssm:DeleteParameter)."""
        del view
        try:
            _ssm().delete_parameter(Name=self.path)
        except Exception as error:
            if code(error) != "ParameterNotFound":
                raise
