"""What all AWS objects of ours share: an owner whose tags they carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cfn_mlflow.aws.core.owner import OWNER_TAG, Owner, Tags
from cfn_mlflow.engine.resource import (
    Observation,
    Observed,
    Resource,
    as_observed,
    ownership_conflict,
)


class Tagged(Protocol):
    """A view that carries the object's tags."""

    @property
    def tags(self) -> Tags:
        """Return the object's tags by key."""
        ...


TaggedView = TypeVar("TaggedView", bound=Tagged)


@dataclass(frozen=True, eq=False)
class TaggedObject(Observed[TaggedView]):
    """An AWS object that can carry tags: the owner tag proves whose it is."""

    owner: Owner

    def owned(self, view: TaggedView) -> bool:
        """Tell whether it carries this resource's owner tag."""
        return self.owner.owns(view.tags)

    def found(self, view: TaggedView | None) -> Observation[TaggedView] | None:
        """Return a view as an observation, with the ownership conflict if there is one."""
        if view is None or self.owned(view):
            return as_observed(view)
        unmarked = OWNER_TAG not in view.tags
        return Observation(view, conflict=self.conflict(view), unmarked=unmarked)

    def conflict(self, view: TaggedView) -> str:
        """Return the words for one that is not this resource's."""
        del view
        return ownership_conflict(self.label)


@dataclass(frozen=True, eq=False)
class OwnedObject(TaggedObject[TaggedView], Resource[TaggedView]):
    """One that is made, changed and removed by itself."""


def take_off(owner: Owner, found: Tags, untag: Callable[[list[str]], object]) -> None:
    """Take the tags off an object that were set for the user and are not asked any more.

    `untag` is the service's own way, told the keys; without any it is not called.
    """
    gone = owner.no_longer_asked(found)
    if gone:
        untag(gone)


def tag_list(tags: Tags) -> list[Any]:
    """Return tags as most services take them: a list of Key and Value.

    Every service's stubs have a type of their own for it.
    """
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tag_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return tags by key, from a list of Key and Value (or, as ECS writes them, key and value)."""
    return {
        str(tag["Key"] if "Key" in tag else tag["key"]): str(tag.get("Value", tag.get("value", "")))
        for tag in tags
    }
