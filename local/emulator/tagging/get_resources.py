"""The Resource Groups Tagging API: the services whose tags ministack's GetResources leaves out.

IAM is left out here too, as on AWS: GetResources knows no roles.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, cloudwatch, cloudwatch_logs, ec2, ecs, rds, tagging

from local.emulator.core.patching import replace, require

Tagged = Iterator[tuple[str, list[dict[str, str]]]]

_EC2_KINDS = {
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}


def install() -> None:
    """Add the collectors."""
    require(tagging, "_COLLECTORS", "_collect_secretsmanager", "_collect_ssm", "_normalise_flat")
    for module in (rds, alb, ec2):
        require(module, "_tags")
    require(cloudwatch, "_resource_tags")
    require(cloudwatch_logs, "_log_groups")
    require(ec2, "_security_groups")
    require(ecs, "_services", "_tasks", "_task_defs", "_clusters")
    collect_ecs = tagging._COLLECTORS["ecs"]
    tagging._COLLECTORS.update(
        {
            "rds": lambda: _by_arn(rds._tags),
            "elasticloadbalancing": lambda: _by_arn(alb._tags),
            "cloudwatch": _alarms,
            "logs": _log_groups,
            "ec2": _ec2,
            "ecs": lambda: _still_there(collect_ecs),
            "secretsmanager": tagging._collect_secretsmanager,
            "ssm": tagging._collect_ssm,
        }
    )
    replace(tagging, "_matches_type_filters", lambda _: _matches_type_filters)


def _by_arn(tags: Any) -> Tagged:
    for arn, its_tags in list(tags.items()):
        yield arn, its_tags or []


def _alarms() -> Tagged:
    for arn, its_tags in list(cloudwatch._resource_tags.items()):
        yield arn, tagging._normalise_flat(its_tags)


def _log_groups() -> Tagged:
    prefix = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group"
    for name, group in list(cloudwatch_logs._log_groups.items()):
        yield f"{prefix}:{name}", tagging._normalise_flat(group.get("tags"))


def _ec2() -> Tagged:
    prefix = f"arn:aws:ec2:{get_region()}:{get_account_id()}"
    for resource_id, its_tags in list(ec2._tags.items()):
        kind = resource_id.split("-")[0]
        # ministack keeps the tags of a security group that is gone.
        if kind == "sg" and resource_id not in ec2._security_groups:
            continue
        yield f"{prefix}:{_EC2_KINDS.get(kind, kind)}/{resource_id}", its_tags or []


def _still_there(collect: Callable[[], Tagged]) -> Tagged:
    """Yield what ECS has, without what it only remembers: stopped, inactive, being deleted."""
    gone = {"INACTIVE", "STOPPED", "DELETE_IN_PROGRESS"}
    remembered = {
        record[arn]
        for records, arn in (
            (ecs._services, "serviceArn"),
            (ecs._tasks, "taskArn"),
            (ecs._task_defs, "taskDefinitionArn"),
            (ecs._clusters, "clusterArn"),
        )
        for record in list(records.values())
        if gone & {record.get("status"), record.get("lastStatus")}
    }
    return ((arn, tags) for arn, tags in collect() if arn not in remembered)


def _matches_type_filters(arn: str, filters: Sequence[str]) -> bool:
    """`secret:a/b` is of type secret and `log-group:/a` of type log-group, slashes or not."""
    _arn, _partition, service, _region, _account, resource = arn.split(":", 5)
    kind = re.split("[/:]", resource)[0]
    return not filters or any(wanted in {service, f"{service}:{kind}"} for wanted in filters)
