"""A small world in memory, and things in it that a graph can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.outcome import PermanentError, TemporaryError


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
    return PermanentError(f"{label}: {error.code}")


@dataclass
class Item:
    """One thing as it stands."""

    owner: str
    value: str
    looks_to_serve: int = 0
    mark: str = ""


@dataclass
class World:
    """What is there by name, what was called, and when the function dies or a call fails."""

    items: dict[str, Item] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    dies_behind: int | None = None
    fails: dict[str, list[str]] = field(default_factory=dict)
    """By call, such as `create a`: the codes with which the next ones are answered."""
    slow: int = 0
    """Looks that a new thing takes to serve."""

    def call(self, what: str) -> None:
        """Answer a call that changes nothing yet: fail it, if it is to fail."""
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


@dataclass(frozen=True, eq=False)
class Thing(ManagedObject[Item]):
    """Something with a value that can be changed in place."""

    words: ClassVar[str] = "thing"
    reads_by: ClassVar[tuple[str, ...]] = ("part_of",)

    world: World
    name: str
    value: str = ""
    part_of: str = ""
    """The name of a thing without which this one is not."""
    uses: str = ""
    """A value of another thing, which a read can do without."""
    owner: str = "us"
    stays: bool = False

    @property
    def label(self) -> str:
        """Tell things apart."""
        return f"thing {self.name}"

    @property
    def asked(self) -> str:
        """Return the value that is asked, with what it uses."""
        return self.value + self.uses

    def read(self) -> Item | None:
        """Look."""
        self.world.call(f"read {self.name}")
        if self.part_of and self.part_of not in self.world.items:
            raise AssertionError(f"{self.name} was looked for without {self.part_of}")
        found = self.world.items.get(self.name)
        self.world.done(f"read {self.name}")
        return found

    def create(self) -> None:
        """Make it."""
        self.world.call(f"create {self.name}")
        if self.name in self.world.items:
            raise AssertionError(f"{self.name} is made twice")
        if self.uses and self.uses not in {item.value for item in self.world.items.values()}:
            raise AssertionError(f"{self.name} is made before what it uses")
        self.world.items[self.name] = Item(self.owner, self.asked, self.world.slow)
        self.world.done(f"create {self.name}")

    def owned(self, view: Item) -> bool:
        """Tell whose it is."""
        return view.owner == self.owner

    def changes(self, view: Item) -> tuple[str, ...]:
        """Compare the value."""
        return () if view.value == self.asked else ("value",)

    def update(self, view: Item) -> None:
        """Change the value."""
        self.world.call(f"update {self.name}")
        view.value = self.asked
        self.world.done(f"update {self.name}")

    def settling(self, view: Item) -> str | None:
        """Pass with looks."""
        if view.looks_to_serve == 0:
            return None
        view.looks_to_serve -= 1
        return "on its way"

    def left(self, view: Item) -> bool:
        """Leave it, marked and without an owner."""
        if self.stays:
            view.owner, view.mark = "nobody", f"left by {self.owner}"
        return self.stays

    def delete(self, view: Item) -> None:
        """Remove it."""
        del view
        self.world.call(f"delete {self.name}")
        users = [n for n, item in self.world.items.items() if item.mark == f"holds {self.name}"]
        if users:
            raise Broken("busy")
        del self.world.items[self.name]
        self.world.done(f"delete {self.name}")

    def after_removal(self) -> None:
        """Mark what it left."""
        trace = self.world.items.get(f"trace of {self.name}")
        if trace:
            trace.mark = "marked"


@dataclass(frozen=True, eq=False)
class Precious(Thing):
    """A thing that cannot change its value, or be made again, without losing something."""

    holds_data = True

    def changes(self, view: Item) -> tuple[str, ...]:
        """Nothing in place."""
        del view
        return ()

    def refusals(self, view: Item) -> tuple[str, ...]:
        """Refuse another value."""
        return () if view.value == self.value else (f"{self.name}: cannot become {self.value}",)


@dataclass(frozen=True, eq=False)
class Beside(Thing):
    """A thing whose value is in its name: a new one is made beside the old."""

    kind: str = ""

    def superseded(self) -> Sequence[ManagedObject[Any]]:
        """Return the others of its kind."""
        names = [n for n in self.world.items if n.startswith(self.kind) and n != self.name]
        return [Beside(self.world, name, owner=self.owner, kind=self.kind) for name in names]


@dataclass(frozen=True, eq=False)
class Along(Thing):
    """A part that goes with its whole."""

    goes_along: ClassVar[bool] = True
