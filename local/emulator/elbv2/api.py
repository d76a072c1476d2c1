"""The API of load balancers and their listeners: what it refuses, and how it shows them."""

import random
import time
from collections.abc import Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import alb, ec2

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, members, text
from local.emulator.elbv2.records import Record, attribute

PROVISIONING_SECONDS = 1.0

_LONGEST_NAME = 32


def install(look: Callable[[], None]) -> None:
    """Put the refusals into ministack; `look` opens the socket of a listener that is made."""
    patching.require(
        alb, "_lbs", "_listeners", "_lb_attrs", "_error", "_xml", "_lb_xml", "_delete_listener"
    )
    patching.require(ec2, "_subnets")
    patching.replace(alb, "_parse_actions", _with_forward_config)
    patching.wrap_action(alb, "CreateLoadBalancer", _create_balancer)
    patching.wrap_action(alb, "DeleteLoadBalancer", _delete_balancer)
    patching.wrap_action(alb, "CreateListener", lambda old: _create_listener(look, old))


def _create_balancer(old: Function) -> Function:
    def create(params: Params) -> Any:
        name, subnets = text(params, "Name"), members(params, "Subnets")
        refusal = _balancer_refusal(name, subnets)
        if refusal:
            return refusal
        twin = next((lb for lb in alb._lbs.values() if lb["LoadBalancerName"] == name), None)
        if twin is not None and _same_balancer(twin, params):
            return _balancer_answer(twin)
        answer = old(params)
        if answer[0] != 200:
            return answer
        balancer = next(lb for lb in alb._lbs.values() if lb["LoadBalancerName"] == name)
        _shape_balancer(balancer, subnets)
        return _balancer_answer(balancer)

    return create


def _balancer_refusal(name: str, subnets: list[str]) -> Any:
    if len(name) > _LONGEST_NAME:
        return alb._error(
            "ValidationError",
            f"The load balancer name '{name}' cannot be longer than '{_LONGEST_NAME}' characters",
        )
    if name.startswith("internal-"):
        return alb._error(
            "ValidationError", f"The load balancer name '{name}' cannot begin with 'internal-'"
        )
    unknown = [subnet for subnet in subnets if subnet not in ec2._subnets]
    if unknown:
        return alb._error("SubnetNotFound", f"The subnet ID '{unknown[0]}' does not exist")
    zones = {ec2._subnets[subnet]["AvailabilityZone"] for subnet in subnets}
    if len(zones) < 2:
        return alb._error(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )
    return None


def _same_balancer(balancer: Record, params: Params) -> bool:
    return (
        balancer["Scheme"] == (text(params, "Scheme") or "internet-facing")
        and sorted(balancer["Subnets"]) == sorted(members(params, "Subnets"))
        and sorted(balancer["SecurityGroups"]) == sorted(members(params, "SecurityGroups"))
    )


def _shape_balancer(balancer: Record, subnets: list[str]) -> None:
    region = balancer["LoadBalancerArn"].split(":")[3]
    number = random.randint(10**8, 2 * 10**9)  # noqa: S311 - no secret
    prefix = "internal-" if balancer["Scheme"] == "internal" else ""
    name = balancer["LoadBalancerName"]
    balancer["DNSName"] = f"{prefix}{name}-{number}.{region}.elb.amazonaws.com"
    balancer["VpcId"] = ec2._subnets[subnets[0]]["VpcId"]
    balancer["State"] = "provisioning"

    def activate() -> None:
        time.sleep(PROVISIONING_SECONDS)
        balancer["State"] = "active"

    spawn_background(activate, thread_name="load-balancer-active")


def _balancer_answer(balancer: Record) -> Any:
    return alb._xml(
        200, "CreateLoadBalancer", f"<LoadBalancers>{alb._lb_xml(balancer)}</LoadBalancers>"
    )


def _delete_balancer(old: Function) -> Function:
    def delete(params: Params) -> Any:
        arn = text(params, "LoadBalancerArn")
        if attribute(alb._lb_attrs.get(arn), "deletion_protection.enabled", "false") == "true":
            return alb._error(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for listener in [one for one in alb._listeners.values() if one["LoadBalancerArn"] == arn]:
            alb._delete_listener({"ListenerArn": [listener["ListenerArn"]]})
        return old(params)

    return delete


def _create_listener(look: Callable[[], None], old: Function) -> Function:
    def create(params: Params) -> Any:
        balancer, port = text(params, "LoadBalancerArn"), text(params, "Port") or "80"
        for other in alb._listeners.values():
            if other["LoadBalancerArn"] == balancer and str(other["Port"]) == port:
                return alb._error(
                    "DuplicateListener",
                    f"A listener already exists on this port for this load balancer '{balancer}'",
                )
        answer = old(params)
        look()
        return answer

    return create


def _with_forward_config(old: Function) -> Function:
    """ministack reads only TargetGroupArn; the same may be said in a ForwardConfig."""

    def parse(params: Params, prefix: str = "DefaultActions") -> list[Record]:
        actions: list[Record] = old(params, prefix)
        for index, action in enumerate(actions, start=1):
            groups = _forward_groups(params, f"{prefix}.member.{index}.ForwardConfig")
            if groups:
                action["ForwardConfig"] = {"TargetGroups": groups}
                action.setdefault("TargetGroupArn", groups[0]["TargetGroupArn"])
        return actions

    return parse


def _forward_groups(params: Params, prefix: str) -> list[Record]:
    groups: list[Record] = []
    while arn := text(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.TargetGroupArn"):
        weight = text(params, f"{prefix}.TargetGroups.member.{len(groups) + 1}.Weight") or "1"
        groups.append({"TargetGroupArn": arn, "Weight": int(weight)})
    return groups
