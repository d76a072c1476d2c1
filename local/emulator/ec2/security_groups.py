"""What EC2 refuses of security groups: to delete one in use, and the same rule twice."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ministack.services import alb, ec2, ecs, rds
from ministack.services.cloudformation import provisioners

from local.emulator.core import patching
from local.emulator.core.patching import Function, text

Params = Mapping[str, Any]
Record = dict[str, Any]
_STACK_TYPE = "AWS::EC2::SecurityGroup"


def install() -> None:
    """Put the refusals into ministack's EC2 and into its CloudFormation."""
    patching.require(ec2, "_error", "_parse_ip_permissions", "_security_groups")
    patching.require(provisioners, "_RESOURCE_HANDLERS")
    patching.wrap_action(ec2, "DeleteSecurityGroup", _delete)
    for action, rules in {
        "AuthorizeSecurityGroupIngress": "IpPermissions",
        "AuthorizeSecurityGroupEgress": "IpPermissionsEgress",
    }.items():
        patching.wrap_action(ec2, action, partial(_authorize, rules))
    handler = provisioners._RESOURCE_HANDLERS[_STACK_TYPE]
    handler["delete"] = _stack_delete(handler["delete"])


def users(group: str) -> Iterator[str]:
    """Give the names of what uses the security group `group`."""
    for other in ec2._security_groups.values():
        if other["GroupId"] != group and any(
            group == source
            for rules in ("IpPermissions", "IpPermissionsEgress")
            for rule in other.get(rules) or []
            for source in _group_sources(rule)
        ):
            yield f"security group {other['GroupId']}"
    for balancer in alb._lbs.values():
        if group in balancer["SecurityGroups"]:
            yield f"load balancer {balancer['LoadBalancerName']}"
    for cluster in rds._clusters.values():
        if any(one["VpcSecurityGroupId"] == group for one in cluster["VpcSecurityGroups"]):
            yield f"DB cluster {cluster['DBClusterIdentifier']}"
    for task in list(ecs._tasks.values()):
        if task["lastStatus"] != "STOPPED" and group in (task.get("_security_groups") or []):
            yield f"task {task['taskArn']}"


def _delete(old: Function) -> Function:
    def delete(params: Params) -> Any:
        group = text(params, "GroupId")
        if any(users(group)):
            message = f"resource {group} has a dependent object"
            return ec2._error("DependencyViolation", message, 400)
        return old(params)

    return delete


def _stack_delete(old: Function) -> Function:
    def delete(physical_id: str, properties: Record) -> Any:
        if any(users(physical_id)):
            raise RuntimeError(
                f"resource {physical_id} has a dependent object (Error Code: DependencyViolation)"
            )
        return old(physical_id, properties)

    return delete


def _authorize(rules: str, old: Function) -> Function:
    def authorize(params: Params) -> Any:
        group = ec2._security_groups.get(text(params, "GroupId"))
        if group is not None:
            there = {one for rule in group.get(rules) or [] for one in _single(rule)}
            for rule in ec2._parse_ip_permissions(params, "IpPermissions"):
                for one in _single(rule):
                    if one in there:
                        return ec2._error("InvalidPermission.Duplicate", _words(one), 400)
        return old(params)

    return authorize


Single = tuple[str, int, int, str]


def _single(rule: Record) -> Iterator[Single]:
    """Give each rule of a permission: protocol, first port, last port, source."""
    protocol = str(rule["IpProtocol"])
    ports = int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))
    sources = [one["CidrIp"] for one in rule.get("IpRanges") or []]
    sources += [one["CidrIpv6"] for one in rule.get("Ipv6Ranges") or []]
    sources += [one["PrefixListId"] for one in rule.get("PrefixListIds") or []]
    for source in [*sources, *_group_sources(rule)]:
        yield protocol, *ports, source


def _group_sources(rule: Record) -> list[str]:
    return [one["GroupId"] for one in rule.get("UserIdGroupPairs") or [] if one.get("GroupId")]


def _words(rule: Single) -> str:
    protocol, first, last, source = rule
    return (
        f'the specified rule "peer: {source}, {protocol.upper()}, from port: {first}, '
        f'to port: {last}, ALLOW" already exists'
    )
