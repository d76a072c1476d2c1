"""Systems Manager Parameter Store: the reservation of a name that only one resource may hold.

The reservation of a holder that no longer exists counts as none. The same holds for a holder that
CloudFormation has retained at the user's wish. The next resource that wants the name takes it over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.cloudformation.guard.stack import OVER
from cfn_mlflow.engine.resource import Observation, Resource
from cfn_mlflow.outcome import Cause, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def _ssm() -> SSMClient:
    ssm: SSMClient = client("ssm")
    return ssm


def _stack_of(holder: str) -> str:
    """Return the name of a holder's stack, in words."""
    match = re.match(r"arn:[^:]+:cloudformation:[^:]+:[^:]+:stack/([^/]+)/", holder)
    return f"the stack {match[1]}" if match else "somebody else"


@dataclass(frozen=True)
class NameReservationView:
    """A reservation as it stands: who holds the name."""

    holder: str
    version: int
    tags: Tags = field(default_factory=dict)
    """Those of a reservation of one's own."""
    doubt: str = ""
    """Why it is not known whether another holder still exists."""


@dataclass(frozen=True, eq=False)
class NameReservation(Resource[NameReservationView]):
    """The right to a name in this account and Region: reserved first, released last.

    Its value is the holder: the stack's ARN and the logical id, as a person would look for them.
    """

    display_name: ClassVar[str] = "reservation of UniqueName"

    owner: Owner
    path: str

    @property
    def holder(self) -> str:
        """Return what the reservation's value says when it is this resource's."""
        return f"{self.owner.stack_id} {self.owner.logical_id}"

    def observe(self) -> Observation[NameReservationView] | None:
        """Read the reservation; that of a holder who is gone is none.

        Rests on ssm:GetParameter, ListTagsForResource and cloudformation:DescribeStackResource.
        """
        view = _look(self.path)
        if view is None or view.holder != self.holder:
            others = self._if_held(view)
            return None if others is None else Observation(others, conflict=self._taken(others))
        found = _ssm().list_tags_for_resource(ResourceType="Parameter", ResourceId=self.path)
        return Observation(replace(view, tags=tag_map(found["TagList"])))

    def _taken(self, view: NameReservationView) -> Cause:
        """Return the reason that another stack has the name. It shows that stack's name only."""
        name = self.path.split("/names/", 1)[-1].split("/")[0]
        said = f"UniqueName: {name!r} is taken by {_stack_of(view.holder)}"
        if view.doubt:
            return Cause(
                Reason.NameTaken,
                f"{said}. If that is gone, delete the parameter {self.path}, then deploy again; "
                f"CloudFormation does not tell whether it is ({view.doubt})",
            )
        return Cause(Reason.NameTaken, f"{said}. Choose another name, or delete that stack first")

    def create(self) -> None:
        """Reserve the name (ssm:PutParameter without Overwrite refuses a second one)."""
        try:
            self._put(Tags=tag_list(self.owner.tags))
        except _ssm().exceptions.ParameterAlreadyExists:
            self._follow()

    def compare(self, found: Observation[NameReservationView]) -> Observation[NameReservationView]:
        """Add the tags if they differ."""
        return found.differing({"tags": self.owner.lacks(found.view.tags)})

    def update(self, found: Observation[NameReservationView]) -> None:
        """Set the tags (ssm:AddTagsToResource, RemoveTagsFromResource)."""
        view = found.view
        take_off(
            self.owner,
            view.tags,
            lambda keys: _ssm().remove_tags_from_resource(
                ResourceType="Parameter", ResourceId=self.path, TagKeys=keys
            ),
        )
        _ssm().add_tags_to_resource(
            ResourceType="Parameter",
            ResourceId=self.path,
            Tags=tag_list(self.owner.tags),
        )

    def delete(self, view: NameReservationView) -> None:
        """Release the name (ssm:DeleteParameter).

        A reservation that was just followed has the former holder's tags: IAM asks for this one's.
        """
        try:
            if not self.owner.owns(view.tags):
                self.update(Observation(view))
            _ssm().delete_parameter(Name=self.path)
        except Exception as error:
            if code(error) != "ParameterNotFound":
                raise

    def _if_held(self, view: NameReservationView | None) -> NameReservationView | None:
        """Return another's reservation while CloudFormation says that its holder is there."""
        if view is None:
            return None
        stack_id, _, logical_id = view.holder.partition(" ")
        if not logical_id:
            return replace(view, doubt="the value names no resource of a stack")
        try:
            state = Stacks().resource_state(stack_id, logical_id)
        except PermanentError as error:
            return replace(view, doubt=str(error).replace(stack_id, "its stack")[:100])
        return None if state is None or state.status in OVER else view

    def _follow(self) -> None:
        """Take over from a holder who is gone; give back what another has just taken.

        Each PutParameter makes the next version, and the first one after a DeleteParameter. So the
        version before ours tells who held the name at that very moment.
        """
        view = _look(self.path)
        if view is None or self._if_held(view) is not None:
            raise TemporaryError("the name has just been reserved; reading its owner")
        version = self._put(Overwrite=True)
        before = _look(f"{self.path}:{version - 1}") if version > 1 else None
        if before is not None and self._came_between(view, before):
            self._put(Value=before.holder, Overwrite=True)
            raise TemporaryError("the name has just been reserved by another; reading its owner")
        log.warning(f"Took over the UniqueName of {view.holder}, which no longer exists")

    def _came_between(self, view: NameReservationView, before: NameReservationView) -> bool:
        """Return whether the version before this one is another's, or of a holder that lives again.

        A holder that is made again finds its own reservation, and writes none.
        """
        try:
            return before.holder != view.holder or self._if_held(before) is not None
        except TemporaryError:
            return True

    def _put(self, **more: Any) -> int:
        """Put the parameter and return its version; tags are taken by a new one alone."""
        asked: Any = {
            "Name": self.path,
            "Value": self.holder,
            "Type": "String",
            "Description": "Held by a resource of the stack named in the value",
            **more,
        }
        return _ssm().put_parameter(**asked)["Version"]


def _look(path: str) -> NameReservationView | None:
    """Return a reservation as it stands, or stood in a version (ssm:GetParameter)."""
    try:
        found = _ssm().get_parameter(Name=path)["Parameter"]
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return NameReservationView(found["Value"], found["Version"])
