"""The contract between the engine and the resources of a graph.

A resource inherits a class for each thing that it can do, and the engine asks with `isinstance`.
Four methods read or change the world: observe, create, update and delete. Mix-ins add methods that
only few resources need.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

from cfn_mlflow.engine.output import NotKnown, Output, Seen
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

View = TypeVar("View")
T = TypeVar("T")


@dataclass(frozen=True)
class Observation(Generic[View]):
    """The state of a resource: what `observe` has read, and what `compare` has added."""

    view: View
    """The values that were read. Each kind of resource has its own type for them."""
    conflict: Cause | None = None
    """The ownership conflict, with the next step. None if this resource is the owner."""
    unmarked: bool = False
    """Whether no owner is known yet. Right after the engine's create that may still change."""
    refused: tuple[Cause, ...] = ()
    """The requested changes that would lose data or are not allowed. Then nothing is changed."""
    busy: str = ""
    """The state in which it accepts no change. Empty if it accepts changes."""
    differs: tuple[str, ...] = ()
    """The names of the settings that are not as asked."""
    not_ready: str = ""
    """What still has to happen before it is ready. Empty if it is."""

    @property
    def owned(self) -> bool:
        """Return whether this resource is the owner. A part of an owned object is owned too."""
        return self.conflict is None

    def differing(self, things: Mapping[str, bool]) -> Observation[View]:
        """Return it with the names of those things that differ."""
        return replace(self, differs=tuple(name for name, differs in things.items() if differs))


@dataclass(frozen=True, eq=False)
class Observed(ABC, Generic[View]):
    """An object that is only observed: never made, changed or removed.

    Subclasses are frozen dataclasses whose fields say what is asked. A field may be an output of
    another resource. Every method may raise TemporaryError, after which the engine tries again, or
    PermanentError, which fails the request with a reason.
    """

    display_name: ClassVar[str]
    """The display name in lower case, such as `database cluster`."""

    _seen: Seen[View] = field(default_factory=Seen, init=False, repr=False)

    @property
    def label(self) -> str:
        """The display name, which distinguishes several resources of a kind."""
        return self.display_name

    @abstractmethod
    def observe(self) -> Observation[View] | None:
        """Return the object's state and its owner, or None if the object does not exist.

        The engine calls it in each step. It must work while outputs are not known yet.
        """

    def compare(self, found: Observation[View]) -> Observation[View]:
        """Return the observation with `busy`, `differs` and `not_ready` set.

        The engine calls it for an owned object, once all outputs are known.
        """
        return found

    def output(self, take: Callable[[View], T]) -> Output[T]:
        """Return the output that `take` makes of the view, once this resource is ready."""
        return Output((self,), lambda: take(self.last_view()))

    def last_view(self) -> View:
        """Return the view that was last observed. Raises NotKnown if there is none."""
        if self._seen.view is None:
            raise NotKnown(self.label)
        return self._seen.view

    def see(self, view: View | None) -> None:
        """Store an observed view, or forget it. Only the engine calls this."""
        self._seen.view = view


class Creatable(Observed[View]):
    """It can be made."""

    @abstractmethod
    def create(self) -> None:
        """Begin to make it. The engine calls this only if it does not exist."""


class Updatable(Observed[View]):
    """It can be changed in place."""

    @abstractmethod
    def update(self, found: Observation[View]) -> None:
        """Change the settings in `found.differs`. The engine calls this only if there are any."""


class Deletable(Observed[View]):
    """It can be removed. A removal observes no other resource."""

    @abstractmethod
    def delete(self, view: View) -> None:
        """Begin to remove it. The engine calls this for an owned object, until it is gone."""


class Resource(Creatable[View], Updatable[View], Deletable[View]):
    """It is made, changed in place and removed: the most common kind."""


class Attached(Creatable[View]):
    """It is made after its parent, and AWS deletes it with its parent."""


class Remains(Deletable[View]):
    """An older object that is no longer wanted, and is only removed."""


class ObservedFirst(Observed[View]):
    """It may refuse a request, so it is observed before any change, when no output is known."""


class HoldsData(ObservedFirst[View]):
    """It holds data, and a new one would be empty. Once it was ready, its absence is a failure."""


class Named(ObservedFirst[View]):
    """A property names it. It belongs to somebody else, who says which stacks may use it."""


class Superseding(Observed[View]):
    """It replaces older objects, which are removed once it is ready."""

    @abstractmethod
    def superseded(self) -> Sequence[Deletable[Any]]:
        """Return the older objects that this one has replaced.

        A removal calls it too, because an interrupted update may have left some. It must work
        while outputs are not known yet.
        """


class Undone(Observed[View]):
    """It has effects that must not outlast a failed request."""

    @abstractmethod
    def give_up(self) -> None:
        """Undo its effects, such as a stopped service.

        The engine calls it after a failed request, perhaps several times. It must work while
        outputs are not known, and waits for nothing.
        """


class Retained(Observed[View]):
    """A deletion may keep it on purpose."""

    @abstractmethod
    def retain(self, view: View) -> bool:
        """Return whether a deletion keeps it; if so, mark it as retained."""


class LeavesTraces(Observed[View]):
    """Its deletion leaves objects, such as snapshots, that have to be marked."""

    @abstractmethod
    def after_removal(self) -> None:
        """Mark the objects that it left. A removal may call this several times."""


def as_observed(view: View | None) -> Observation[View] | None:
    """Return the observation of an object that counts as owned, or None for no object."""
    return None if view is None else Observation(view)


def ownership_conflict(label: str) -> Cause:
    """Return the cause that an object exists and belongs to somebody else."""
    return Cause(
        Reason.OwnershipConflict,
        f"{label} is there already and belongs to somebody else; it is left as it is. "
        f"Remove or rename it, then deploy again",
    )
