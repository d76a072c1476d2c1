"""Compare the properties of a request with those in the stack's events.

"Event" here means a stack event, as `cloudformation:DescribeStackEvents` lists it. The stack event
of a request that has just begun has the resource's properties as JSON. Logged events show two
exceptions: the rollback of an update, and the deletions after it. There the properties are those of
the resource's last event in an operation that was not rolled back.

A value that CloudFormation masks (`NoEcho`), or shows as a reference, cannot be compared. For each
character that is not ASCII, CloudFormation shows `?` (cloudformation-coverage-roadmap, issues 814
and 1220).
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
"""The status of a stack whose update is rolled back."""
LEFT_HALF_WAY = "UPDATE_FAILED"
"""The status of a stack that kept its failed update.

The rollback of the next update goes back to the state before both.
"""
BEGINS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "DELETE_IN_PROGRESS")
"""The first status of a stack in an operation."""
CREATED = "CREATE_IN_PROGRESS"
DELETED = "DELETE_IN_PROGRESS"

_UNKNOWN = re.compile(r"\*{4,}|\{\{resolve:.*?\}\}", re.DOTALL)
"""What an event shows in place of a text that it hides."""
_MASK = re.compile(r"\*{4,}")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class _Several(tuple[Any, ...]):
    """The values of properties whose names look alike once `?` replaces what is not ASCII."""

    __slots__ = ()


@dataclass(frozen=True)
class _Beginning:
    """The stack event with which a request to the resource began."""

    event: StackEvent
    operation: int
    """How many operations of the stack began after it. A rollback counts as one of its own."""
    in_way_back: bool
    """Whether the newest operation of the stack is the rollback of an update."""
    taken_back: bool
    """Whether its operation was rolled back."""
    failed: bool
    """Whether the request failed."""

    @property
    def counts(self) -> bool:
        """Return whether its properties are in force, because nothing rolled them back.

        A Create always counts: before it there was no state to roll back to.
        """
        return self.event.status == CREATED or not self.taken_back


def told_properties(events: Iterable[StackEvent]) -> Properties | None:
    """Return the properties of an open request, from the events of its resource and its stack.

    `events` begin with the newest. Return None if no event shows properties, or if the newest that
    does cannot be parsed.
    """
    for beginning in _beginnings(events):
        if beginning.counts and beginning.event.properties is not None:
            return _read(beginning.event.properties)
    return None


def former_properties(events: Iterable[StackEvent]) -> Properties | None:
    """Return the properties that an open Update replaces, or None if the events show none.

    `events` begin with the newest. A rollback replaces the properties of the update that it undoes.
    Any other Update replaces those of the last request that neither failed nor was rolled back.
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
    """Yield the beginnings of the requests to the resource, the newest first."""
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
    """Return the event's properties `told`, and prefer the values in `asked` that agree with them.

    `asked` has the values that the event masks, and the characters that it shows as `?`.
    """
    others = differing(asked, told)
    return {**told, **{name: value for name, value in asked.items() if name not in others}}


def differing(asked: Properties, told: Properties) -> list[str]:
    """Return the sorted names of the properties that differ from those in the event."""
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
    """Return whether an event shows exactly this value of a property."""
    return name in told and _text(told[name]) == _text(value)


def masked(told: Properties) -> list[str]:
    """Return the sorted names of the properties that the event hides, at least in part."""
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
    """Return whether an event masks a whole list, which a `NoEcho` parameter gave."""
    return len(told) == 1 and isinstance(told[0], str) and bool(_MASK.fullmatch(told[0]))


def _shown(text: str) -> Iterator[str]:
    """Yield each text that an event may show for this one.

    Logged events have one `?` for each character that is not ASCII. AWS does not document what it
    counts. One `?` for each byte, for each UTF-16 unit, or for a whole run is possible too.
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
    """Return whether an event may show `asked` as `told`: a masked part may be any text."""
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
    """Return a scalar as text, with booleans in lower case.

    CloudFormation sends every scalar as text, and may keep the capital letter of a boolean.
    """
    text = value if isinstance(value, str) else json.dumps(value)
    return text.lower() if text.lower() in ("true", "false") else text


def _read(properties: str) -> Properties | None:
    """Return the properties in an event, with numbers as they are written: 0.10, 1e3."""
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
