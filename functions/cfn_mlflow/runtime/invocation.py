"""One invocation of a function: its names, its place and the time that it has left."""

from __future__ import annotations

from typing import Protocol

from cfn_mlflow.runtime.clock import margin
from cfn_mlflow.runtime.place import Place

ENDING = 0.5
"""Seconds at the end of an invocation in which nothing new begins."""


class Context(Protocol):
    """The used part of the context object that Lambda gives a Python handler."""

    function_name: str
    invoked_function_arn: str
    log_group_name: str
    log_stream_name: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the invocation."""


class Invocation:
    """One invocation. Make it first of all: the time left then is the function's timeout."""

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
        """Return the seconds until the request must be handed off; less than 0 if it is late."""
        return self.left() - self._margin
