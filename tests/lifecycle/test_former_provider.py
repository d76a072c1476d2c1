"""Given a stack that the first version made, when the provider is updated, then it goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import evidence
from local.aws import LocalAws
from local.environments import ROOT
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import (
    Network,
    log_run,
    make_network,
    one_resource,
    runs_of,
)

FORMER = "18eaf7e"
"""The last commit whose functions did all by their own roles, with one boundary for all tasks."""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the former version."""
    folder = tmp_path_factory.mktemp("former")
    packed = subprocess.run(  # noqa: S603 - git of the PATH
        ["git", "archive", FORMER, "template.yaml", "functions"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode != 0:
        pytest.skip(f"the history here does not reach {FORMER}: {packed.stderr.decode().strip()}")
    subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)  # noqa: S607
    return folder


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """A local AWS of its own: its provider is updated."""
    with LocalAws() as aws:
        yield aws


def template_of(network: Network, **properties: Any) -> dict[str, Any]:
    """Return a template that both versions take."""
    template = one_resource(network, **properties)
    del template["Outputs"]["ServiceImageDigest"]
    return template


def roles_of(aws: LocalAws) -> dict[str, dict[str, Any]]:
    """Return the tasks' roles by their kind: their boundary, and their stack by its tag."""
    iam = aws.session().client("iam")
    found = {}
    for listed in iam.list_roles(PathPrefix="/cfn-mlflow/")["Roles"]:
        role = iam.get_role(RoleName=listed["RoleName"])["Role"]
        tags = {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}
        found[role["RoleName"].split("-")[-2]] = {
            "boundary": role["PermissionsBoundary"]["PermissionsBoundaryArn"].split("/")[-1],
            "stack": tags.get("cfn-mlflow:stack-name"),
        }
    return found


def test_a_stack_of_the_former_version_goes_on_is_updated_and_deleted(
    aws: LocalAws, former: Path
) -> None:
    aws.deploy_provider(template=former / "template.yaml")
    network = make_network(aws)
    stack = Stack.create(aws, "mlflow", template_of(network))
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    log_run(aws, stack.outputs["TrackingUri"], "before")
    before = roles_of(aws)
    assert {role["stack"] for role in before.values()} == {None}

    aws.deploy_provider()
    assert roles_of(aws) == before
    log_run(aws, stack.outputs["TrackingUri"], "between")

    stack.update(template_of(network, ServiceCpu="1024"))
    assert stack.status == "UPDATE_COMPLETE", stack.failures()
    assert roles_of(aws) == {
        "task": {"boundary": "cfn-mlflow-TaskBoundary-us-east-1", "stack": "mlflow"},
        "execution": {"boundary": "cfn-mlflow-ExecutionBoundary-us-east-1", "stack": "mlflow"},
    }
    assert runs_of(aws, stack.outputs["TrackingUri"]).keys() == {"before", "between"}

    assert stack.delete() == "DELETE_COMPLETE", stack.failures()
    assert evidence.owned(aws.session().client, stack.id) == []
