"""The examples for other tools, each deployed and removed by its own tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack, StackGoneError
from tests.support.mlflow.mlflow_stacks import answer_of, make_network
from tests.support.tools import environments

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.long


def _run(argv: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> str:
    """Run a tool in its folder; return what it printed, which is in the error if it fails."""
    ended = subprocess.run(  # noqa: S603 - the examples' own tools
        [str(word) for word in argv],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _is_gone(aws: LocalAws, stack: str) -> bool:
    try:
        return Stack(aws, stack).status == "DELETE_COMPLETE"
    except StackGoneError:
        return True


def test_the_cdk_example_is_deployed_and_destroyed_by_the_cdk(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLES / "cdk", tmp_path / "cdk")
    cdk = [*environments.cdk(), "--no-notices", "--no-color"]
    path = os.pathsep.join([str(environments.cdk_python().parent), os.environ["PATH"]])
    env = {**os.environ, **local_aws.env, "PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true"}

    _run([*cdk, "deploy", "--require-approval", "never"], folder, env)
    assert answer_of(local_aws, Stack(local_aws, "mlflow-cdk").outputs["TrackingUri"]) == 200

    _run([*cdk, "destroy", "--force"], folder, env)
    assert _is_gone(local_aws, "mlflow-cdk")


def _terraform(folder: Path, env: Mapping[str, str]) -> Sequence[str]:
    """Return Terraform's command, ready in this folder, or skip where it is not to be had."""
    terraform = shutil.which("terraform") or shutil.which("tofu")
    if terraform is None:
        pytest.skip("Terraform is not installed: its example was not deployed")
    begun = subprocess.run(  # noqa: S603 - the example's own tool
        [terraform, "init", "-input=false", "-no-color"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if begun.returncode != 0:  # it has to download its provider for AWS
        why = " ".join(begun.stderr.split())
        pytest.skip(f"Terraform is not ready, its example was not deployed: {why[:300]}")
    return [terraform]


def test_the_terraform_example_is_applied_and_destroyed_by_terraform(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLES / "terraform", tmp_path / "terraform")
    network = make_network(local_aws)
    subnets = ",".join(f'"{subnet}"' for subnet in network.subnet_ids)
    env = {
        **os.environ,
        **local_aws.env,
        "TF_VAR_vpc_id": network.vpc_id,
        "TF_VAR_subnet_ids": f"[{subnets}]",
        "TF_VAR_ingress_cidr_blocks": '["10.0.0.0/8"]',
    }
    terraform = _terraform(folder, env)
    _run([*terraform, "fmt", "-check", "-diff"], folder, env)

    _run([*terraform, "apply", "-auto-approve", "-input=false", "-no-color"], folder, env)
    uri = _run([*terraform, "output", "-raw", "tracking_uri"], folder, env)
    assert answer_of(local_aws, uri) == 200

    _run([*terraform, "destroy", "-auto-approve", "-input=false", "-no-color"], folder, env)
    assert _is_gone(local_aws, "mlflow-terraform")
