"""crhelper as the outer shell of a request, without the parts of it that do harm.

crhelper 2.0.12 makes three AWS clients at its start. A timer thread of it answers beside the
handler. It polls by EventBridge rules, and invents physical ids. Its sender takes any HTTP status
for success, and tries for ever. Here crhelper only chooses the function of a request and composes
its result. The loop, the physical id and the delivery are this package's own.

A shell holds the state of one request, so each request needs a new one. crhelper imports boto3,
so this module is imported at the first request and not before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from crhelper import FAILED, CfnResource

from cfn_mlflow.cloudformation.loop import Result
from cfn_mlflow.outcome import Done, Failed
from cfn_mlflow.reason import Reason

Function = Callable[[dict[str, Any], Any], bool | str | None]


class Shell(CfnResource):
    """A crhelper helper whose functions pass their result to `take`, and whose answer is not sent.

    `physical_id` is the id in every answer to the request.
    """

    _event: dict[str, Any]
    _context: object
    _init_failed: str | None

    def __init__(self, physical_id: str) -> None:
        level = logging.root.level
        super().__init__(log_level="INFO", sleep_on_delete=0)
        logging.root.setLevel(level)
        # At DEBUG crhelper logs the whole event, with the response's URL and the properties.
        logging.getLogger("crhelper").setLevel(logging.INFO)
        self._id_for_life = physical_id
        self._result: Result | None = None
        self._failed: Failed | None = None

    def result(self, event: object, context: object) -> Result:
        """Return the result of a request; `event` must be one that `parse` has accepted."""
        self(event, context)
        if self._result is None:
            raise RuntimeError("crhelper came to no end")
        return self._result

    def take(self, result: Result) -> None:
        """Store the result of a request, from which the answer is composed."""
        if isinstance(result, Done):
            self.Data = dict(result.attributes)
        elif isinstance(result, Failed):
            self.Status, self.Reason, self._failed = FAILED, result.words, result
        else:
            self._result = result

    def generate_physical_id(self, event: object) -> str:
        """Return the physical id, which is always the same for the same resource."""
        return self._id_for_life

    def init_failure(self, error: Exception) -> None:
        """Answer every request FAILED, because the function could not start."""
        self._init_failed = f"The function could not start ({type(error).__name__}). See its log."

    def poll_create(self, func: object) -> NoReturn:
        """Refuse crhelper's polling: a step waits inside the invocation by returning Waiting."""
        raise TypeError("a step waits by returning Waiting: there is no polling")

    poll_update = poll_delete = poll_create

    @property
    def _sam_local(self) -> bool:
        """Return True, so that crhelper makes no AWS clients."""
        return True

    @_sam_local.setter
    def _sam_local(self, value: object) -> None:
        """Ignore AWS_SAM_LOCAL: a local invocation is answered like any other."""

    def _log_setup(self, event: object, context: object) -> None:
        """Leave every logger as it is."""

    def _set_timeout(self) -> None:
        """Start no timer: the loop itself stops in time, and answers once."""

    def _get_func(self) -> Function | None:
        name = f"_{self._event['RequestType'].lower()}_func"
        found: Function | None = getattr(self, name)
        return found

    def _wrap_function(self, func: Function | None) -> None:
        self.PhysicalResourceId = self.generate_physical_id(self._event)
        self.Data = {}
        if func is None:
            words = f"Nothing is registered for {self._event['RequestType']}."
            self.take(Failed(Reason.InternalError, words))
        else:
            func(self._event, self._context)

    def _cfn_response(self, event: object) -> None:
        if self._result is None:
            super()._cfn_response(event)  # type: ignore[misc] # crhelper's types leave it out

    def _send(self, status: str | None = None, reason: str = "", *_: Any) -> None:
        """Compose the result instead of sending it. `deliver` sends the answer."""
        if status and not self._init_failed:
            # crhelper caught and logged an error, whose text may contain a secret.
            reason = "Unexpected error, a fault of the provider: see its log."
        failed = FAILED in (status, self.Status)
        unforeseen = Failed(Reason.InternalError, reason or self.Reason)
        self._result = (self._failed or unforeseen) if failed else Done(self.Data)
