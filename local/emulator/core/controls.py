"""What tests can make happen here and on AWS only time or chance does: POST /_local/<name>.

The part of the local AWS that owns a thing adds its control; `LocalAws` has a method for each.
"""

from collections.abc import Callable, Mapping
from typing import Any

Control = Callable[[Mapping[str, Any]], Any]


class ControlError(ValueError):
    """A control that was asked for something that is not there; the text says what."""


_controls: dict[str, Control] = {}


def add(name: str, control: Control) -> None:
    """Let POST /_local/`name` call `control` with the JSON object of its body."""
    _controls[name] = control


def find(name: str) -> Control | None:
    """Return the control of that name."""
    return _controls.get(name)
