"""The load balancer, its successors, and its protection from deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.eventual_consistency import NotYet
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.core.owner import Tags, fingerprint
from cfn_mlflow.aws.core.replaced import Replaced
from cfn_mlflow.aws.elbv2.client import elbv2, set_tags, stem, tags_of
from cfn_mlflow.engine.managed import Port
from cfn_mlflow.engine.resource import Attached, Deletable, Superseding
from cfn_mlflow.outcome import PermanentError

IDLE_SECONDS = 60
"""After which the load balancer closes a connection; the server keeps its end open for longer."""

LOAD_BALANCER_ATTRIBUTES = {
    "idle_timeout.timeout_seconds": str(IDLE_SECONDS),
    "routing.http.drop_invalid_header_fields.enabled": "true",
}
PROTECTION = "deletion_protection.enabled"


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
    attributes = elbv2().describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return LoadBalancerView(
        arn=arn,
        name=found["LoadBalancerName"],
        dns_name=found["DNSName"],
        zone_id=found["CanonicalHostedZoneId"],
        state=found["State"]["Code"],
        subnet_ids=frozenset(zone["SubnetId"] for zone in found["AvailabilityZones"]),
        security_group_ids=frozenset(found.get("SecurityGroups", [])),
        attributes=tag_map(attributes),
        tags=tags_of(arn),
    )


@dataclass(frozen=True, eq=False)
class LoadBalancer(OwnedObject[LoadBalancerView], Superseding[LoadBalancerView]):
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
        return f"{stem(self.owner)}-{fingerprint(self.scheme, self.vpc_id)}"

    def read(self) -> LoadBalancerView | None:
        """Find it by its name.

        Rests on elasticloadbalancing:DescribeLoadBalancers, DescribeLoadBalancerAttributes and
        DescribeTags.
        """
        try:
            found = elbv2().describe_load_balancers(Names=[self.name])["LoadBalancers"]
            return _load_balancer_view(found[0]) if found else None
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateLoadBalancer)."""
        scheme: Any = self.scheme
        with self._not_yet.patience():
            elbv2().create_load_balancer(
                Name=self.name,
                Scheme=scheme,
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

        Rests on elasticloadbalancing:SetSubnets, SetSecurityGroups, ModifyLoadBalancerAttributes,
        AddTags and RemoveTags.
        """
        different = self.changes(view)
        if "subnets" in different:
            elbv2().set_subnets(LoadBalancerArn=view.arn, Subnets=list(self.subnet_ids))
        if "security groups" in different:
            elbv2().set_security_groups(
                LoadBalancerArn=view.arn, SecurityGroups=[self.security_group_id]
            )
        if "attributes" in different:
            elbv2().modify_load_balancer_attributes(
                LoadBalancerArn=view.arn, Attributes=tag_list(LOAD_BALANCER_ATTRIBUTES)
            )
        if "tags" in different:
            set_tags(self.owner, view.arn, view.tags)

    def superseded(self) -> tuple[Deletable[Any], ...]:
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
    elbv2().delete_load_balancer(LoadBalancerArn=view.arn)


def _protect(arn: str, protected: str) -> None:
    elbv2().modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=tag_list({PROTECTION: protected})
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
        for page in elbv2().get_paginator("describe_load_balancers").paginate():
            for found in page["LoadBalancers"]:
                name = found.get("LoadBalancerName", "")
                if name.startswith(f"{stem(self.owner)}-") and name != self.keep:
                    view = _load_balancer_view(found)
                    if self.owner.owns(view.tags):
                        yield view


@dataclass(frozen=True, eq=False)
class DeletionProtection(Port[str], Attached[str]):
    """The last step of a deploy: from now on nobody deletes the load balancer by mistake."""

    words: ClassVar[str] = "deletion protection of the load balancer"
    reads_by: ClassVar[tuple[str, ...]] = ("load_balancer_arn",)

    load_balancer_arn: str

    def read(self) -> str | None:
        """Return "true", or None while it is off.

        Rests on elasticloadbalancing:DescribeLoadBalancerAttributes.
        """
        try:
            attributes = elbv2().describe_load_balancer_attributes(
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
