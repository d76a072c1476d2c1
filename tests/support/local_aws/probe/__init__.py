"""A custom resource whose function does what its properties say, to test the local AWS with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import environments
from tests.support.waiting import until

_CODE = (Path(__file__).parent / "function.py").read_text()

Json = dict[str, Any]


class Probe:
    """The template of a stack with the function, and what the function has seen."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._seen = folder / f"{name}.jsonl"
        self._seen.touch()

    def template(self, resources: Mapping[str, Json], **function: Any) -> Json:
        """A template with the function and custom resources with these properties.

        `function` are further properties of the function; SERVICE_TOKEN is added to each resource.
        """
        return {
            "Resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {
                        "AssumeRolePolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": [
                                {
                                    "Effect": "Allow",
                                    "Principal": {"Service": "lambda.amazonaws.com"},
                                    "Action": "sts:AssumeRole",
                                }
                            ],
                        }
                    },
                },
                "Function": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "FunctionName": self.name,
                        "Runtime": environments.host_runtime(),
                        "Handler": "index.handler",
                        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Timeout": 30,
                        "Code": {"ZipFile": _CODE},
                        "Environment": {"Variables": {"SEEN": str(self._seen)}},
                        **function,
                    },
                },
                **{
                    logical_id: {
                        "Type": "Custom::Probe",
                        "Properties": {
                            "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                            **properties,
                        },
                    }
                    for logical_id, properties in resources.items()
                },
            }
        }

    def seen(self) -> list[Json]:
        """What the function has noted, oldest first: each event with its request id and pid."""
        # The last line may be half written: the function is writing it.
        whole = self._seen.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def requests(self) -> list[tuple[str, str | None]]:
        """The requests so far: their types and physical ids."""
        return [
            (s["event"]["RequestType"], s["event"].get("PhysicalResourceId")) for s in self.seen()
        ]

    def wait_until_seen(self, count: int) -> list[Json]:
        """Wait until the function has begun `count` invocations."""
        what = f"{count} invocations of {self.name}"
        return until(self.seen, lambda seen: len(seen) >= count, what, pause=0.05)
