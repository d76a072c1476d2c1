"""RDS: the subnets that a cluster may use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.rds.client import rds, set_tags, tags_of
from cfn_mlflow.engine.resource import Observation, ObservedFirst
from cfn_mlflow.outcome import Cause, PermanentError
from cfn_mlflow.reason import Reason


@dataclass(frozen=True)
class DBSubnetGroupView:
    """A subnet group as it stands; its Availability Zones in order."""

    name: str
    arn: str
    vpc_id: str
    subnet_ids: frozenset[str]
    zones: tuple[str, ...]
    tags: Tags


@dataclass(frozen=True, eq=False)
class DBSubnetGroup(OwnedObject[DBSubnetGroupView], ObservedFirst[DBSubnetGroupView]):
    """The subnets that a cluster may use."""

    display_name: ClassVar[str] = "database subnet group"

    vpc_id: str
    subnet_ids: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the group's name."""
        return self.owner.name("database", limit=255)

    def observe(self) -> Observation[DBSubnetGroupView] | None:
        """Find the group by its name (rds:DescribeDBSubnetGroups, ListTagsForResource).

        Another VPC is refused: a cluster cannot move to it with its data.
        """
        try:
            found = rds().describe_db_subnet_groups(DBSubnetGroupName=self.name)["DBSubnetGroups"]
            group = found[0]
            tags = tags_of(group["DBSubnetGroupArn"])
        except Exception as error:
            if is_missing(error):
                return None
            raise
        subnets = group["Subnets"]
        view = DBSubnetGroupView(
            name=group["DBSubnetGroupName"],
            arn=group["DBSubnetGroupArn"],
            vpc_id=group["VpcId"],
            subnet_ids=frozenset(subnet["SubnetIdentifier"] for subnet in subnets),
            zones=tuple(sorted({s["SubnetAvailabilityZone"]["Name"] for s in subnets})),
            tags=tags,
        )
        seen = self.found(view)
        if seen is None or view.vpc_id == self.vpc_id:
            return seen
        refused = (
            f"VpcId: the database is in {view.vpc_id} and cannot move to {self.vpc_id}. Keep it, "
            f"or make a new resource in the other VPC"
        )
        return replace(seen, refused=(Cause(Reason.ChangeRefused, refused),))

    def create(self) -> None:
        """Make the group with its tags (rds:CreateDBSubnetGroup)."""
        rds().create_db_subnet_group(
            DBSubnetGroupName=self.name,
            DBSubnetGroupDescription="The database of MLflow",
            SubnetIds=list(self.subnet_ids),
            Tags=tag_list(self.owner.tags),
        )

    def compare(self, found: Observation[DBSubnetGroupView]) -> Observation[DBSubnetGroupView]:
        """Name subnets and tags where they differ; fail for subnets of another VPC than named."""
        view = found.view
        differs = found.differing(
            {
                "subnets": view.subnet_ids != frozenset(self.subnet_ids),
                "tags": self.owner.lacks(view.tags),
            }
        )
        if not differs.differs and view.vpc_id != self.vpc_id:
            raise PermanentError(
                Reason.SubnetsOutsideVpc,
                f"the database's subnets lie in {view.vpc_id}, and VpcId is {self.vpc_id}. Name "
                f"subnets of that VPC, then deploy again",
            )
        return differs

    def update(self, found: Observation[DBSubnetGroupView]) -> None:
        """Set what differs (rds:ModifyDBSubnetGroup, AddTagsToResource, RemoveTagsFromResource)."""
        view = found.view
        if "subnets" in found.differs:
            rds().modify_db_subnet_group(
                DBSubnetGroupName=self.name, SubnetIds=list(self.subnet_ids)
            )
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: DBSubnetGroupView) -> None:
        """Delete the group (rds:DeleteDBSubnetGroup)."""
        try:
            rds().delete_db_subnet_group(DBSubnetGroupName=view.name)
        except Exception as error:
            if not is_missing(error):
                raise
