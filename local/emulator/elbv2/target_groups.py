"""The API of target groups: what it refuses, their load balancers, the health of their targets."""

from typing import Any

from ministack.services import alb

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, members, text
from local.emulator.elbv2.records import Record, groups_of, key_of
from local.emulator.elbv2.target_health import Key, TargetHealth


def install(health: TargetHealth) -> None:
    """Put the refusals into ministack, and `health` into what it tells of targets."""
    patching.require(alb, "_tgs", "_listeners", "_targets", "_error", "_xml", "_tg_xml")
    patching.require(alb, "_parse_targets_param")
    patching.wrap_action(alb, "CreateTargetGroup", _create_group)
    patching.wrap_action(alb, "DescribeTargetGroups", _describe_groups)
    patching.wrap_action(alb, "DeleteTargetGroup", _delete_group)
    patching.wrap_action(alb, "DescribeTargetHealth", lambda old: _describe_health(health, old))


def _create_group(old: Function) -> Function:
    def create(params: Params) -> Any:
        name = text(params, "Name")
        twin = next(
            (group for group in alb._tgs.values() if group["TargetGroupName"] == name), None
        )
        if twin is not None and _same_group(twin, params):
            return alb._xml(
                200, "CreateTargetGroup", f"<TargetGroups>{alb._tg_xml(twin)}</TargetGroups>"
            )
        return old(params)

    return create


def _same_group(group: Record, params: Params) -> bool:
    names = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath")
    return all(text(params, name) in ("", str(group[name])) for name in names)


def _describe_groups(old: Function) -> Function:
    def describe(params: Params) -> Any:
        owners: dict[str, set[str]] = {}
        for listener in alb._listeners.values():
            for arn in groups_of(listener["ListenerArn"]):
                owners.setdefault(arn, set()).add(listener["LoadBalancerArn"])
        for arn, group in alb._tgs.items():
            group["LoadBalancerArns"] = sorted(owners.get(arn, ()))
        names = members(params, "Names")
        known = {group["TargetGroupName"] for group in alb._tgs.values()}
        if names and not known.intersection(names):
            return alb._error("TargetGroupNotFound", "One or more target groups not found", 400)
        return old(params)

    return describe


def _delete_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        arn = text(params, "TargetGroupArn")
        if any(arn in groups_of(listener) for listener in list(alb._listeners)):
            return alb._error(
                "ResourceInUse",
                f"Target group '{arn}' is currently in use by a listener or a rule",
            )
        return old(params)

    return delete


def _describe_health(health: TargetHealth, old: Function) -> Function:
    def describe(params: Params) -> Any:
        arn = text(params, "TargetGroupArn")
        group = alb._tgs.get(arn)
        if group is None:
            return old(params)
        registered = {key_of(arn, group, target) for target in alb._targets.get(arn, [])}
        asked = alb._parse_targets_param(params)
        wanted = {key_of(arn, group, target) for target in asked}
        draining = set(health.in_group(arn))
        keys = wanted or registered | draining
        order = sorted(keys, key=lambda key: (key.address, key.port))
        descriptions = "".join(_health_xml(key, health) for key in order)
        return alb._xml(
            200,
            "DescribeTargetHealth",
            f"<TargetHealthDescriptions>{descriptions}</TargetHealthDescriptions>",
        )

    return describe


def _health_xml(key: Key, health: TargetHealth) -> str:
    one = health.of(key)
    reason = f"<Reason>{one.reason}</Reason>" if one.reason else ""
    words = f"<Description>{one.description}</Description>" if one.description else ""
    return (
        f"<member><Target><Id>{key.address}</Id><Port>{key.port}</Port></Target>"
        f"<HealthCheckPort>{key.port}</HealthCheckPort>"
        f"<TargetHealth><State>{one.state}</State>{reason}{words}</TargetHealth></member>"
    )
