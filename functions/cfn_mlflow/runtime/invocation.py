"""What one invocation of the function knows of itself and of the time it has."""

from __future__ import annotations

from typing import Protocol

from cfn_mlflow.runtime.clock import margin
from cfn_mlflow.runtime.place import Place

ENDING = 0.5
"""Seconds at the end of an invocation in which nothing is begun."""


class Context(Protocol):
    """What is used of the context object that Lambda gives a Python handler."""

    function_name: str
    invoked_function_arn: str
    log_group_name: str
    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is stopped."""


class Invocation:
    """One invocation, made at its very start: the time left then is the function's timeout."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._margin = margin(self.left() + ENDING)
        self.function_name = context.function_name
        self.function_arn = context.invoked_function_arn
        self.place = Place.of(context.invoked_function_arn)
        self.log_stream = f"{context.log_stream_name} of {context.log_group_name}"

    def left(self) -> float:
        """Return the seconds left to work in."""
        return self._context.get_remaining_time_in_millis() / 1000 - ENDING

    def room(self) -> float:
        """Return the seconds until the request must be handed on; less than 0 if they are over."""
        return self.left() - self._margin
