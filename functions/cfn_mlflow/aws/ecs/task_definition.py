"""ECS: task definitions. A family is found by its name; its newest active revision counts.

A revision whose deployment or migration failed is deregistered. The one before it is then the
newest again, so a rollback has nothing to do. The next attempt registers a revision of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from cfn_mlflow.aws.core.compare import differences, without_none
from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_map
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.replaced import Replaced
from cfn_mlflow.aws.ecs.client import ecs, ecs_tags, set_tags
from cfn_mlflow.aws.ecs.service_view import read_service
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Deletable, Observation, Superseding

Definition = Mapping[str, Any]
"""What RegisterTaskDefinition takes, but for family and tags; None: it must not be there."""

DELETED_AT_ONCE = 10
"""So many task definitions DeleteTaskDefinitions takes in a call."""

IMAGE_DIGEST_TAG = "cfn-mlflow:image-digest"
"""Digest of the image that the tasks of a definition run; empty if ECS tells none."""


@dataclass(frozen=True)
class TaskDefinitionView:
    """The newest active revision of a family."""

    arn: str
    definition: Definition
    tags: Tags


@dataclass(frozen=True, eq=False)
class TaskDefinition(OwnedObject[TaskDefinitionView], Superseding[TaskDefinitionView]):
    """A family whose newest active revision is as asked; `part` tells families apart."""

    display_name: ClassVar[str] = "task definition"

    definition: Value[Definition]
    part: str = ""

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the families of one resource."""
        return f"{self.part} task definition".lstrip()

    @property
    def family(self) -> str:
        """Return the family's name."""
        return self.owner.name(self.part)

    def observe(self) -> Observation[TaskDefinitionView] | None:
        """Read the newest active revision (ecs:DescribeTaskDefinition)."""
        view = _read(self.family)
        return self.found(view if view and view.definition["status"] == "ACTIVE" else None)

    def create(self) -> None:
        """Register a revision with its tags (ecs:RegisterTaskDefinition)."""
        ecs().register_task_definition(
            family=self.family,
            tags=ecs_tags(self.owner.tags),
            **without_none(known(self.definition)),
        )

    def compare(self, found: Observation[TaskDefinitionView]) -> Observation[TaskDefinitionView]:
        """Name what differs; what AWS adds by default does not."""
        tags = ("tags",) if self.owner.lacks(found.view.tags) else ()
        asked = known(self.definition)
        return replace(found, differs=(*differences(found.view.definition, asked), *tags))

    def update(self, found: Observation[TaskDefinitionView]) -> None:
        """Register a new revision, or only set this one's tags (ecs:TagResource, UntagResource)."""
        if found.differs == ("tags",):
            set_tags(self.owner, found.view.arn, found.view.tags)
        else:
            self.create()

    def superseded(self) -> tuple[Deletable[Any], ...]:
        """Return the family's other revisions."""
        return (ReplacedRevisions(self.owner, self.family),)

    def delete(self, view: TaskDefinitionView) -> None:
        """Take the newest revision away, and what was superseded while the service named it."""
        replaced = ReplacedRevisions(self.owner, self.family)
        others = replaced.observe()
        if others:
            replaced.delete(others.view)
        deregister(view.arn)
        _delete([view.arn])


@dataclass(frozen=True, eq=False)
class ReplacedRevisions(Replaced[tuple[str, ...]]):
    """The revisions of a family, active or not, but for the newest active one and what runs.

    While a rotation and an update of the stack meet, what runs may not be the newest.
    """

    display_name: ClassVar[str] = "replaced task definitions"

    family: str

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the families of one resource."""
        return f"{self.display_name} of {self.family}"

    def observe(self) -> Observation[tuple[str, ...]] | None:
        """Find them by the family's name.

        Rests on ecs:ListTaskDefinitions and DescribeTaskDefinition; on DescribeServices if any is.
        """
        found = (*self._arns("ACTIVE")[1:], *self._arns("INACTIVE"))
        ours = [arn for arn in found if self._is_ours(arn)]
        named = self._named_by_the_service() if ours else frozenset()
        replaced = tuple(arn for arn in ours if arn not in named)
        return Observation(replaced) if replaced else None

    def delete(self, view: tuple[str, ...]) -> None:
        """Deregister what is active, then delete all (ecs:DeleteTaskDefinitions)."""
        for arn in set(view).intersection(self._arns("ACTIVE")):
            deregister(arn)
        _delete(view)

    def _arns(self, status: Literal["ACTIVE", "INACTIVE"]) -> list[str]:
        return _arns(self.family, status)

    def _named_by_the_service(self) -> frozenset[str]:
        """Return what the service deploys or deployed, if it is of this family."""
        name = self.owner.name()
        service = read_service(name, name) if self.family == name else None
        if service is None:
            return frozenset()
        deployed = {one.definition_arn for one in service.deployments}
        return frozenset({service.definition_arn, *deployed})

    def _is_ours(self, arn: str) -> bool:
        view = _read(arn)
        return view is not None and self.owner.owns(view.tags)


def revisions(owner: Owner, family: str) -> Iterator[TaskDefinitionView]:
    """Yield an owner's revisions of a family, active or not, the newest first.

    Rests on ecs:ListTaskDefinitions and DescribeTaskDefinition.
    """
    for arn in sorted((*_arns(family, "ACTIVE"), *_arns(family, "INACTIVE")), key=_number)[::-1]:
        view = _read(arn)
        if view and owner.owns(view.tags):
            yield view


def _arns(family: str, status: Literal["ACTIVE", "INACTIVE"]) -> list[str]:
    """Return a family's revisions of one status, newest first."""
    pages = ecs().get_paginator("list_task_definitions")
    arns = [
        arn
        for page in pages.paginate(familyPrefix=family, status=status)
        for arn in page["taskDefinitionArns"]
        if f"/{family}:" in arn
    ]
    return sorted(arns, key=_number, reverse=True)


def _number(arn: str) -> int:
    return int(arn.rpartition(":")[2])


def deregister(arn: str) -> None:
    """Make a revision inactive; its tasks keep running (ecs:DeregisterTaskDefinition)."""
    try:
        ecs().deregister_task_definition(taskDefinition=arn)
    except Exception as error:
        if code(error) not in ("ClientException", "InvalidParameterException"):
            raise


def _delete(arns: Sequence[str]) -> None:
    for start in range(0, len(arns), DELETED_AT_ONCE):
        ecs().delete_task_definitions(taskDefinitions=list(arns[start : start + DELETED_AT_ONCE]))


def _read(name: str) -> TaskDefinitionView | None:
    try:
        found = ecs().describe_task_definition(taskDefinition=name, include=["TAGS"])
    except Exception as error:
        # ECS has no error of its own for a family that is not there.
        if code(error) == "ClientException" and "describe" in str(error).lower():
            return None
        raise
    definition: Any = found["taskDefinition"]
    if definition.get("status") == "DELETE_IN_PROGRESS":
        return None
    return TaskDefinitionView(
        definition["taskDefinitionArn"], definition, tag_map(found.get("tags", []))
    )
