"""EC2: security groups, and the rules that each of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.core.errors import explain, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.calls import NotKnownYetError
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, ObservedFirst, Resource
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

HeldRule = tuple[str, int, int, str]
"""Protocol, first and last port, and the peer: a CIDR block, a group or a prefix list."""

TrafficRule = tuple[str, int, int, Value[str]]
"""A rule that is asked: its peer may be an output."""

EVERYWHERE = ("0.0.0.0/0", "::/0")


def tcp(port: int, peer: Value[str]) -> TrafficRule:
    """Return the rule for one TCP port."""
    return ("tcp", port, port, peer)


def all_traffic(peer: str) -> TrafficRule:
    """Return the rule for every protocol and port."""
    return ("-1", -1, -1, peer)


def ec2() -> EC2Client:
    """Return the client of EC2."""
    found: EC2Client = client("ec2")
    return found


@dataclass(frozen=True)
class SecurityGroupView:
    """A security group as it stands."""

    id: str
    vpc_id: str
    tags: Tags


@dataclass(frozen=True, eq=False)
class SecurityGroup(OwnedObject[SecurityGroupView], ObservedFirst[SecurityGroupView]):
    """A security group, found by its name; its rules are an object of their own.

    So two groups can name one another: first both groups, then the rules of each.
    """

    display_name: ClassVar[str] = "security group"

    part: str
    vpc_id: str
    description: str

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the groups of one resource."""
        return f"{self.part} security group"

    @property
    def name(self) -> str:
        """Return the group's name."""
        return self.owner.name(self.part, limit=255)

    def observe(self) -> Observation[SecurityGroupView] | None:
        """Find the group by its name: an owned one in any VPC, else one in this VPC.

        Another VPC is refused: what is in the group cannot follow. Rests on
        ec2:DescribeSecurityGroups.
        """
        named = ec2().describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [self.name]}]
        )["SecurityGroups"]
        views = [SecurityGroupView(g["GroupId"], g["VpcId"], tags_in(g)) for g in named]
        ours = [view for view in views if self.owned(view)]
        here = [view for view in views if view.vpc_id == self.vpc_id]
        found = self.found(next(iter(ours + here), None))
        if found is None or found.view.vpc_id == self.vpc_id:
            return found
        refused = (
            f"VpcId: cannot change from {found.view.vpc_id} to {self.vpc_id}. Keep it, or make a "
            f"new resource in the other VPC"
        )
        return replace(found, refused=(Cause(Reason.ChangeRefused, refused),))

    def create(self) -> None:
        """Make the group with its tags (ec2:CreateSecurityGroup)."""
        ec2().create_security_group(
            GroupName=self.name,
            Description=self.description,
            VpcId=self.vpc_id,
            TagSpecifications=[
                {
                    "ResourceType": "security-group",
                    "Tags": tag_list(self.owner.tags),
                }
            ],
        )

    def compare(self, found: Observation[SecurityGroupView]) -> Observation[SecurityGroupView]:
        """Add the tags if they differ."""
        return found.differing({"tags": self.owner.lacks(found.view.tags)})

    def update(self, found: Observation[SecurityGroupView]) -> None:
        """Set the tags (ec2:CreateTags, DeleteTags)."""
        view = found.view
        take_off(
            self.owner,
            view.tags,
            lambda keys: ec2().delete_tags(
                Resources=[view.id], Tags=[{"Key": key} for key in keys]
            ),
        )
        ec2().create_tags(
            Resources=[view.id],
            Tags=tag_list(self.owner.tags),
        )

    def delete(self, view: SecurityGroupView) -> None:
        """Delete the group (ec2:DeleteSecurityGroup); while anything uses it, AWS says so."""
        try:
            ec2().delete_security_group(GroupId=view.id)
        except Exception as error:
            if not is_missing(error):
                raise


@dataclass(frozen=True)
class RulesView:
    """The rules that a group holds."""

    ingress: frozenset[HeldRule]
    egress: frozenset[HeldRule]


