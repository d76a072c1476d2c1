"""Whether a request has the properties that CloudFormation's own events have for it.

The event of a request that has just begun carries the resource's properties as JSON. Logged events
show two exceptions: the way back of an update, and the deletions after one. There the properties
are those of the resource's last event in an operation that was not taken back.

A value that CloudFormation masks (`NoEcho`), or leaves as a reference, cannot be compared. Where a
text is not ASCII, CloudFormation tells `?` (cloudformation-coverage-roadmap, issues 814 and 1220).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.cloudformation.guard.stack import StackEvent

Properties = Mapping[str, Any]

TAKEN_BACK = "UPDATE_ROLLBACK_IN_PROGRESS"
"""The status of a stack whose update is taken back."""
LEFT_HALF_WAY = "UPDATE_FAILED"
"""The status of a stack that kept its failed update: the next update's way back ends before it."""
BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")
"""The first status of a stack in an operation."""
CREATED = "CREATE_IN_PROGRESS"
DELETED = "DELETE_IN_PROGRESS"

_UNKNOWN = re.compile(r"\*{4,}|\{\{resolve:.*?\}\}", re.DOTALL)
"""What stands in an event for text that it does not show."""
_MASK = re.compile(r"\*{4,}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class _Several(tuple[Any, ...]):
    """Values under one name: names that differ in characters beyond ASCII are told alike."""

    __slots__ = ()


@dataclass(frozen=True)
class _Beginning:
    """The beginning of a request to the resource."""

    event: StackEvent
    operation: int
    """How many operations of the stack began after it; a way back is one of its own."""
    in_way_back: bool
    """The newest operation of the stack is the way back of an update."""
    taken_back: bool
    failed: bool

    @property
    def counts(self) -> bool:
        """Tell whether what it asked was not taken back.

        A resource's Create counts even so: before it there was nothing to go back to.
        """
        return self.event.status == CREATED or not self.taken_back


def told_properties(events: Iterable[StackEvent]) -> Properties | None:
    """Return the properties of an open request, from the events of its resource and its stack.

    Return None if the events show none, or nothing that can be read.
    """
    for beginning in _beginnings(events):
        if beginning.counts and beginning.event.properties is not None:
            return _read(beginning.event.properties)
    return None


def former_properties(events: Iterable[StackEvent]) -> Properties | None:
    """Return the properties that an open Update changes, None if the events show none.

    A way back changes what the update asked that it takes back. Any other Update changes what the
    last request asked that neither failed nor was taken back.
    """
    for beginning in _beginnings(events):
        if beginning.operation == 0 or beginning.event.properties is None:
            continue
        if beginning.in_way_back:
            return _read(beginning.event.properties) if beginning.taken_back else None
        if beginning.counts and not beginning.failed and beginning.event.status != DELETED:
            return _read(beginning.event.properties)
    return None


def _beginnings(events: Iterable[StackEvent]) -> Iterator[_Beginning]:
    """Yield the beginnings of requests to the resource, newest first."""
    operation, in_way_back = 0, False
    undone = undone_before = failed = False
    for event in events:
        if event.of_stack:
            if event.status == TAKEN_BACK or (event.status == LEFT_HALF_WAY and undone_before):
                undone = True
            elif event.status in BEGINS:
                undone_before, undone = undone, False
            if event.status in (TAKEN_BACK, *BEGINS):
                in_way_back |= operation == 0 and event.status == TAKEN_BACK
                operation += 1
        elif event.status.endswith("_IN_PROGRESS"):
            yield _Beginning(event, operation, in_way_back, undone, failed)
            failed = False
        else:
            failed = event.status.endswith("_FAILED")


def believed(asked: Properties, told: Properties) -> Properties:
    """Return the properties that an event tells, with those values whole that agree with them.

    `asked` has what the event masks, and the characters for which it tells `?`.
    """
    others = differing(asked, told)
    return {**told, **{name: value for name, value in asked.items() if name not in others}}


def differing(asked: Properties, told: Properties) -> list[str]:
    """Name the properties that are not as CloudFormation's event has them."""
    names = {name: next((each for each in _shown(name) if each in told), None) for name in asked}
    others = {
        name
        for name, shown in names.items()
        if shown is None or not _agrees(asked[name], told[shown])
    }
    counted = Counter(names.values())
    others |= {name for name, value in told.items() if counted[name] != len(_several(value))}
    return sorted(others)


def shows(told: Properties, name: str, value: object) -> bool:
    """Tell whether an event shows this very value of a property."""
    return name in told and _text(told[name]) == _text(value)


def masked(told: Properties) -> list[str]:
    """Name the properties that the event does not show whole."""
    return sorted(name for name, value in told.items() if _UNKNOWN.search(json.dumps(value)))


def _agrees(asked: Any, told: Any) -> bool:
    if isinstance(told, _Several):
        return any(_agrees(asked, each) for each in told)
    if isinstance(told, str) and _UNKNOWN.fullmatch(told):
        return True
    if isinstance(asked, Mapping) and isinstance(told, Mapping):
        return not differing(asked, told)
    if isinstance(asked, list) and isinstance(told, list):
        whole = len(asked) == len(told) and all(map(_agrees, asked, told))
        return whole or _is_masked_list(told)
    if isinstance(asked, list | Mapping) or isinstance(told, list | Mapping):
        return False
    return any(_may_be(shown, _text(told)) for shown in _shown(_text(asked)))


def _is_masked_list(told: list[Any]) -> bool:
    """Tell whether an event shows a list that a `NoEcho` parameter gave, of whatever length."""
    return len(told) == 1 and isinstance(told[0], str) and bool(_MASK.fullmatch(told[0]))


def _shown(text: str) -> Iterator[str]:
    """Yield each text that an event may have for this one.

    Seen is one `?` for each character that is not ASCII. AWS does not say what it counts: bytes,
    the halves of a character as Java has them, or a whole row of them are possible too.
    """
    yield text
    if text.isascii():
        return
    yield _NOT_ASCII.sub("?", text)
    yield re.sub(f"{_NOT_ASCII.pattern}+", "?", text)
    yield _NOT_ASCII.sub(lambda found: "?" * (len(_encoded(found[0], "utf-16-le")) // 2), text)
    yield _NOT_ASCII.sub(lambda found: "?" * len(_encoded(found[0], "utf-8")), text)


def _encoded(character: str, encoding: str) -> bytes:
    return character.encode(encoding, "surrogatepass")


def _may_be(asked: str, told: str) -> bool:
    """Tell whether an event may show a text so: what it masks may be anything."""
    first, *others = _UNKNOWN.split(told)
    if not others:
        return asked == told
    *middle, last = others
    at = len(first)
    for piece in middle:
        found = asked.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return asked.startswith(first) and asked.endswith(last) and len(asked) >= at + len(last)


def _text(value: Any) -> str:
    """CloudFormation sends every scalar as text, and may keep a boolean's capital letter."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.lower() if text.lower() in ("true", "false") else text


def _read(properties: str) -> Properties | None:
    """Return the properties in an event; numbers are kept as they are written: 0.10, 1e3."""
    try:
        read = json.loads(
            properties, parse_int=str, parse_float=str, object_pairs_hook=_with_several
        )
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, Mapping) else None


def _with_several(pairs: list[tuple[str, Any]]) -> Properties:
    told: dict[str, Any] = {}
    for name, value in pairs:
        told[name] = _Several((*_several(told[name]), value)) if name in told else value
    return told


def _several(value: Any) -> _Several:
    return value if isinstance(value, _Several) else _Several((value,))
