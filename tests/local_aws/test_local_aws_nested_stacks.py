"""Nested stacks on the local AWS: they can be looked into while they change, as on AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.aws import LocalAws
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack
from tests.support.local_aws.watching import Watching

BUCKET = "templates-of-nested-stacks"
NESTED = "AWS::CloudFormation::Stack"


@pytest.fixture
def outer(bare_aws: LocalAws, probe: Probe) -> Any:
    """Return a template with a nested stack, in which the probe's resources are."""

    def template(key: str, **things: dict[str, Any]) -> dict[str, Any]:
        inner = probe.template(things)
        s3 = bare_aws.session().client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(inner).encode())
        url = f"https://s3.us-east-1.amazonaws.com/{BUCKET}/{key}"
        return {"Resources": {"Inner": {"Type": NESTED, "Properties": {"TemplateURL": url}}}}

    return template


def test_a_nested_stack_is_watched_and_tells_only_what_changes_in_it(
    bare_aws: LocalAws, probe: Probe, outer: Any
) -> None:
    creating = Watching(bare_aws, probe.name)
    stack = Stack.create(bare_aws, probe.name, outer("1", Thing={"Do": "sleep=3"}, Other={}))
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    status, lines = creating.end()
    assert status == 0
    assert any("CREATE_COMPLETE" in line and "Inner/Thing" in line for line in lines), lines

    updating = Watching(bare_aws, probe.name)
    changed = outer("2", Thing={"Do": "sleep=3", "N": 2}, Other={})
    assert stack.update(changed) == "UPDATE_COMPLETE", stack.failures()
    status, lines = updating.end()
    assert status == 0
    assert any("UPDATE_IN_PROGRESS" in line and "Inner/Thing" in line for line in lines), lines
    assert not any("Inner/Other" in line for line in lines), lines


def test_a_nested_stack_that_fails_names_the_resource_in_it(
    bare_aws: LocalAws, probe: Probe, outer: Any
) -> None:
    watching = Watching(bare_aws, probe.name)
    Stack.create(bare_aws, probe.name, outer("3", Thing={"OnCreate": "fail"}))

    status, lines = watching.end()

    causes = [line for line in lines if line.startswith(("Cause:", "Then:"))]
    assert len(causes) == 1, lines
    assert causes[0].startswith("Cause: Inner/Thing (Custom::Probe): ")
    assert status == 1
