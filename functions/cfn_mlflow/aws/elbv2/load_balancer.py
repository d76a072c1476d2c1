"""The load balancer, its successors, and its protection from deletion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.core.owner import Tags, fingerprint
from cfn_mlflow.aws.core.replaced import Replaced
from cfn_mlflow.aws.elbv2.client import elbv2, set_tags, stem, tags_of
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Deletable, Observation, Superseding, Updatable
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason

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

    display_name: ClassVar[str] = "load balancer"

    internal: bool
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: Value[str]

    @property
    def scheme(self) -> str:
        """Return AWS's word for who can reach it."""
        return "internal" if self.internal else "internet-facing"

    @property
    def name(self) -> str:
        """Return its name, of at most 32 characters."""
        return f"{stem(self.owner)}-{fingerprint(self.scheme, self.vpc_id)}"

    def observe(self) -> Observation[LoadBalancerView] | None:
        """Find it by its name.

        Rests on elasticloadbalancing:DescribeLoadBalancers, DescribeLoadBalancerAttributes and
        DescribeTags.
        """
        try:
            found = elbv2().describe_load_balancers(Names=[self.name])["LoadBalancers"]
            return self.found(_load_balancer_view(found[0]) if found else None)
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateLoadBalancer)."""
        scheme: Any = self.scheme
        elbv2().create_load_balancer(
            Name=self.name,
            Scheme=scheme,
            Type="application",
            Subnets=list(self.subnet_ids),
            SecurityGroups=[known(self.security_group_id)],
            Tags=tag_list(self.owner.tags),
        )

    def compare(self, found: Observation[LoadBalancerView]) -> Observation[LoadBalancerView]:
        """Name what differs among what can change in place; fail if AWS could not make it."""
        view = found.view
        if view.state == "failed":
            raise PermanentError(
                Reason.NotCreated,
                "load balancer: AWS could not make it. Check that its subnets have free addresses, "
                "then deploy again",
            )
        if view.state == "provisioning":
            return replace(found, busy=view.state)
        return found.differing(
            {
                "subnets": view.subnet_ids != frozenset(self.subnet_ids),
                "security groups": view.security_group_ids != {known(self.security_group_id)},
                "attributes": not LOAD_BALANCER_ATTRIBUTES.items() <= view.attributes.items(),
                "tags": self.owner.lacks(view.tags),
            }
        )

    def update(self, found: Observation[LoadBalancerView]) -> None:
        """Set what differs.

        Rests on elasticloadbalancing:SetSubnets, SetSecurityGroups, ModifyLoadBalancerAttributes,
        AddTags and RemoveTags.
        """
        view = found.view
        if "subnets" in found.differs:
            elbv2().set_subnets(LoadBalancerArn=view.arn, Subnets=list(self.subnet_ids))
        if "security groups" in found.differs:
            elbv2().set_security_groups(
                LoadBalancerArn=view.arn, SecurityGroups=[known(self.security_group_id)]
            )
        if "attributes" in found.differs:
            elbv2().modify_load_balancer_attributes(
                LoadBalancerArn=view.arn, Attributes=tag_list(LOAD_BALANCER_ATTRIBUTES)
            )
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def superseded(self) -> tuple[Deletable[Any], ...]:
        """Return those of another scheme or VPC."""
        return (ReplacedLoadBalancers(self.owner, self.name),)

    def delete(self, view: LoadBalancerView) -> None:
        """Delete it, its protection lifted."""
        _delete_load_balancer(view)


def _delete_load_balancer(view: LoadBalancerView) -> None:
    """Delete an owned load balancer with its listeners.

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

    display_name: ClassVar[str] = "replaced load balancer"

    keep: str

    def observe(self) -> Observation[tuple[LoadBalancerView, ...]] | None:
        """Find owned ones by their names' start (elasticloadbalancing:DescribeLoadBalancers)."""
        found = tuple(self._found())
        return Observation(found) if found else None

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
class DeletionProtection(Updatable[bool]):
    """The last step of a deploy: from now on nobody deletes the load balancer by mistake."""

    display_name: ClassVar[str] = "deletion protection of the load balancer"

    load_balancer_arn: Value[str]

    def observe(self) -> Observation[bool] | None:
        """Read whether it is on.

        Rests on elasticloadbalancing:DescribeLoadBalancerAttributes.
        """
        try:
            attributes = elbv2().describe_load_balancer_attributes(
                LoadBalancerArn=known(self.load_balancer_arn)
            )["Attributes"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return Observation(tag_map(attributes).get(PROTECTION) == "true")

    def compare(self, found: Observation[bool]) -> Observation[bool]:
        """Name it while it is off."""
        return found.differing({"deletion protection": not found.view})

    def update(self, found: Observation[bool]) -> None:
        """Turn it on (elasticloadbalancing:ModifyLoadBalancerAttributes)."""
        del found
        _protect(known(self.load_balancer_arn), "true")
