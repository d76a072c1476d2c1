"""Elastic Load Balancing: the load balancer, its target group and its listener.

Scheme and VPC cannot change in place: they are in the names of load balancer and target group, so
that a new pair is made beside the old one, which goes once the new one serves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.errors import code, is_missing
from cfn_mlflow.aws.not_yet import NotYet
from cfn_mlflow.aws.object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.owner import Owner, Tags, fingerprint
from cfn_mlflow.aws.replaced import Replaced
from cfn_mlflow.aws.session import client
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.outcome import PermanentError, TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

IDLE_SECONDS = 60
"""After which the load balancer closes a connection; the server keeps its end open for longer."""

LOAD_BALANCER_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": str(IDLE_SECONDS),
    "routing.http.drop_invalid_header_fields.enabled": "true",
}
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
PROTECTION = "deletion_protection.enabled"


def _elbv2() -> ElasticLoadBalancingv2Client:
    elbv2: ElasticLoadBalancingv2Client = client("elbv2")
    return elbv2


def _stem(owner: Owner) -> str:
    """Return the start of all names of an owner; six characters and a hyphen may follow."""
    return owner.name(limit=25)


def _tags_of(arn: str) -> Tags:
    described = _elbv2().describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return tag_map(described[0].get("Tags", [])) if described else {}


def _set_tags(owner: Owner, arn: str) -> None:
    _elbv2().add_tags(ResourceArns=[arn], Tags=tag_list(owner.tags))


def _pairs(attributes: Mapping[str, str]) -> Any:
    return tag_list(attributes)


@dataclass(frozen=True)
class LoadBalancerView:
    """A load balancer as it stands."""

    arn: str
    name: str
    dns_name: str
    zone_id: str
    state: str
    subnet_ids: frozenset[str]
    security_group_ids: frozenset[str]
    attributes: Mapping[str, str]
    tags: Tags


def _load_balancer_view(found: Mapping[str, Any]) -> LoadBalancerView:
    arn = found["LoadBalancerArn"]
    attributes = _elbv2().describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return LoadBalancerView(
        arn=arn,
        name=found["LoadBalancerName"],
        dns_name=found["DNSName"],
        zone_id=found["CanonicalHostedZoneId"],
        state=found["State"]["Code"],
        subnet_ids=frozenset(zone["SubnetId"] for zone in found["AvailabilityZones"]),
        security_group_ids=frozenset(found.get("SecurityGroups", [])),
        attributes=tag_map(attributes),
        tags=_tags_of(arn),
    )


@dataclass(frozen=True, eq=False)
class LoadBalancer(OwnedObject[LoadBalancerView]):
    """An application load balancer."""

    words: ClassVar[str] = "load balancer"

    internal: bool
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: str
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def scheme(self) -> str:
        """Return AWS's word for who can reach it."""
        return "internal" if self.internal else "internet-facing"

    @property
    def name(self) -> str:
        """Return its name, of at most 32 characters."""
        return f"{_stem(self.owner)}-{fingerprint(self.scheme, self.vpc_id)}"

    def read(self) -> LoadBalancerView | None:
        """Find it by its name.

        Rests on elasticloadbalancing:DescribeLoadBalancers, DescribeLoadBalancerAttributes and
        DescribeTags.
        """
        try:
            found = _elbv2().describe_load_balancers(Names=[self.name])["LoadBalancers"]
            return _load_balancer_view(found[0]) if found else None
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateLoadBalancer)."""
        with self._not_yet.patience():
            _elbv2().create_load_balancer(
                Name=self.name,
                Scheme=self.scheme,  # type: ignore[arg-type]
                Type="application",
                Subnets=list(self.subnet_ids),
                SecurityGroups=[self.security_group_id],
                Tags=tag_list(self.owner.tags),
            )

    def busy(self, view: LoadBalancerView) -> str | None:
        """Tell that it is being made; fail if AWS could not make it."""
        if view.state == "failed":
            raise PermanentError(
                "load balancer: AWS could not make it. Check that its subnets have free addresses, "
                "then deploy again"
            )
        return "provisioning" if view.state == "provisioning" else None

    def changes(self, view: LoadBalancerView) -> tuple[str, ...]:
        """Name what differs among what can change in place."""
        differs = {
            "subnets": view.subnet_ids != frozenset(self.subnet_ids),
            "security groups": view.security_group_ids != {self.security_group_id},
            "attributes": not LOAD_BALANCER_ATTRIBUTES.items() <= view.attributes.items(),
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: LoadBalancerView) -> None:
        """Set what differs.

        Rests on elasticloadbalancing:SetSubnets, SetSecurityGroups, ModifyLoadBalancerAttributes
        and AddTags.
        """
        different = self.changes(view)
        if "subnets" in different:
            _elbv2().set_subnets(LoadBalancerArn=view.arn, Subnets=list(self.subnet_ids))
        if "security groups" in different:
            _elbv2().set_security_groups(
                LoadBalancerArn=view.arn, SecurityGroups=[self.security_group_id]
            )
        if "attributes" in different:
            _elbv2().modify_load_balancer_attributes(
                LoadBalancerArn=view.arn, Attributes=_pairs(LOAD_BALANCER_ATTRIBUTES)
            )
        if "tags" in different:
            _set_tags(self.owner, view.arn)

    def superseded(self) -> tuple[ManagedObject[Any], ...]:
        """Return those of another scheme or VPC."""
        return (ReplacedLoadBalancers(self.owner, self.name),)

    def delete(self, view: LoadBalancerView) -> None:
        """Delete it, its protection lifted."""
        _delete_load_balancer(view)


def _delete_load_balancer(view: LoadBalancerView) -> None:
    """Delete a load balancer of ours with its listeners.

    Rests on elasticloadbalancing:ModifyLoadBalancerAttributes and DeleteLoadBalancer.
    """
    if view.attributes.get(PROTECTION) == "true":
        _protect(view.arn, "false")
    _elbv2().delete_load_balancer(LoadBalancerArn=view.arn)


def _protect(arn: str, protected: str) -> None:
    _elbv2().modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=_pairs({PROTECTION: protected})
    )


@dataclass(frozen=True, eq=False)
class ReplacedLoadBalancers(Replaced[tuple[LoadBalancerView, ...]]):
    """The load balancers of this resource but for the one named `keep`."""

    words: ClassVar[str] = "replaced load balancer"

    keep: str

    def read(self) -> tuple[LoadBalancerView, ...] | None:
        """Find ours by the start of their names (elasticloadbalancing:DescribeLoadBalancers)."""
        return tuple(self._found()) or None

    def delete(self, view: tuple[LoadBalancerView, ...]) -> None:
        """Delete each of them."""
        for load_balancer in view:
            _delete_load_balancer(load_balancer)

    def _found(self) -> Iterator[LoadBalancerView]:
        for page in _elbv2().get_paginator("describe_load_balancers").paginate():
            for found in page["LoadBalancers"]:
                name = found.get("LoadBalancerName", "")
                if name.startswith(f"{_stem(self.owner)}-") and name != self.keep:
                    view = _load_balancer_view(found)
                    if self.owner.owns(view.tags):
                        yield view


@dataclass(frozen=True, eq=False)
class DeletionProtection(ManagedObject[str]):
    """The last step of a deploy: from now on nobody deletes the load balancer by mistake."""

    words: ClassVar[str] = "deletion protection of the load balancer"
    reads_by: ClassVar[tuple[str, ...]] = ("load_balancer_arn",)
    goes_along: ClassVar[bool] = True

    load_balancer_arn: str

    def read(self) -> str | None:
        """Return "true", or None while it is off.

        Rests on elasticloadbalancing:DescribeLoadBalancerAttributes.
        """
        try:
            attributes = _elbv2().describe_load_balancer_attributes(
                LoadBalancerArn=self.load_balancer_arn
            )["Attributes"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return "true" if tag_map(attributes).get(PROTECTION) == "true" else None

    def create(self) -> None:
        """Turn it on (elasticloadbalancing:ModifyLoadBalancerAttributes)."""
        _protect(self.load_balancer_arn, "true")

    def delete(self, view: str) -> None:
        """Turn it off (elasticloadbalancing:ModifyLoadBalancerAttributes)."""
        del view
        _protect(self.load_balancer_arn, "false")


@dataclass(frozen=True)
class TargetGroupView:
    """A target group as it stands."""

    arn: str
    name: str
    health_check: Mapping[str, Any]
    attributes: Mapping[str, str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class TargetGroup(OwnedObject[TargetGroupView]):
    """The tasks' addresses that one load balancer forwards to; it cannot serve a second one."""

    words: ClassVar[str] = "target group"

    load_balancer_name: str
    vpc_id: str
    port: int
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    @property
    def name(self) -> str:
        """Return its name, of at most 32 characters."""
        fixed = fingerprint(self.load_balancer_name, self.vpc_id, self.port)
        return f"{_stem(self.owner)}-{fixed}"

    def read(self) -> TargetGroupView | None:
        """Find it by its name.

        Rests on elasticloadbalancing:DescribeTargetGroups, DescribeTargetGroupAttributes and
        DescribeTags.
        """
        try:
            found = _elbv2().describe_target_groups(Names=[self.name])["TargetGroups"]
            if not found:
                return None
            arn = found[0]["TargetGroupArn"]
            attributes = _elbv2().describe_target_group_attributes(TargetGroupArn=arn)
            return TargetGroupView(
                arn=arn,
                name=self.name,
                health_check={key: found[0].get(key) for key in HEALTH_CHECK},
                attributes=tag_map(attributes["Attributes"]),
                tags=_tags_of(arn),
            )
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateTargetGroup)."""
        with self._not_yet.patience():
            _elbv2().create_target_group(
                Name=self.name,
                Protocol="HTTP",
                Port=self.port,
                VpcId=self.vpc_id,
                TargetType="ip",
                Tags=tag_list(self.owner.tags),
                **HEALTH_CHECK,
            )

    def changes(self, view: TargetGroupView) -> tuple[str, ...]:
        """Name what differs among what can change in place."""
        differs = {
            "health check": dict(view.health_check) != HEALTH_CHECK,
            "attributes": not TARGET_GROUP_ATTRIBUTES.items() <= view.attributes.items(),
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: TargetGroupView) -> None:
        """Set what differs.

        Rests on elasticloadbalancing:ModifyTargetGroup, ModifyTargetGroupAttributes and AddTags.
        """
        different = self.changes(view)
        if "health check" in different:
            _elbv2().modify_target_group(TargetGroupArn=view.arn, **HEALTH_CHECK)
        if "attributes" in different:
            _elbv2().modify_target_group_attributes(
                TargetGroupArn=view.arn, Attributes=_pairs(TARGET_GROUP_ATTRIBUTES)
            )
        if "tags" in different:
            _set_tags(self.owner, view.arn)

    def superseded(self) -> tuple[ManagedObject[Any], ...]:
        """Return those of another load balancer, VPC or port."""
        return (ReplacedTargetGroups(self.owner, self.name),)

    def delete(self, view: TargetGroupView) -> None:
        """Delete it once no listener names it (elasticloadbalancing:DeleteTargetGroup)."""
        _delete_target_group(view.arn)


def _delete_target_group(arn: str) -> None:
    try:
        _elbv2().delete_target_group(TargetGroupArn=arn)
    except Exception as error:
        if code(error) == "ResourceInUse":
            raise TemporaryError("still named by a listener") from None
        if not is_missing(error):
            raise


@dataclass(frozen=True, eq=False)
class ReplacedTargetGroups(Replaced[tuple[str, ...]]):
    """The target groups of this resource but for the one named `keep`."""

    words: ClassVar[str] = "replaced target group"

    keep: str

    def read(self) -> tuple[str, ...] | None:
        """Find ours by the start of their names (elasticloadbalancing:DescribeTargetGroups)."""
        return tuple(self._found()) or None

    def delete(self, view: tuple[str, ...]) -> None:
        """Delete each of them."""
        for arn in view:
            _delete_target_group(arn)

    def _found(self) -> Iterator[str]:
        for page in _elbv2().get_paginator("describe_target_groups").paginate():
            for found in page["TargetGroups"]:
                name, arn = found["TargetGroupName"], found["TargetGroupArn"]
                if not name.startswith(f"{_stem(self.owner)}-") or name == self.keep:
                    continue
                if self.owner.owns(_tags_of(arn)):
                    yield arn


@dataclass(frozen=True)
class ListenerView:
    """A listener as it stands."""

    arn: str
    target_group_arns: frozenset[str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Listener(OwnedObject[ListenerView]):
    """The HTTP listener that forwards all to the target group."""

    words: ClassVar[str] = "listener"
    reads_by: ClassVar[tuple[str, ...]] = ("load_balancer_arn",)

    load_balancer_arn: str
    target_group_arn: str
    port: int
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    def read(self) -> ListenerView | None:
        """Find it by load balancer and port.

        Rests on elasticloadbalancing:DescribeListeners and DescribeTags.
        """
        try:
            pages = (
                _elbv2()
                .get_paginator("describe_listeners")
                .paginate(LoadBalancerArn=self.load_balancer_arn)
            )
            for page in pages:
                for found in page["Listeners"]:
                    if found["Port"] == self.port:
                        arn = found["ListenerArn"]
                        return ListenerView(arn, _forwarded_to(found), _tags_of(arn))
        except Exception as error:
            if not is_missing(error):
                raise
        return None

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateListener)."""
        with self._not_yet.patience():
            _elbv2().create_listener(
                LoadBalancerArn=self.load_balancer_arn,
                Protocol="HTTP",
                Port=self.port,
                DefaultActions=self._actions(),
                Tags=tag_list(self.owner.tags),
            )

    def changes(self, view: ListenerView) -> tuple[str, ...]:
        """Name what differs."""
        differs = {
            "default action": view.target_group_arns != {self.target_group_arn},
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: ListenerView) -> None:
        """Set what differs (elasticloadbalancing:ModifyListener, AddTags)."""
        different = self.changes(view)
        if "default action" in different:
            _elbv2().modify_listener(ListenerArn=view.arn, DefaultActions=self._actions())
        if "tags" in different:
            _set_tags(self.owner, view.arn)

    def delete(self, view: ListenerView) -> None:
        """Delete it (elasticloadbalancing:DeleteListener)."""
        try:
            _elbv2().delete_listener(ListenerArn=view.arn)
        except Exception as error:
            if not is_missing(error):
                raise

    def _actions(self) -> Any:
        return [{"Type": "forward", "TargetGroupArn": self.target_group_arn}]


def _forwarded_to(listener: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        action.get("TargetGroupArn", "") for action in listener.get("DefaultActions", [])
    )


def unhealthy(target_group_arn: str) -> str:
    """Return in words why targets are not healthy, or nothing when all are.

    Rests on elasticloadbalancing:DescribeTargetHealth.
    """
    try:
        described = _elbv2().describe_target_health(TargetGroupArn=target_group_arn)
    except Exception as error:
        if is_missing(error):
            return ""
        raise
    health = [target["TargetHealth"] for target in described["TargetHealthDescriptions"]]
    ill = [one for one in health if one.get("State") not in ("healthy", "draining", "unused")]
    if not ill:
        return ""
    why = ill[0].get("Description") or ill[0].get("Reason") or ill[0].get("State", "")
    return f"{len(ill)} of {len(health)} not healthy yet ({str(why).rstrip('.')})"
