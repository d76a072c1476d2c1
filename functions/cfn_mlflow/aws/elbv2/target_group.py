"""The target group, its successors, and the health of its targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.core.owner import Tags, fingerprint
from cfn_mlflow.aws.core.replaced import Replaced
from cfn_mlflow.aws.elbv2.client import elbv2, set_tags, stem, tags_of
from cfn_mlflow.engine.resource import Deletable, Observation, Superseding
from cfn_mlflow.outcome import TemporaryError

TARGET_GROUP_ATTRIBUTES = {"deregistration_delay.timeout_seconds": "30"}
HEALTH_CHECK: dict[str, Any] = {
    "HealthCheckProtocol": "HTTP",
    "HealthCheckPath": "/health",
    "HealthCheckPort": "traffic-port",
    "Matcher": {"HttpCode": "200"},
    "HealthCheckIntervalSeconds": 15,
    "HealthCheckTimeoutSeconds": 5,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 4,
}


@dataclass(frozen=True)
class TargetGroupView:
    """A target group as it stands."""

    arn: str
    name: str
    health_check: Mapping[str, Any]
    attributes: Mapping[str, str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class TargetGroup(OwnedObject[TargetGroupView], Superseding[TargetGroupView]):
    """The tasks' addresses that one load balancer forwards to; it cannot serve a second one."""

    display_name: ClassVar[str] = "target group"

    load_balancer_name: str
    vpc_id: str
    port: int

    @property
    def name(self) -> str:
        """Return its name, of at most 32 characters."""
        fixed = fingerprint(self.load_balancer_name, self.vpc_id, self.port)
        return f"{stem(self.owner)}-{fixed}"

    def observe(self) -> Observation[TargetGroupView] | None:
        """Find it by its name.

        Rests on elasticloadbalancing:DescribeTargetGroups, DescribeTargetGroupAttributes and
        DescribeTags.
        """
        try:
            found = elbv2().describe_target_groups(Names=[self.name])["TargetGroups"]
            if not found:
                return None
            arn = found[0]["TargetGroupArn"]
            attributes = elbv2().describe_target_group_attributes(TargetGroupArn=arn)
            return self.found(
                TargetGroupView(
                    arn=arn,
                    name=self.name,
                    health_check={key: found[0].get(key) for key in HEALTH_CHECK},
                    attributes=tag_map(attributes["Attributes"]),
                    tags=tags_of(arn),
                )
            )
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateTargetGroup)."""
        elbv2().create_target_group(
            Name=self.name,
            Protocol="HTTP",
            Port=self.port,
            VpcId=self.vpc_id,
            TargetType="ip",
            Tags=tag_list(self.owner.tags),
            **HEALTH_CHECK,
        )

    def compare(self, found: Observation[TargetGroupView]) -> Observation[TargetGroupView]:
        """Name what differs among what can change in place."""
        view = found.view
        return found.differing(
            {
                "health check": dict(view.health_check) != HEALTH_CHECK,
                "attributes": not TARGET_GROUP_ATTRIBUTES.items() <= view.attributes.items(),
                "tags": self.owner.lacks(view.tags),
            }
        )

    def update(self, found: Observation[TargetGroupView]) -> None:
        """Set what differs.

        Rests on elasticloadbalancing:ModifyTargetGroup, ModifyTargetGroupAttributes, AddTags and
        RemoveTags.
        """
        view = found.view
        if "health check" in found.differs:
            elbv2().modify_target_group(TargetGroupArn=view.arn, **HEALTH_CHECK)
        if "attributes" in found.differs:
            elbv2().modify_target_group_attributes(
                TargetGroupArn=view.arn, Attributes=tag_list(TARGET_GROUP_ATTRIBUTES)
            )
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def superseded(self) -> tuple[Deletable[Any], ...]:
        """Return those of another load balancer, VPC or port."""
        return (ReplacedTargetGroups(self.owner, self.name),)

    def delete(self, view: TargetGroupView) -> None:
        """Delete it once no listener names it (elasticloadbalancing:DeleteTargetGroup)."""
        _delete_target_group(view.arn)


def _delete_target_group(arn: str) -> None:
    try:
        elbv2().delete_target_group(TargetGroupArn=arn)
    except Exception as error:
        if code(error) == "ResourceInUse":
            raise TemporaryError("still named by a listener") from None
        if not is_missing(error):
            raise


@dataclass(frozen=True, eq=False)
class ReplacedTargetGroups(Replaced[tuple[str, ...]]):
    """The target groups of this resource but for the one named `keep`."""

    display_name: ClassVar[str] = "replaced target group"

    keep: str

    def observe(self) -> Observation[tuple[str, ...]] | None:
        """Find the owned ones by their names' start (elasticloadbalancing:DescribeTargetGroups)."""
        found = tuple(self._found())
        return Observation(found) if found else None

    def delete(self, view: tuple[str, ...]) -> None:
        """Delete each of them."""
        for arn in view:
            _delete_target_group(arn)

    def _found(self) -> Iterator[str]:
        for page in elbv2().get_paginator("describe_target_groups").paginate():
            for found in page["TargetGroups"]:
                name, arn = found["TargetGroupName"], found["TargetGroupArn"]
                if not name.startswith(f"{stem(self.owner)}-") or name == self.keep:
                    continue
                if self.owner.owns(tags_of(arn)):
                    yield arn


STARTING = "starting: they answer once MLflow has loaded"
NO_ANSWER_YET = ("", "Target.FailedHealthChecks", "Target.Timeout")
"""Reasons why a target is unhealthy that every server gives before it listens."""


def unhealthy(target_group_arn: str, *, starting: bool = False) -> str:
    """Return in words why targets are not healthy, or nothing when all are.

    While the tasks are `starting`, it is no fault that they do not answer.
    Rests on elasticloadbalancing:DescribeTargetHealth.
    """
    try:
        described = elbv2().describe_target_health(TargetGroupArn=target_group_arn)
    except Exception as error:
        if is_missing(error):
            return ""
        raise
    health = [target["TargetHealth"] for target in described["TargetHealthDescriptions"]]
    ill = [one for one in health if one.get("State") not in ("healthy", "draining", "unused")]
    faults = [one for one in ill if not (starting and _may_still_load(one))]
    if not faults:
        return STARTING if ill else ""
    why = faults[0].get("Description") or faults[0].get("Reason") or faults[0].get("State", "")
    return f"{len(faults)} of {len(health)} not healthy ({str(why).rstrip('.')})"


def _may_still_load(health: Mapping[str, Any]) -> bool:
    return health.get("State") == "initial" or health.get("Reason", "") in NO_ANSWER_YET
