"""The only way in which the data plane changes ministack: one name at a time, and never silently.

A name that is gone stops the emulator at its start, because a newer ministack that no longer calls
the changed function would otherwise fall back to behaviour that nobody chose.
"""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

Function = Callable[..., Any]
Params = Mapping[str, Any]


class PatchError(RuntimeError):
    """This ministack lacks a name that the data plane builds on."""


def require(module: ModuleType, *names: str) -> None:
    """Raise PatchError unless `module` has every one of `names`."""
    missing = [name for name in names if not hasattr(module, name)]
    if missing:
        raise PatchError(f"{module.__name__} has no {', '.join(missing)}: see local/emulator/")


def replace(module: ModuleType, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(old value)` in the place of `module.name`."""
    require(module, name)
    setattr(module, name, make(getattr(module, name)))


def wrap_action(module: ModuleType, action: str, make: Callable[[Function], Function]) -> None:
    """Wrap the API action `action` of a service, for callers over HTTP and inside ministack."""
    require(module, "_ACTION_MAP")
    if action not in module._ACTION_MAP:
        raise PatchError(f"{module.__name__} has no action {action}: see local/emulator/")
    old = module._ACTION_MAP[action]
    new = make(old)
    module._ACTION_MAP[action] = new
    for name, value in list(vars(module).items()):
        if value is old:
            setattr(module, name, new)


def add_action(module: ModuleType, action: str, function: Function) -> None:
    """Add an API action that this ministack does not know."""
    require(module, "_ACTION_MAP")
    if action in module._ACTION_MAP:
        raise PatchError(f"{module.__name__} has {action} by now: remove ours")
    module._ACTION_MAP[action] = function


def text(params: Params, name: str) -> str:
    """Return the value of `name` in the query parameters of an XML service, or ''."""
    value = params.get(name, "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return str(value)


def members(params: Params, prefix: str) -> list[str]:
    """Return the list under `prefix` (`prefix.member.1` or `prefix.<name of an item>.1`)."""
    found = {
        int(name.rsplit(".", 1)[1]): text(params, name)
        for name in params
        if name.startswith(f"{prefix}.") and name.rsplit(".", 1)[1].isdigit()
    }
    return [found[index] for index in sorted(found)]
