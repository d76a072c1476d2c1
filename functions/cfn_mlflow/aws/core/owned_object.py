"""The base of all AWS objects that the provider makes: each has its owner's tags."""

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
from cfn_mlflow.outcome import Cause


class Tagged(Protocol):
    """A view that carries the object's tags."""

    @property
    def tags(self) -> Tags:
        """Return the object's tags by key."""
        ...


TaggedView = TypeVar("TaggedView", bound=Tagged)


@dataclass(frozen=True, eq=False)
class TaggedObject(Observed[TaggedView]):
    """An AWS object with tags. The owner tag proves which resource is its owner."""

    owner: Owner

    def owned(self, view: TaggedView) -> bool:
        """Return whether it carries this resource's owner tag."""
        return self.owner.owns(view.tags)

    def found(self, view: TaggedView | None) -> Observation[TaggedView] | None:
        """Return a view as an observation, with the ownership conflict if there is one."""
        if view is None or self.owned(view):
            return as_observed(view)
        unmarked = OWNER_TAG not in view.tags
        return Observation(view, conflict=self.conflict(view), unmarked=unmarked)

    def conflict(self, view: TaggedView) -> Cause:
        """Return the cause for one that is not this resource's."""
        del view
        return ownership_conflict(self.label)


@dataclass(frozen=True, eq=False)
class OwnedObject(TaggedObject[TaggedView], Resource[TaggedView]):
    """An object with tags that is made, changed and removed by itself."""


def take_off(owner: Owner, found: Tags, untag: Callable[[list[str]], object]) -> None:
    """Remove the user's tags that are no longer asked from an object.

    `untag` calls the service with the keys. It is not called if there are none.
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
