"""Outputs: values that are known once the resources that they come from have been observed.

A field of type `Value[T]` takes a value or an output of one; `known` gives the value. mypy refuses
an output where a value is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from cfn_mlflow.engine.resource import Observed

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
V_co = TypeVar("V_co", covariant=True)


class NotKnown(Exception):  # noqa: N818 - a state, not an error
    """An output comes from a resource that was not observed yet, or does not exist."""


class Seen(Generic[T]):
    """The view of a resource that was last observed, or None."""

    def __init__(self) -> None:
        self.view: T | None = None


class Output(Generic[V_co]):
    """A value that comes from other resources, and is known once all of them are ready."""

    def __init__(self, sources: Iterable[Observed[Any]], give: Callable[[], V_co]) -> None:
        self.sources = tuple({id(source): source for source in sources}.values())
        self._give = give

    @property
    def value(self) -> V_co:
        """Return the value. Raises NotKnown."""
        for source in self.sources:
            source.last_view()
        return self._give()

    def map(self, make: Callable[[V_co], R]) -> Output[R]:
        """Return an output that is made of this one."""
        return Output(self.sources, lambda: make(self._give()))

    def after(self, *nodes: Observed[Any]) -> Output[V_co]:
        """Return this output, but known only once these resources are ready too."""
        return Output((*self.sources, *nodes), self._give)

    def __str__(self) -> NoReturn:
        """Raise TypeError: a text with an unknown value in it would look right."""
        raise TypeError("an output is no value: use known() where it is needed, or map()")


Value: TypeAlias = T | Output[T]
"""The type of what may be a value, or an output of one."""


@overload
def known(value: Output[T]) -> T: ...
@overload
def known(value: Value[T]) -> T: ...
def known(value: Any) -> Any:
    """Return a plain value, or the value of an output. Raises NotKnown."""
    return value.value if isinstance(value, Output) else value


@overload
def output_of(value: Output[T]) -> Output[T]: ...
@overload
def output_of(value: Value[T]) -> Output[T]: ...
def output_of(value: Any) -> Any:
    """Return an output as it is, and a value as an output that is known at once."""
    return value if isinstance(value, Output) else Output((), lambda: value)


@overload
def combine(make: Callable[[A, B], R], a: Output[A], b: Output[B], /) -> Output[R]: ...
@overload
def combine(
    make: Callable[[A, B, C], R], a: Output[A], b: Output[B], c: Output[C], /
) -> Output[R]: ...
@overload
def combine(
    make: Callable[[A, B, C, D], R], a: Output[A], b: Output[B], c: Output[C], d: Output[D], /
) -> Output[R]: ...
def combine(make: Callable[..., R], *outputs: Output[Any]) -> Output[R]:
    """Return an output that is made of several."""
    return Output(sources(outputs), lambda: make(*(output.value for output in outputs)))


def gather(outputs: Iterable[Output[T]]) -> Output[tuple[T, ...]]:
    """Return one output of many of a kind."""
    several = tuple(outputs)
    return Output(sources(several), lambda: tuple(output.value for output in several))


def sources(value: object) -> Iterator[Observed[Any]]:
    """Yield every resource that outputs in a value, or in the fields of a resource, come from."""
    if isinstance(value, Output):
        yield from value.sources
    elif isinstance(value, dict):
        yield from sources(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from sources(item)
    elif is_dataclass(value) and hasattr(value, "last_view"):
        for field in fields(value):
            yield from sources(getattr(value, field.name))
