"""The events of stacks as ministack adds them, for whoever changes, holds back or notes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ministack.services.cloudformation import stacks

from local.emulator.core.patching import replace


@dataclass(frozen=True)
class StackEvent:
    """One event: the parameters of ministack's `_add_event`, by its names."""

    stack_id: str
    stack_name: str
    logical_id: str
    resource_type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    detailed_status: str = ""


Tell = Callable[[StackEvent], None]


def on_stack_event(handle: Callable[[Tell, StackEvent], None]) -> None:
    """Let `handle` have each event; it tells those that are to be, as they are to be."""

    def make(real: Callable[..., None]) -> Callable[..., None]:
        def tell(event: StackEvent) -> None:
            real(**asdict(event))

        def add(*values: Any, **named: Any) -> None:
            handle(tell, StackEvent(*values, **named))

        return add

    replace(stacks, "_add_event", make)
