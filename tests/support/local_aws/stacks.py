"""Stacks by CloudFormation's own API, for tests: made, changed, removed, waited for, asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.support.waiting import until

DEFAULT_SECONDS = 1500
"""A whole stack takes a minute on an idle machine."""


class StackGoneError(RuntimeError):
    """There is no such stack (any more)."""


@dataclass(frozen=True)
class Event:
    """One stack event."""

    logical_id: str
    status: str
    reason: str
    physical_id: str
    time: datetime


class Stack:
    """One stack, by name."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self.name = name
        self._client: Any = aws.session().client("cloudformation")
        self._address = name

    @classmethod
    def create(
        cls,
        aws: LocalAws,
        name: str,
        template: str | Mapping[str, Any],
        *,
        wait: bool = True,
        seconds: float = DEFAULT_SECONDS,
        **options: Any,
    ) -> "Stack":
        """Create the stack; `options` are CreateStack's. Waits for its end unless told not to."""
        stack = cls(aws, name)
        stack._address = stack._client.create_stack(
            StackName=name,
            TemplateBody=_text(template),
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            **options,
        )["StackId"]
        if wait:
            stack.wait(seconds)
        return stack

    def update(
        self,
        template: str | Mapping[str, Any],
        *,
        wait: bool = True,
        seconds: float = DEFAULT_SECONDS,
        **options: Any,
    ) -> str:
        """Update the stack; returns its status at the end."""
        self._client.update_stack(
            StackName=self.name,
            TemplateBody=_text(template),
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            **options,
        )
        return self.wait(seconds) if wait else self.status

    def delete(self, *, wait: bool = True, seconds: float = DEFAULT_SECONDS) -> str:
        """Delete the stack; returns its status at the end."""
        self._client.delete_stack(StackName=self._address)
        return self.wait(seconds) if wait else self.status

    def continue_rollback(self, *skipped: str, seconds: float = DEFAULT_SECONDS) -> str:
        """Continue a rollback that failed, without these resources; returns its status."""
        options = {"ResourcesToSkip": list(skipped)} if skipped else {}
        self._client.continue_update_rollback(StackName=self.name, **options)
        return self.wait(seconds)

    def wait(self, seconds: float = DEFAULT_SECONDS) -> str:
        """Wait until nothing is in progress and return the status; TimeoutError after `seconds`."""
        try:
            return until(
                lambda: self.status,
                lambda status: not status.endswith("_IN_PROGRESS"),
                f"the end of what the stack {self.name} does",
                seconds=seconds,
            )
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its events: {self.events()}") from None

    def wait_for(self, logical_id: str, status: str) -> Event:
        """Wait for an event of a resource with this status and return it."""

        def found(events: list[Event]) -> list[Event]:
            return [one for one in events if (one.logical_id, one.status) == (logical_id, status)]

        return found(until(self.events, found, f"{status} of {logical_id}"))[0]

    @property
    def id(self) -> str:
        """The stack's ARN."""
        return str(self._described()["StackId"])

    @property
    def status(self) -> str:
        """The stack's status; DELETE_COMPLETE when it is gone."""
        try:
            return str(self._described()["StackStatus"])
        except StackGoneError:
            return "DELETE_COMPLETE"

    @property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        found = self._described().get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    @property
    def parameters(self) -> dict[str, str]:
        """The values of the stack's parameters."""
        found = self._described().get("Parameters", [])
        return {one["ParameterKey"]: one["ParameterValue"] for one in found}

    def resource(self, logical_id: str) -> dict[str, Any]:
        """What DescribeStackResource says of one resource."""
        described = self._client.describe_stack_resource(
            StackName=self._address, LogicalResourceId=logical_id
        )
        return dict(described["StackResourceDetail"])

    def events(self) -> list[Event]:
        """All events of the stack, oldest first."""
        pages = self._client.get_paginator("describe_stack_events").paginate(
            StackName=self._address
        )
        newest_first = [event for page in pages for event in page["StackEvents"]]
        return [
            Event(
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
                event.get("PhysicalResourceId", ""),
                event["Timestamp"],
            )
            for event in reversed(newest_first)
        ]

    def statuses(self, logical_id: str) -> list[str]:
        """The statuses that one resource went through."""
        return [event.status for event in self.events() if event.logical_id == logical_id]

    def failures(self) -> dict[str, str]:
        """The first reason with which each resource failed."""
        found: dict[str, str] = {}
        for event in self.events():
            if event.status.endswith("_FAILED") and event.logical_id != self.name:
                found.setdefault(event.logical_id, event.reason)
        return found

    def seconds_to_reason(self, logical_id: str, after: int = 0) -> float | None:
        """How long it took from a resource's request to the reason why it failed, if it did.

        Only what happened behind so many events counts.
        """
        begun: datetime | None = None
        for event in self.events()[after:]:
            if event.logical_id != logical_id:
                continue
            if event.status.endswith("_IN_PROGRESS"):
                begun = begun or event.time
            if event.status.endswith("_FAILED") and begun:
                return (event.time - begun).total_seconds()
        return None

    def _described(self) -> dict[str, Any]:
        try:
            answer = self._client.describe_stacks(StackName=self._address)
        except ClientError as error:
            if "does not exist" in str(error):
                raise StackGoneError(str(error)) from error
            raise
        return dict(answer["Stacks"][0])


def _text(template: str | Mapping[str, Any]) -> str:
    return template if isinstance(template, str) else json.dumps(template)
