"""The view for programs: one JSON object a line. Its keys are promised in docs/watching.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TextIO

from cfn_mlflow_watch.causes import code_of, plain
from cfn_mlflow_watch.follow import outputs_of
from cfn_mlflow_watch.items import Began, Ended, Event, Item, Line


class Json:
    """Writes each item as an object; `endpoint` is empty for AWS's own."""

    def __init__(self, out: TextIO, endpoint: str = "") -> None:
        self._out, self._endpoint = out, endpoint

    def show(self, item: Item) -> None:
        """Write one item."""
        print(json.dumps(self._object(item)), file=self._out, flush=True)

    def close(self) -> None:
        """Do nothing: every line is out."""

    def _object(self, item: Item) -> dict[str, Any]:
        if isinstance(item, Began):
            return {"kind": "began", **_began(item), "endpoint": self._endpoint}
        if isinstance(item, Event):
            return {"kind": "event", **_event(item)}
        if isinstance(item, Line):
            return {"kind": "wait" if item.wait else "log", **_line(item)}
        if isinstance(item, Ended):
            return {"kind": "ended", **_ended(item), "endpoint": self._endpoint}
        return {"kind": "notice", "message": item.words}


def _began(item: Began) -> dict[str, Any]:
    stack = item.stack
    return {
        "time": _time(item.time),
        "stack": stack.name,
        "stack_id": stack.id,
        "account": stack.account,
        "region": stack.region,
        "operation": item.operation,
        "status": stack.status,
    }


def _event(item: Event) -> dict[str, Any]:
    return {
        "time": _time(item.time),
        "stack_id": item.stack_id,
        "path": item.path,
        "logical_id": item.logical_id,
        "physical_id": item.physical_id,
        "type": item.type,
        "status": item.status,
        "reason": plain(item.reason),
        "code": code_of(plain(item.reason)),
    }


def _line(item: Line) -> dict[str, Any]:
    about = {
        "time": _time(item.time),
        "stack_id": item.stack_id,
        "path": item.path,
        "logical_id": item.logical_id,
        "level": item.level,
        "message": item.message,
    }
    if item.wait:
        wait = item.wait
        return {**about, "waits_for": wait.what, "state": wait.state, "since": _time(wait.since)}
    return {**about, "faults": list(item.faults)}


def _ended(item: Ended) -> dict[str, Any]:
    return {
        "time": _time(item.time),
        "stack": item.stack.name,
        "stack_id": item.stack.id,
        "account": item.stack.account,
        "region": item.stack.region,
        "operation": item.operation,
        "status": item.stack.status,
        "succeeded": item.succeeded,
        "seconds": round(item.seconds, 1),
        "outputs": outputs_of(item),
        "causes": [
            {
                "path": cause.path,
                "type": cause.type,
                "reason": cause.reason,
                "code": code_of(cause.reason),
                "log_group": cause.log_group,
                "faults": list(cause.faults),
            }
            for cause in item.causes
        ],
        "next_step": item.next_step,
    }


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
