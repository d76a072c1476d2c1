"""A stack's story, played to the command: what CloudFormation and the logs show, look by look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

Json = dict[str, Any]

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = "arn:aws:cloudformation:eu-west-1:123456789012:stack/tracking/0a1b2c3d"
NESTED = "arn:aws:cloudformation:eu-west-1:123456789012:stack/tracking-Inner-1X/4e5f6a7b"
STACK_TYPE = "AWS::CloudFormation::Stack"
LOG_GROUP = "/aws/lambda/cfn-mlflow-MLflow"


def refusal(code: str, operation: str = "DescribeStacks", message: str = "") -> ClientError:
    """Return AWS's refusal of a call."""
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)


class Recorded:
    """Both clients of the command at once; each pause of the watch plays the next step."""

    def __init__(self, *steps: Callable[[Recorded], None]) -> None:
        self.statuses: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.events: dict[str, list[Json]] = {}
        self.lines: list[Json] = []
        self.refused: dict[str, list[Exception]] = {}
        self.asked: list[tuple[str, Json]] = []
        self.seconds = 0.0
        self._steps = iter(steps)
        self.pause(0)

    # --- the story ---

    def pause(self, seconds: float) -> None:
        """Play the next step. Raises AssertionError if the watch goes on behind the last."""
        self.seconds += seconds
        step = next(self._steps, None)
        assert step is not None, "the watch did not end with its stack"
        step(self)

    def event(self, logical_id: str, status: str, reason: str = "", **more: str) -> None:
        """Let an event come; one of the stack `within` if it is given."""
        stack_id = more.pop("within", ROOT)
        kind = more.pop("kind", "Custom::MLflow" if logical_id == "MLflow" else "AWS::EC2::VPC")
        happened = self.events.setdefault(stack_id, [])
        happened.append(
            {
                "EventId": more.pop("event_id", f"{stack_id}-{len(happened)}"),
                "Timestamp": self.now,
                "StackId": stack_id,
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": more.pop("physical_id", ""),
                "ResourceType": kind,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "ResourceProperties": more.pop("properties", ""),
            }
        )

    def stack(self, status: str, reason: str = "", stack_id: str = ROOT) -> None:
        """Let the stack itself come to a status."""
        self.statuses[stack_id] = status
        name = stack_id.split("/")[1]
        self.event(name, status, reason, within=stack_id, physical_id=stack_id, kind=STACK_TYPE)

    def line(self, message: str, **keys: Any) -> None:
        """Let the function of Custom::MLflow log a line about the resource MLflow."""
        about = {"stack": "tracking", "stack_id": ROOT, "logical_id": "MLflow", "level": "INFO"}
        self.raw_line(json.dumps({"message": message, **about, **keys}))

    def raw_line(self, message: str) -> None:
        """Let any line come to the log."""
        self.lines.append(
            {
                "eventId": f"line-{len(self.lines)}",
                "timestamp": int(self.now.timestamp() * 1000),
                "message": message,
            }
        )

    @property
    def now(self) -> datetime:
        """The time of the story: a second for everything that has happened."""
        happened = sum(map(len, self.events.values())) + len(self.lines)
        return START + timedelta(seconds=happened)

    # --- what the command calls ---

    def describe_stacks(self, **asked: Any) -> Json:
        """DescribeStacks."""
        self._ask("describe_stacks", asked)
        stack_id = ROOT if asked["StackName"] == "tracking" else asked["StackName"]
        if stack_id not in self.statuses:
            name = asked["StackName"]
            raise refusal("ValidationError", message=f"Stack with id {name} does not exist")
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in self.outputs.items()]
        name = stack_id.split("/")[1]
        status = self.statuses[stack_id]
        stack = {"StackId": stack_id, "StackName": name, "StackStatus": status, "Outputs": outputs}
        return {"Stacks": [stack]}

    def get_paginator(self, operation: str) -> Any:
        """Both operations that give pages."""
        recorded = self

        class Pages:
            def paginate(self, **asked: Any) -> Iterator[Json]:
                recorded._ask(operation, asked)
                return recorded._pages(operation, asked)

        return Pages()

    def _pages(self, operation: str, asked: Json) -> Iterator[Json]:
        if operation == "describe_stack_events":
            newest_first = self.events[asked["StackName"]][::-1]
            for start in range(0, len(newest_first), 3):
                yield {"StackEvents": newest_first[start : start + 3]}
        else:
            yield {"events": [e for e in self.lines if e["timestamp"] >= asked["startTime"]]}

    def _ask(self, operation: str, asked: Json) -> None:
        self.asked.append((operation, asked))
        refused = self.refused.get(operation)
        if refused:
            raise refused.pop(0)
