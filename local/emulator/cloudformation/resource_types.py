"""CloudFormation types and properties that ministack lacks.

The types are made by ministack's own EC2 actions, with their errors.
"""

import re
from collections.abc import Mapping
from typing import Any

from ministack.services import ec2, iam
from ministack.services.cloudformation import provisioners

from local.emulator.core.patching import PatchError, require

Json = dict[str, Any]
Provisioned = tuple[str, Json]

_RULE_SOURCES = {
    "CidrIp": "IpRanges.1.CidrIp",
    "CidrIpv6": "Ipv6Ranges.1.CidrIpv6",
    "SourceSecurityGroupId": "Groups.1.GroupId",
    "DestinationSecurityGroupId": "Groups.1.GroupId",
    "SourcePrefixListId": "PrefixListIds.1.PrefixListId",
    "DestinationPrefixListId": "PrefixListIds.1.PrefixListId",
}


def install() -> None:
    """Add the types; raise PatchError if ministack has learnt one meanwhile."""
    require(provisioners, "_RESOURCE_HANDLERS", "_ec2_apply_tags")
    require(ec2, "_ACTION_MAP", "_addresses", "_security_groups")
    handlers = {
        "AWS::EC2::EIP": {"create": _create_address, "delete": _release_address},
        "AWS::EC2::NatGateway": {"create": _create_nat_gateway, "delete": _delete_nat_gateway},
        "AWS::EC2::SecurityGroupIngress": {
            "create": _authorize("AuthorizeSecurityGroupIngress"),
            "delete": _revoke("RevokeSecurityGroupIngress"),
        },
        "AWS::EC2::SecurityGroupEgress": {
            "create": _authorize("AuthorizeSecurityGroupEgress"),
            "delete": _revoke("RevokeSecurityGroupEgress"),
        },
    }
    known = sorted(set(handlers) & set(provisioners._RESOURCE_HANDLERS))
    if known:
        raise PatchError(f"ministack has {', '.join(known)} by now: remove ours")
    provisioners._RESOURCE_HANDLERS.update(handlers)
    _keep_the_boundary_of_a_role()
    _give_the_block_of_a_vpc()


def _give_the_block_of_a_vpc() -> None:
    """AWS::EC2::VPC lacks the attribute CidrBlock, which the CDK's Vpc asks for."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    create, update = handler["create"], handler["update"]

    def create_all(logical_id: str, props: Json, stack_name: str) -> Provisioned:
        vpc, attributes = create(logical_id, props, stack_name)
        return vpc, attributes | {"CidrBlock": props["CidrBlock"]}

    def update_all(pid: str, old: Json, new: Json, stack: str, logical_id: str) -> Provisioned:
        vpc, attributes = update(pid, old, new, stack, logical_id)
        return vpc, attributes | {"CidrBlock": new["CidrBlock"]}

    handler["create"], handler["update"] = create_all, update_all


def _keep_the_boundary_of_a_role() -> None:
    """AWS::IAM::Role drops PermissionsBoundary; set it as PutRolePermissionsBoundary does."""
    require(iam, "_roles", "_policy_exists")
    handler = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handler["create"], handler["update"]

    def set_boundary(name: str, props: Json) -> None:
        iam._roles[name]["PermissionsBoundary"] = props.get("PermissionsBoundary", "")

    def check(props: Json) -> None:
        boundary = props.get("PermissionsBoundary")
        if boundary and not iam._policy_exists(boundary):
            raise RuntimeError(f"Scope ARN: {boundary} does not exist or is not attachable.")

    def create_all(logical_id: str, props: Json, stack_name: str) -> Provisioned:
        check(props)
        result: Provisioned = create(logical_id, props, stack_name)
        set_boundary(result[0], props)
        return result

    def update_all(pid: str, old: Json, new: Json, stack: str, logical_id: str) -> Provisioned:
        check(new)
        result: Provisioned = update(pid, old, new, stack, logical_id)
        set_boundary(result[0], new)
        return result

    handler["create"], handler["update"] = create_all, update_all


def _call(action: str, params: Mapping[str, str]) -> str:
    """Run an EC2 action and return its XML; raise RuntimeError with EC2's own error."""
    status, _headers, body = ec2._ACTION_MAP[action]({k: [v] for k, v in params.items()})
    text: str = body.decode() if isinstance(body, bytes) else body
    if status >= 400:
        raise RuntimeError(f"{_element(text, 'Message')} (Error Code: {_element(text, 'Code')})")
    return text


def _element(xml: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found[1] if found else ""


def _create_address(_logical_id: str, props: Json, _stack_name: str) -> Provisioned:
    xml = _call("AllocateAddress", {"Domain": props.get("Domain", "vpc")})
    allocation_id, address = _element(xml, "allocationId"), _element(xml, "publicIp")
    provisioners._ec2_apply_tags(allocation_id, props)
    return address, {"AllocationId": allocation_id, "PublicIp": address}


def _release_address(physical_id: str, _props: Json) -> None:
    for allocation_id, address in list(ec2._addresses.items()):
        if address["PublicIp"] == physical_id:
            _call("ReleaseAddress", {"AllocationId": allocation_id})


def _create_nat_gateway(_logical_id: str, props: Json, _stack_name: str) -> Provisioned:
    if props["SubnetId"] not in ec2._subnets:
        raise RuntimeError(
            f"The subnet ID '{props['SubnetId']}' does not exist "
            "(Error Code: InvalidSubnetID.NotFound)"
        )
    allocation_id = props.get("AllocationId", "")
    if allocation_id and allocation_id not in ec2._addresses:
        raise RuntimeError(
            f"Elastic IP address {allocation_id} not found "
            "(Error Code: InvalidAllocationID.NotFound)"
        )
    xml = _call(
        "CreateNatGateway",
        {
            "SubnetId": props["SubnetId"],
            "AllocationId": allocation_id,
            "ConnectivityType": props.get("ConnectivityType", "public"),
        },
    )
    gateway_id = _element(xml, "natGatewayId")
    provisioners._ec2_apply_tags(gateway_id, props)
    return gateway_id, {"NatGatewayId": gateway_id}


def _delete_nat_gateway(physical_id: str, _props: Json) -> None:
    _call("DeleteNatGateway", {"NatGatewayId": physical_id})


def _authorize(action: str) -> Any:
    def create(_logical_id: str, props: Json, _stack_name: str) -> Provisioned:
        params = {"GroupId": props["GroupId"]}
        for prop in ("IpProtocol", "FromPort", "ToPort"):
            if prop in props:
                params[f"IpPermissions.1.{prop}"] = str(props[prop])
        for prop, place in _RULE_SOURCES.items():
            if prop in props:
                params[f"IpPermissions.1.{place}"] = props[prop]
                if "Description" in props:
                    described = place.rsplit(".", 1)[0] + ".Description"
                    params[f"IpPermissions.1.{described}"] = props["Description"]
        rule_id = _element(_call(action, params), "securityGroupRuleId")
        return rule_id, {"Id": rule_id}

    return create


def _revoke(action: str) -> Any:
    def delete(physical_id: str, props: Json) -> None:
        # With the group its rules are gone.
        if props["GroupId"] in ec2._security_groups:
            _call(action, {"GroupId": props["GroupId"], "SecurityGroupRuleId.1": physical_id})

    return delete