@dataclass(frozen=True, eq=False)
class SecurityGroupRules(Resource[RulesView]):
    """All rules of an owned group. Rules that are not asked are removed, as is AWS's default."""

    display_name: ClassVar[str] = "security group rules"

    part: str
    group_id: Value[str]
    ingress: tuple[TrafficRule, ...] = ()
    egress: tuple[TrafficRule, ...] = ()

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the rules of one resource's groups."""
        return f"rules of the {self.part} security group"

    def observe(self) -> Observation[RulesView] | None:
        """Read the group's rules; None if it has none (ec2:DescribeSecurityGroups)."""
        try:
            found = ec2().describe_security_groups(GroupIds=[known(self.group_id)])
            [group] = found["SecurityGroups"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        view = RulesView(_rules(group["IpPermissions"]), _rules(group["IpPermissionsEgress"]))
        return Observation(view) if view.ingress or view.egress else None

    def create(self) -> None:
        """Give a group without rules all of its own."""
        self.update(Observation(RulesView(frozenset(), frozenset())))

    def compare(self, found: Observation[RulesView]) -> Observation[RulesView]:
        """Name the direction whose rules differ."""
        return found.differing(
            {
                "ingress": _canonical(self.ingress) != found.view.ingress,
                "egress": _canonical(self.egress) != found.view.egress,
            }
        )

    def update(self, found: Observation[RulesView]) -> None:
        """Add what misses, then take away what is too much.

        Rests on ec2:AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress and the same two
        for egress.
        """
        view = found.view
        ingress, egress = _canonical(self.ingress), _canonical(self.egress)
        try:
            self._send(ec2().authorize_security_group_ingress, ingress - view.ingress)
            self._send(ec2().authorize_security_group_egress, egress - view.egress)
            self._send(ec2().revoke_security_group_ingress, view.ingress - ingress)
            self._send(ec2().revoke_security_group_egress, view.egress - egress)
        except Exception as error:
            if is_missing(error):  # a rule or the group: an earlier change is not visible yet
                raise NotKnownYetError(Reason.NotFound, str(explain(self.label, error))) from error
            raise

    def delete(self, view: RulesView) -> None:
        """Take every rule away, so that no group is held by another's rule."""
        try:
            self._send(ec2().revoke_security_group_ingress, view.ingress)
            self._send(ec2().revoke_security_group_egress, view.egress)
        except Exception as error:
            if not is_missing(error):
                raise

    def _send(self, operation: Any, rules: frozenset[HeldRule]) -> None:
        if rules:
            permissions = [_permission(rule) for rule in sorted(rules)]
            operation(GroupId=known(self.group_id), IpPermissions=permissions)


def tags_in(group: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that an answer carries."""
    return tag_map(group.get("Tags", []))


def _canonical(rules: Iterable[TrafficRule]) -> frozenset[HeldRule]:
    """Return the rules as AWS writes them: a CIDR block without host bits."""
    return frozenset(
        (protocol, first, last, _canonical_peer(known(peer)))
        for protocol, first, last, peer in rules
    )


def _canonical_peer(peer: str) -> str:
    return str(ip_network(peer, strict=False)) if "/" in peer else peer


def _rules(permissions: Iterable[Mapping[str, Any]]) -> frozenset[HeldRule]:
    return _canonical(
        (p["IpProtocol"], p.get("FromPort", -1), p.get("ToPort", -1), peer)
        for p in permissions
        for peer in _peers(p)
    )


def _peers(permission: Mapping[str, Any]) -> Iterator[str]:
    for kind, key in (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("UserIdGroupPairs", "GroupId"),
        ("PrefixListIds", "PrefixListId"),
    ):
        yield from (peer[key] for peer in permission.get(kind, []))


def _permission(rule: HeldRule) -> dict[str, Any]:
    protocol, first, last, peer = rule
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **_peer(peer)}


def _peer(peer: str) -> dict[str, Any]:
    if peer.startswith("sg-"):
        return {"UserIdGroupPairs": [{"GroupId": peer}]}
    if peer.startswith("pl-"):
        return {"PrefixListIds": [{"PrefixListId": peer}]}
    if ":" in peer:
        return {"Ipv6Ranges": [{"CidrIpv6": peer}]}
    return {"IpRanges": [{"CidrIp": peer}]}
