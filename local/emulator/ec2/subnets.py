"""EC2's refusal to delete a subnet that still holds a network interface."""

from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import alb, ec2, ecs, rds
from ministack.services.cloudformation import provisioners

from local.emulator.core import patching
from local.emulator.core.patching import Function, text

Params = Mapping[str, Any]
_STACK_TYPE = "AWS::EC2::Subnet"


def install() -> None:
    """Put the refusal into ministack's EC2 and into its CloudFormation."""
    patching.require(rds, "_subnet_groups", "_clusters")
    patching.require(ecs, "_tasks")
    patching.wrap_action(ec2, "DeleteSubnet", _delete)
    handler = provisioners._RESOURCE_HANDLERS[_STACK_TYPE]
    handler["delete"] = _stack_delete(handler["delete"])


def users(subnet: str) -> Iterator[str]:
    """Give the names of what has a network interface in `subnet`."""
    for balancer in alb._lbs.values():
        if subnet in balancer["Subnets"]:
            yield f"load balancer {balancer['LoadBalancerName']}"
    for cluster in rds._clusters.values():
        group = rds._subnet_groups.get(cluster.get("DBSubnetGroup", "")) or {}
        if cluster["DBClusterMembers"] and any(
            one["SubnetIdentifier"] == subnet for one in group.get("Subnets") or []
        ):
            yield f"DB cluster {cluster['DBClusterIdentifier']}"
    for task in list(ecs._tasks.values()):
        if task["lastStatus"] != "STOPPED" and task.get("_subnet") == subnet:
            yield f"task {task['taskArn']}"


def _delete(old: Function) -> Function:
    def delete(params: Params) -> Any:
        subnet = text(params, "SubnetId")
        if any(users(subnet)):
            message = f"The subnet '{subnet}' has dependencies and cannot be deleted."
            return ec2._error("DependencyViolation", message, 400)
        return old(params)

    return delete


def _stack_delete(old: Function) -> Function:
    def delete(physical_id: str, properties: dict[str, Any]) -> Any:
        if any(users(physical_id)):
            raise RuntimeError(
                f"The subnet '{physical_id}' has dependencies and cannot be deleted. "
                "(Error Code: DependencyViolation)"
            )
        return old(physical_id, properties)

    return delete
