"""crhelper as the outer shell: its decorators and its way through a request, its holes closed.

crhelper 2.0.12 makes three clients when it is made, starts a timer thread that answers beside the
handler, polls by EventBridge rules, invents ids, and has a sender that takes any status for
success and repeats itself for ever. Here it only chooses the function and composes what is to be
answered; the loop, the id and the sending are ours. Its state is a request's: make one for each.
Importing crhelper imports boto3, so this module is imported at the first request, not before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from crhelper import FAILED, CfnResource

from cfn_mlflow.cloudformation.loop import Result
from cfn_mlflow.outcome import Done, Failed

Function = Callable[[dict[str, Any], Any], bool | str | None]


class Shell(CfnResource):
    """A helper whose functions end by `take`; what they return is not used.

    `physical_id` is that of every answer to the request.
    """

    _event: dict[str, Any]
    _context: object
    _init_failed: str | None

    def __init__(self, physical_id: str) -> None:
        level = logging.root.level
        super().__init__(log_level="INFO", sleep_on_delete=0)
        logging.root.setLevel(level)
        # Whatever the root's level: at DEBUG crhelper logs the event, with its URL and properties.
        logging.getLogger("crhelper").setLevel(logging.INFO)
        self._id_for_life = physical_id
        self._result: Result | None = None

    def result(self, event: object, context: object) -> Result:
        """Return what an event came to that was found to be a request."""
        self(event, context)
        if self._result is None:
            raise RuntimeError("crhelper came to no end")
        return self._result

    def take(self, result: Result) -> None:
        """Take what a request came to, for the answer to be composed of."""
        if isinstance(result, Done):
            self.Data = dict(result.attributes)
        elif isinstance(result, Failed):
            self.Status, self.Reason = FAILED, result.reason
        else:
            self._result = result

    def generate_physical_id(self, event: object) -> str:
        """Return the id of every answer: always the same for the same resource."""
        return self._id_for_life

    def init_failure(self, error: Exception) -> None:
        """Answer every request FAILED, for the function could not start."""
        self._init_failed = f"The function could not start ({type(error).__name__}): see its log."

    def poll_create(self, func: object) -> NoReturn:
        """Refuse: waiting is done inside the invocation, by a step that returns Waiting."""
        raise TypeError("a step waits by returning Waiting: there is no polling")

    poll_update = poll_delete = poll_create

    @property
    def _sam_local(self) -> bool:
        """Keep crhelper from making clients, wherever it runs."""
        return True

    @_sam_local.setter
    def _sam_local(self, value: object) -> None:
        """Take no notice of AWS_SAM_LOCAL: a local invocation is answered like any other."""

    def _log_setup(self, event: object, context: object) -> None:
        """Leave every logger as it is."""

    def _set_timeout(self) -> None:
        """Start no timer: the loop itself knows when to stop, and answers once."""

    def _get_func(self) -> Function | None:
        name = f"_{self._event['RequestType'].lower()}_func"
        found: Function | None = getattr(self, name)
        return found

    def _wrap_function(self, func: Function | None) -> None:
        self.PhysicalResourceId = self.generate_physical_id(self._event)
        self.Data = {}
        if func is None:
            self.take(Failed(f"Nothing is registered for {self._event['RequestType']}."))
        else:
            func(self._event, self._context)

    def _cfn_response(self, event: object) -> None:
        if self._result is None:
            super()._cfn_response(event)  # type: ignore[misc] # crhelper's types leave it out

    def _send(self, status: str | None = None, reason: str = "", *_: Any) -> None:
        """Compose the result; what is sent, and how, is not crhelper's."""
        if status and not self._init_failed:
            # An error that crhelper caught: it is in the log, and its text may hold anything.
            reason = "Unexpected error, a fault of the provider: see its log."
        failed = FAILED in (status, self.Status)
        self._result = Failed(reason or self.Reason) if failed else Done(self.Data)
