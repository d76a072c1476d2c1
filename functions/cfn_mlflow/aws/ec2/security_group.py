"""EC2: security groups, and the rules that each of them holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.engine.resource import ObservedFirst
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

Rule = tuple[str, int, int, str]
"""Protocol, first and last port, and the peer: a CIDR block, a group or a prefix list."""

EVERYWHERE = ("0.0.0.0/0", "::/0")


def tcp(port: int, peer: str) -> Rule:
    """Return the rule for one TCP port; the peer may be a promise."""
    return ("tcp", port, port, peer)


def all_traffic(peer: str) -> Rule:
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

    words: ClassVar[str] = "security group"

    part: str
    vpc_id: str
    description: str

    @property
    def label(self) -> str:
        """Tell the groups of one resource apart."""
        return f"{self.part} security group"

    @property
    def name(self) -> str:
        """Return the group's name."""
        return self.owner.name(self.part, limit=255)

    def read(self) -> SecurityGroupView | None:
        """Find the group by its name: ours in any VPC, else one in this VPC.

        Rests on ec2:DescribeSecurityGroups.
        """
        named = ec2().describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [self.name]}]
        )["SecurityGroups"]
        views = [SecurityGroupView(g["GroupId"], g["VpcId"], tags_in(g)) for g in named]
        ours = [view for view in views if self.owned(view)]
        here = [view for view in views if view.vpc_id == self.vpc_id]
        return next(iter(ours + here), None)

    def refusals(self, view: SecurityGroupView) -> tuple[str, ...]:
        """Refuse another VPC: what is in the group cannot follow."""
        if view.vpc_id == self.vpc_id:
            return ()
        return (
            f"VpcId: cannot change from {view.vpc_id} to {self.vpc_id}. Keep it, or make a new "
            f"resource in the other VPC",
        )

    def create(self) -> None:
        """Make the group with its tags (ec2:CreateSecurityGroup)."""
        try:
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
        except Exception as error:
            if code(error) == "InvalidGroup.Duplicate":
                raise TemporaryError("made, and not to be seen yet") from None
            raise

    def changes(self, view: SecurityGroupView) -> tuple[str, ...]:
        """Name the tags when they differ."""
        return ("tags",) if self.owner.lacks(view.tags) else ()

    def update(self, view: SecurityGroupView) -> None:
        """Set the tags (ec2:CreateTags, DeleteTags)."""
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

    ingress: frozenset[Rule]
    egress: frozenset[Rule]


@dataclass(frozen=True, eq=False)
class SecurityGroupRules(ManagedObject[RulesView]):
    """All rules of a group of ours: what is not asked is taken away, AWS's own default first."""

    words: ClassVar[str] = "security group rules"
    reads_by: ClassVar[tuple[str, ...]] = ("group_id",)

    part: str
    group_id: str
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()

    @property
    def label(self) -> str:
        """Tell the rules of one resource's groups apart."""
        return f"rules of the {self.part} security group"

    def read(self) -> RulesView | None:
        """Read the group's rules; None if it has none (ec2:DescribeSecurityGroups)."""
        try:
            group = ec2().describe_security_groups(GroupIds=[self.group_id])["SecurityGroups"][0]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        view = RulesView(_rules(group["IpPermissions"]), _rules(group["IpPermissionsEgress"]))
        return view if view.ingress or view.egress else None

    def create(self) -> None:
        """Give a group without rules all of its own."""
        self.update(RulesView(frozenset(), frozenset()))

    def changes(self, view: RulesView) -> tuple[str, ...]:
        """Name the direction whose rules differ."""
        return tuple(
            direction
            for direction, asked, found in (
                ("ingress", self.ingress, view.ingress),
                ("egress", self.egress, view.egress),
            )
            if _canonical(asked) != found
        )

    def update(self, view: RulesView) -> None:
        """Add what misses, then take away what is too much.

        Rests on ec2:AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress and the same two
        for egress.
        """
        ingress, egress = _canonical(self.ingress), _canonical(self.egress)
        self._send(ec2().authorize_security_group_ingress, ingress - view.ingress)
        self._send(ec2().authorize_security_group_egress, egress - view.egress)
        self._send(ec2().revoke_security_group_ingress, view.ingress - ingress)
        self._send(ec2().revoke_security_group_egress, view.egress - egress)

    def delete(self, view: RulesView) -> None:
        """Take every rule away, so that no group is held by another's rule."""
        self._send(ec2().revoke_security_group_ingress, view.ingress)
        self._send(ec2().revoke_security_group_egress, view.egress)

    def _send(self, operation: Any, rules: frozenset[Rule]) -> None:
        if not rules:
            return
        try:
            operation(GroupId=self.group_id, IpPermissions=[_permission(r) for r in sorted(rules)])
        except Exception as error:
            if code(error) == "InvalidPermission.Duplicate" or is_missing(error):
                raise TemporaryError("a change of it is not to be seen yet") from None
            raise


def tags_in(group: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that an answer carries."""
    return tag_map(group.get("Tags", []))


def _canonical(rules: Iterable[Rule]) -> frozenset[Rule]:
    """Return the rules as AWS writes them: a CIDR block without host bits."""
    return frozenset(
        (protocol, first, last, str(ip_network(peer, strict=False)) if "/" in peer else peer)
        for protocol, first, last, peer in rules
    )


def _rules(permissions: Iterable[Mapping[str, Any]]) -> frozenset[Rule]:
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


def _permission(rule: Rule) -> dict[str, Any]:
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
