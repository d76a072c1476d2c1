"""What `make status` tells: whether the local AWS runs, what is in it, what it takes on disk."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import environments, provider
from local.aws import LocalAws
from local.environments import ROOT
from local.install import disk

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackSummaryTypeDef

_LOCAL = ROOT / ".local"
_WHOLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
_OWNER_TAG = "cfn-mlflow:owner"


def text(local_aws: LocalAws) -> str:
    """Return all of it as lines."""
    return "\n".join([*_running(local_aws), *_releases(), *_disk()])


def provider_deployed(local_aws: LocalAws) -> bool:
    """Whether the provider's stack is there and whole."""
    return any(
        stack["StackName"] == provider.STACK_NAME and stack["StackStatus"] in _WHOLE
        for stack in _stacks(local_aws)
    )


def _running(local_aws: LocalAws) -> Iterator[str]:
    if not local_aws.running:
        yield "The local AWS does not run; `make local` starts it."
        return
    yield f"The local AWS runs at {local_aws.endpoint}."
    if not provider_deployed(local_aws):
        yield "The provider is not deployed; `make local` deploys it."
    stacks = _stacks(local_aws)
    yield "Stacks:" if stacks else "Stacks: none"
    for stack in stacks:
        what = " (the provider)" if stack["StackName"] == provider.STACK_NAME else ""
        yield f"  {stack['StackName']}{what}: {stack['StackStatus']}"
    names = {stack["StackId"].rsplit("/", 1)[-1]: stack["StackName"] for stack in stacks}
    found = list(_mlflows(local_aws, names))
    yield "MLflow, for a browser or a client on this machine:" if found else "MLflow: none"
    yield from (f"  {line}" for line in found)


def _stacks(local_aws: LocalAws) -> "list[StackSummaryTypeDef]":
    client = local_aws.session().client("cloudformation")
    pages = client.get_paginator("list_stacks").paginate()
    summaries = (stack for page in pages for stack in page["StackSummaries"])
    return [stack for stack in summaries if stack["StackStatus"] != "DELETE_COMPLETE"]


def _mlflows(local_aws: LocalAws, names: Mapping[str, str]) -> Iterator[str]:
    """Give the address of each load balancer of ours, whose it is, and how many tasks answer.

    `names` are the stacks' names by the last part of their ids.
    """
    client = local_aws.session().client("elbv2")
    for balancer in client.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        (described,) = client.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        owners = [tag["Value"] for tag in described["Tags"] if tag["Key"] == _OWNER_TAG]
        if not owners:
            continue
        guid, _, resource = owners[0].partition("/")
        whose = f"{resource} of {names.get(guid, guid)}, {_healthy(client, arn)}"
        for listener in client.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            uri = f"{listener['Protocol'].lower()}://{balancer['DNSName']}:{listener['Port']}"
            yield f"{local_aws.browser_url(uri)}  {whose}"


def _healthy(client: Any, arn: str) -> str:
    groups = client.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]
    states = [
        target["TargetHealth"]["State"]
        for group in groups
        for target in client.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
    ]
    return f"{states.count('healthy')} of {len(states)} tasks healthy"


def _releases() -> Iterator[str]:
    known = (
        f"{release} (installed)" if environments.is_installed(release) else release
        for release in environments.releases()
    )
    yield f"MLflow releases: {', '.join(known)}; one more by `make local MLFLOW=RELEASE`"


def _disk() -> Iterator[str]:
    folders = {
        "the project's environment": [ROOT / ".venv"],
        "the local AWS's environments": [_LOCAL / "environments", _LOCAL / "tools"],
        "files of both, to install from again": [_LOCAL / "cache"],
        "builds": [_LOCAL / "build", _LOCAL / "sam"],
        "state and logs": [*_LOCAL.glob("run*"), _LOCAL / "demo"],
    }
    seen: list[Path] = []
    before = 0
    parts = []
    for name, paths in folders.items():
        seen += [path for path in paths if path.exists()]
        size = disk.size(seen)
        parts.append(f"  {disk.told(size - before):>7}  {name}")
        before = size
    yield f"Disk: {disk.told(before)}; `make clean` gives it back"
    yield from parts
