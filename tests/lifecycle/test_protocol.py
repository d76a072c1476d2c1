"""The real protocol on the local AWS: killed, handed on, cancelled, given up."""

import sys
from pathlib import Path
from typing import Any

import pytest

import last_word
from local.aws import LocalAws
from tests.lifecycle.probe import Probe
from tests.lifecycle.stacks import Stack

FUNCTIONS = Path(last_word.__file__).parent
LIBRARIES = [str(FUNCTIONS), str(FUNCTIONS.parent), *(p for p in sys.path if "site-packages" in p)]


def code(module: str) -> dict[str, Any]:
    """Return a function's code: the module, with what is installed here in place of an artifact."""
    return {
        "ZipFile": f"import sys\nsys.path[:0] = {LIBRARIES!r}\nfrom {module} import handler\n",
    }


@pytest.fixture
def looking(probe: Probe) -> Any:
    """Return a template with one resource of the real protocol, and the last word behind it."""

    def template(timeout: int, **properties: Any) -> dict[str, Any]:
        made = probe.template(
            {"Thing": properties},
            Code=code("tests.lifecycle.probe.looking"),
            Timeout=timeout,
            DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
        )
        resources = made["Resources"]
        resources["DeadLetters"] = {"Type": "AWS::SQS::Queue"}
        resources["LastWord"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                **resources["Function"]["Properties"],
                "FunctionName": f"{probe.name[:55]}-last",
                "Code": code("last_word"),
                "Timeout": 30,
                "DeadLetterConfig": {"Ref": "AWS::NoValue"},
            },
        }
        resources["Mapping"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
                "FunctionName": {"Ref": "LastWord"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        }
        resources["Thing"]["DependsOn"] = ["Mapping"]
        made["Outputs"] = {"Things": {"Value": {"Fn::GetAtt": ["Thing", "Things"]}}}
        return made

    return template


def looks(probe: Probe, request_type: str) -> list[int]:
    """Return the process of each look at a request."""
    return [line["pid"] for line in probe.seen() if line["type"] == request_type]


def test_a_request_longer_than_its_function_is_handed_on_until_it_is_done(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=8, Things=5))

    assert stack.status == "CREATE_COMPLETE", stack.failures()
    assert stack.outputs == {"Things": "5"}
    assert stack.resource("Thing")["PhysicalResourceId"].startswith("mlflow-")
    assert stack.update(looking(timeout=8, Things=6)) == "UPDATE_COMPLETE"
    assert stack.outputs == {"Things": "6"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert len(looks(probe, "Create")) == 6
    assert len(looks(probe, "Delete")) == 2


def test_a_function_killed_in_the_middle_is_delivered_again_and_completes(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3, DieAt=["2"]))

    assert stack.status == "CREATE_COMPLETE", stack.failures()
    assert stack.outputs == {"Things": "3"}
    assert len(set(looks(probe, "Create"))) == 2
    assert stack.delete() == "DELETE_COMPLETE"


def test_for_a_function_that_always_dies_the_last_word_is_spoken(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=3, DieAt="always"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert "The provider's function died" in stack.failures()["Thing"]
    assert "deploy again" in stack.failures()["Thing"]
    assert len(looks(probe, "Create")) == 3
    assert looks(probe, "Delete")


def test_a_stack_deleted_while_it_is_made_is_not_made_again_behind_its_delete(
    bare_aws: LocalAws, probe: Probe, looking: Any, tmp_path: Path
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=8, Things=500), wait=False)
    probe.wait_until_seen(3)

    assert stack.delete() == "DELETE_COMPLETE"

    kinds = [line["type"] for line in probe.seen()]
    first_delete = kinds.index("Delete")
    assert "Create" not in kinds[first_delete + 2 :]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{probe.name}.jsonl"]


def test_at_the_deadline_the_stack_tells_what_it_waits_for_and_rolls_back(
    bare_aws: LocalAws, probe: Probe, looking: Any
) -> None:
    stack = Stack.create(bare_aws, probe.name, looking(timeout=80, Things=500, ServiceTimeout="12"))

    assert stack.status == "ROLLBACK_COMPLETE"
    assert "still waiting for things" in stack.failures()["Thing"]
    assert "of 500" in stack.failures()["Thing"]
    assert looks(probe, "Delete")
