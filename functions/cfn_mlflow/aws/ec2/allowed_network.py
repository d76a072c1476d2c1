"""EC2: a security group and a VPC that a property names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedByDefault, AllowedView
from cfn_mlflow.aws.ec2.security_group import ec2, tags_in


@dataclass(frozen=True, eq=False)
class AllowedSecurityGroup(Allowed):
    """A security group that tasks are to carry: whatever admits it would admit them."""

    display_name: ClassVar[str] = "security group"
    listed_in: ClassVar[str] = "ALLOWED_SECURITY_GROUP_IDS"

    def look(self) -> AllowedView:
        """Return the group's tags (ec2:DescribeSecurityGroups)."""
        [group] = ec2().describe_security_groups(GroupIds=[self.name])["SecurityGroups"]
        return AllowedView(tags_in(group))


@dataclass(frozen=True, eq=False)
class AllowedVpc(AllowedByDefault):
    """A VPC: any of the account's, unless the provider's parameter lists some.

    The subnets are judged with it: AWS takes none of another VPC beside the groups made in it.
    """

    display_name: ClassVar[str] = "VPC"
    listed_in: ClassVar[str] = "ALLOWED_VPC_IDS"
    unlisted: ClassVar[str] = (
        "is none of the VPCs in which the provider may make anything. Name one of those, or have "
        "it added to the provider's parameter AllowedVpcIds"
    )
