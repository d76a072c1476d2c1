"""Compare what AWS holds with what is asked: what AWS adds by default is not a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def covers(found: Any, asked: Any) -> bool:
    """Return whether all that is asked is found: more keys are no difference, other values are.

    Items that have a `name` (environment, secrets) are compared by it: ECS keeps no order there.
    An empty list or map is as good as none.
    """
    if asked in ((), [], {}, None):
        return not found
    if isinstance(asked, Mapping):
        return isinstance(found, Mapping) and not differences(found, asked)
    if isinstance(asked, list | tuple):
        return isinstance(found, list | tuple) and _covers_items(found, asked)
    return bool(found == asked)


def differences(found: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of what is asked whose value is not found."""
    return tuple(key for key, value in asked.items() if not covers(found.get(key), value))


def _covers_items(found: Sequence[Any], asked: Sequence[Any]) -> bool:
    if len(found) != len(asked):
        return False
    return all(covers(f, a) for f, a in zip(_ordered(found), _ordered(asked), strict=True))


def _ordered(items: Sequence[Any]) -> Sequence[Any]:
    if all(isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in items):
        return sorted(items, key=lambda item: str(item["name"]))
    return items


def without_none(asked: Any) -> Any:
    """Return what is asked as a request takes it: what must not be there is left out."""
    if isinstance(asked, Mapping):
        return {key: without_none(value) for key, value in asked.items() if value is not None}
    if isinstance(asked, list | tuple):
        return [without_none(item) for item in asked]
    return asked
