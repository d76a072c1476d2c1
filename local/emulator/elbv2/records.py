"""How ministack records load balancers, listeners and target groups, as far as others read it."""

from typing import Any

from ministack.core.responses import request_scope
from ministack.services import alb

from local.emulator.elbv2.target_health import Key

Record = dict[str, Any]


def scope_of(arn: str) -> Any:
    """Return a scope in which ministack serves the account and Region of `arn`."""
    parts = arn.split(":")
    return request_scope(parts[4], parts[3])


def attribute(attributes: list[Record] | None, name: str, default: str) -> str:
    """Return the value of the attribute `name`, or `default`."""
    return next((str(one["Value"]) for one in attributes or [] if one["Key"] == name), default)


def key_of(arn: str, group: Record, target: Record) -> Key:
    """Return what the health of a target in a group is kept under."""
    return Key(arn, target["Id"], int(target.get("Port") or group["Port"]))


def groups_of(listener_arn: str) -> set[str]:
    """Return the ARNs of the target groups that a listener's rules forward to."""
    return {
        arn
        for rule in alb._rules.all_values()
        if rule["ListenerArn"] == listener_arn
        for action in rule["Actions"]
        for arn, _ in forwards(action)
    }


def forwards(action: Record) -> list[tuple[str, int]]:
    """Return the target groups of a forward action with their weights."""
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
    if groups:
        return [(group["TargetGroupArn"], int(group.get("Weight", 1))) for group in groups]
    arn = action.get("TargetGroupArn")
    return [(arn, 1)] if arn else []
