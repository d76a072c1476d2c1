"""One stack as the demo sees it: put, changed, deleted, its events shown as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SECONDS_BETWEEN_LOOKS = 0.5
FINISHED = ("_COMPLETE", "_FAILED")


class StackFailedError(Exception):
    """The stack did not end as it should; the message has the first cause."""


@dataclass
class Deployment:
    """One stack; `clients` makes a boto3 client of a service, `log_group` is the function's."""

    clients: Any
    name: str
    log_group: str
    stack_id: str = ""
    _events_seen: set[str] = field(default_factory=set)
    _lines_seen: set[str] = field(default_factory=set)
    _logs_from: int = 0

    def create(self, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Create the stack and return its outputs. Raises StackFailedError."""
        self._logs_from = int(time.time() * 1000)
        self.stack_id = self._cloudformation.create_stack(
            StackName=self.name,
            TemplateBody=template,
            Parameters=_parameters(parameters),
            Capabilities=["CAPABILITY_IAM"],
        )["StackId"]
        return self._until("CREATE_COMPLETE")

    def update(self, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Update the stack and return its outputs. Raises StackFailedError."""
        self._logs_from = int(time.time() * 1000)
        self._cloudformation.update_stack(
            StackName=self.stack_id,
            TemplateBody=template,
            Parameters=_parameters(parameters),
            Capabilities=["CAPABILITY_IAM"],
        )
        return self._until("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete the stack. Raises StackFailedError."""
        self._logs_from = int(time.time() * 1000)
        self._cloudformation.delete_stack(StackName=self.stack_id)
        self._until("DELETE_COMPLETE")

    def resource(self, logical_id: str) -> str:
        """Return a resource's physical id."""
        found = self._cloudformation.describe_stack_resource(
            StackName=self.stack_id, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def _cloudformation(self) -> Any:
        return self.clients("cloudformation")

    def _until(self, wanted: str) -> dict[str, str]:
        while True:
            stack = self._cloudformation.describe_stacks(StackName=self.stack_id)["Stacks"][0]
            self._show_waits()
            self._show_events()
            status = stack["StackStatus"]
            if status == wanted:
                return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
            if status.endswith(FINISHED) and not status.endswith("_CLEANUP_IN_PROGRESS"):
                raise StackFailedError(f"{self.name} is {status}: {self._first_cause()}")
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _events(self) -> list[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("describe_stack_events")
        found = [e for p in pages.paginate(StackName=self.stack_id) for e in p["StackEvents"]]
        return found[::-1]

    def _show_events(self) -> None:
        for event in self._events():
            if event["EventId"] in self._events_seen:
                continue
            self._events_seen.add(event["EventId"])
            reason = event.get("ResourceStatusReason", "")
            print(
                f"   {event['ResourceStatus']:<20} {event['ResourceType']:<39} "
                f"{event['LogicalResourceId']}{'  ' + reason if reason else ''}",
                flush=True,
            )

    def _show_waits(self) -> None:
        logs = self.clients("logs")
        try:
            found = logs.filter_log_events(
                logGroupName=self.log_group, startTime=self._logs_from, limit=1000
            )["events"]
        except logs.exceptions.ResourceNotFoundException:
            return
        for event in found:
            line = _wait_line(event["message"])
            if line and event["eventId"] not in self._lines_seen:
                self._lines_seen.add(event["eventId"])
                print(f"     … {line}", flush=True)

    def _first_cause(self) -> str:
        for event in self._events():
            if event["ResourceStatus"].endswith("_FAILED"):
                return f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        return "no resource says why"


def _wait_line(message: str) -> str:
    """Return the words of a log line of ours; empty for the platform's own lines."""
    try:
        return str(json.loads(message)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _parameters(parameters: Mapping[str, str]) -> list[Any]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
