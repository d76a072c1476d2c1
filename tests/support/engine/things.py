"""A small world in memory, and things in it that a graph can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from cfn_mlflow.engine.calls import AlreadyThereError, DeniedError, NotFoundError, NotKnownYetError
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import (
    Attached,
    HoldsData,
    LeavesTraces,
    Named,
    Observation,
    Observed,
    Remains,
    Resource,
    Retained,
    Superseding,
    Undone,
    Updatable,
    ownership_conflict,
)
from cfn_mlflow.outcome import Cause, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason


class Killed(BaseException):
    """The function is gone, between two calls."""


class Broken(Exception):  # noqa: N818 - an error of the world below, with a code of its own
    """What the world answers; the code tells whether it passes."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def explain(label: str, error: Exception) -> Exception:
    """Turn the world's errors into the engine's two kinds."""
    if not isinstance(error, Broken):
        return error
    if error.code == "busy":
        return TemporaryError("busy")
    return KINDS.get(error.code, PermanentError)(Reason.CallRefused, f"{label}: {error.code}")


KINDS: dict[str, type[PermanentError]] = {
    "denied": DeniedError,
    "not found": NotFoundError,
    "not known": NotKnownYetError,
    "already there": AlreadyThereError,
}


@dataclass
class Item:
    """One thing as it stands."""

    owner: str
    value: str
    looks_to_serve: int = 0
    mark: str = ""
    hidden: int = field(default=0, compare=False)
    """Looks for which it is not visible, though it is there."""
    untagged: int = field(default=0, compare=False)
    """Looks for which its owner tag is not visible."""
    was_hidden: bool = field(default=False, compare=False)


@dataclass
class World:
    """What is there by name, what was called, and when the function dies or a call fails."""

    items: dict[str, Item] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """Those that were carried out."""
    tried: list[str] = field(default_factory=list)
    dies_behind: int | None = None
    fails: dict[str, list[str]] = field(default_factory=dict)
    """By call, such as `create a`: the codes with which the next ones are answered."""
    slow: int = 0
    """Looks that a new thing takes to serve."""
    hides: int = 0
    """Looks for which a new thing is not visible."""
    tags_late: int = 0
    """Looks for which a new thing, visible already, has no owner tag."""

    def call(self, what: str) -> None:
        """Answer a call that changes nothing yet: fail it, if it is to fail."""
        self.tried.append(what)
        if self.fails.get(what):
            raise Broken(self.fails[what].pop(0))

    def done(self, what: str) -> None:
        """Note a call that was carried out; the function may die behind it."""
        self.calls.append(what)
        if self.dies_behind is not None:
            self.dies_behind -= 1
            if self.dies_behind == 0:
                raise Killed

    @property
    def writes(self) -> list[str]:
        """Return the calls that changed something."""
        return [call for call in self.calls if not call.startswith("read")]


def observation(found: Item, owner: str, label: str) -> Observation[Item]:
    """Return what is seen of an item: whose it is, by its tag once that is visible."""
    is_ours = found.owner == owner and not found.untagged
    found.untagged = max(found.untagged - 1, 0)
    if is_ours:
        return Observation(found)
    unmarked = found.owner == owner
    return Observation(found, conflict=ownership_conflict(label), unmarked=unmarked)


@dataclass(frozen=True, eq=False)
class Placed(Observed[Item]):
    """Something that has a name in a world."""

    display_name: ClassVar[str] = "thing"

    world: World
    name: str

    @property
    def label(self) -> str:
        """Tell things apart."""
        return f"thing {self.name}"

    def look(self) -> Item | None:
        """Return what is there, once it is visible."""
        self.world.call(f"read {self.name}")
        found = self.world.items.get(self.name)
        self.world.done(f"read {self.name}")
        if found and found.hidden:
            found.hidden, found.was_hidden = found.hidden - 1, True
            return None
        return found

    def make(self, owner: str, value: str) -> None:
        """Make it."""
        self.world.call(f"create {self.name}")
        there = self.world.items.get(self.name)
        if there and there.was_hidden:
            raise Broken("already there")
        if there:
            raise AssertionError(f"{self.name} is made twice")
        world = self.world
        item = Item(owner, value, world.slow, hidden=world.hides, untagged=world.tags_late)
        self.world.items[self.name] = item
        self.world.done(f"create {self.name}")

    def change(self, view: Item, value: str) -> None:
        """Change its value."""
        self.world.call(f"update {self.name}")
        view.value = value
        self.world.done(f"update {self.name}")

    def remove(self) -> None:
        """Remove it, unless something holds it."""
        self.world.call(f"delete {self.name}")
        if any(item.mark == f"holds {self.name}" for item in self.world.items.values()):
            raise Broken("busy")
        del self.world.items[self.name]
        self.world.done(f"delete {self.name}")


@dataclass(frozen=True, eq=False)
class Thing(Placed, Resource[Item], Retained[Item], LeavesTraces[Item]):
    """Something with a value that can be changed in place."""

    value: str = ""
    part_of: Value[str] = ""
    """The name of a thing without which this one is not observed."""
    uses: Value[str] = ""
    """A value of another thing, which is needed to make it alone."""
    owner: str = "us"
    stays: bool = False

    @property
    def asked(self) -> str:
        """Return the value that is asked, with what it uses."""
        return self.value + known(self.uses)

    def observe(self) -> Observation[Item] | None:
        """Look."""
        part_of = known(self.part_of)
        if part_of and part_of not in self.world.items:
            raise AssertionError(f"{self.name} was looked for without {part_of}")
        found = self.look()
        return observation(found, self.owner, self.label) if found else None

    def compare(self, found: Observation[Item]) -> Observation[Item]:
        """Compare the value; what is as asked serves after some looks."""
        if found.view.value != self.asked:
            return replace(found, differs=("value",))
        if found.view.looks_to_serve == 0:
            return found
        found.view.looks_to_serve -= 1
        return replace(found, not_ready="on its way")

    def create(self) -> None:
        """Make it."""
        uses = known(self.uses)
        if uses and uses not in {item.value for item in self.world.items.values()}:
            raise AssertionError(f"{self.name} is made before what it uses")
        self.make(self.owner, self.asked)

    def update(self, found: Observation[Item]) -> None:
        """Change the value."""
        self.change(found.view, self.asked)

    def retain(self, view: Item) -> bool:
        """Leave it, marked and without an owner."""
        if self.stays:
            view.owner, view.mark = "nobody", f"left by {self.owner}"
        return self.stays

    def delete(self, view: Item) -> None:
        """Remove it."""
        del view
        self.remove()

    def after_removal(self) -> None:
        """Mark what it left."""
        trace = self.world.items.get(f"trace of {self.name}")
        if trace:
            trace.mark = "marked"


@dataclass(frozen=True, eq=False)
class Precious(Thing, HoldsData[Item]):
    """A thing that cannot change its value, or be made again, without losing something."""

    def observe(self) -> Observation[Item] | None:
        """Refuse another value."""
        found = super().observe()
        if found is None or found.view.value == self.value:
            return found
        return replace(
            found,
            refused=(Cause(Reason.ChangeRefused, f"{self.name}: cannot become {self.value}"),),
        )

    def compare(self, found: Observation[Item]) -> Observation[Item]:
        """Change nothing in place."""
        return found


@dataclass(frozen=True, eq=False)
class Beside(Thing, Superseding[Item]):
    """A thing whose value is in its name: a new one is made beside the old."""

    kind: str = ""

    def superseded(self) -> Sequence[Old]:
        """Return the others of its kind."""
        names = [n for n in self.world.items if n.startswith(self.kind) and n != self.name]
        return [Old(self.world, name) for name in names]


@dataclass(frozen=True, eq=False)
class Old(Placed, Remains[Item]):
    """A thing that nobody makes any more: it is only removed."""

    def observe(self) -> Observation[Item] | None:
        """Look."""
        found = self.look()
        return observation(found, "us", self.label) if found else None

    def delete(self, view: Item) -> None:
        """Remove it."""
        del view
        self.remove()


@dataclass(frozen=True, eq=False)
class Part(Placed, Attached[Item]):
    """It is attached to its whole: it has no `delete`, and cannot be changed."""

    def observe(self) -> Observation[Item] | None:
        """Look."""
        found = self.look()
        return Observation(found) if found else None

    def create(self) -> None:
        """Make it."""
        self.make("us", "")


@dataclass(frozen=True, eq=False)
class Lent(Placed, Updatable[Item], Undone[Item]):
    """A value that is lent from a thing of the user's, and given back when the whole fails."""

    value: str

    def observe(self) -> Observation[Item] | None:
        """Look."""
        found = self.look()
        return Observation(found) if found else None

    def compare(self, found: Observation[Item]) -> Observation[Item]:
        """Compare the value."""
        differs = () if found.view.value == self.value else ("value",)
        return replace(found, differs=differs)

    def update(self, found: Observation[Item]) -> None:
        """Note what it was, then change it."""
        found.view.mark = found.view.mark or f"was {found.view.value}"
        self.change(found.view, self.value)

    def give_up(self) -> None:
        """Give back what it was."""
        view = self.look()
        if view and view.mark:
            self.change(view, view.mark.removeprefix("was "))
            view.mark = ""


@dataclass(frozen=True, eq=False)
class TheirThing(Placed, Named[Item]):
    """A thing of somebody else's that a property names; its mark tells who may use it."""

    def observe(self) -> Observation[Item] | None:
        """Refuse what is not lent."""
        found = self.look()
        lent = found is not None and found.mark == "for us"
        refused = () if lent else (Cause(Reason.NotShared, f"{self.name}: is not shared"),)
        return Observation(found or Item("nobody", ""), refused=refused)
