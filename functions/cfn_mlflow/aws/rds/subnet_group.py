"""RDS: where a cluster may stand, and with which parameters it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.rds.client import rds, set_tags, tags_of
from cfn_mlflow.engine.resource import Observation, ObservedFirst
from cfn_mlflow.outcome import PermanentError


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

    words: ClassVar[str] = "database subnet group"

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
        return replace(seen, refused=(refused,))

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
                f"the database's subnets lie in {view.vpc_id}, and VpcId is {self.vpc_id}. Name "
                f"subnets of that VPC, then deploy again"
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


@dataclass(frozen=True)
class ParameterGroupView:
    """A cluster parameter group as it stands: the values of the parameters that are asked."""

    name: str
    arn: str
    parameters: Mapping[str, str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class DBClusterParameterGroup(OwnedObject[ParameterGroupView]):
    """The parameters of a cluster, for one major version: no connection without TLS."""

    words: ClassVar[str] = "database parameter group"

    ASKED: ClassVar[Mapping[str, str]] = {"rds.force_ssl": "1"}
    """Some of it is the default of a newer major version; it is set where it is not."""

    major_version: str

    @property
    def name(self) -> str:
        """Return the group's name, which tells the major version."""
        return self.owner.name(f"postgresql{self.major_version}", limit=255)

    def observe(self) -> Observation[ParameterGroupView] | None:
        """Find the group by its name.

        Rests on rds:DescribeDBClusterParameterGroups, DescribeDBClusterParameters and
        ListTagsForResource.
        """
        try:
            group = rds().describe_db_cluster_parameter_groups(
                DBClusterParameterGroupName=self.name
            )["DBClusterParameterGroups"][0]
            parameters = self._values()
            tags = tags_of(group["DBClusterParameterGroupArn"])
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self.found(
            ParameterGroupView(
                name=group["DBClusterParameterGroupName"],
                arn=group["DBClusterParameterGroupArn"],
                parameters=parameters,
                tags=tags,
            )
        )

    def _values(self) -> dict[str, str]:
        """Return the values of what is asked, whoever set them.

        By their names, for a family has some 400 in pages of 100. No source is asked for: RDS
        tells `system` of a parameter that is set to its default.
        """
        pages = (
            rds()
            .get_paginator("describe_db_cluster_parameters")
            .paginate(
                DBClusterParameterGroupName=self.name,
                Filters=[{"Name": "parameter-name", "Values": list(self.ASKED)}],
            )
        )
        return {
            found["ParameterName"]: found.get("ParameterValue", "")
            for page in pages
            for found in page["Parameters"]
            if found["ParameterName"] in self.ASKED
        }

    def create(self) -> None:
        """Make the group with its tags (rds:CreateDBClusterParameterGroup); its values follow."""
        rds().create_db_cluster_parameter_group(
            DBClusterParameterGroupName=self.name,
            DBParameterGroupFamily=f"aurora-postgresql{self.major_version}",
            Description="The database of MLflow",
            Tags=tag_list(self.owner.tags),
        )

    def compare(self, found: Observation[ParameterGroupView]) -> Observation[ParameterGroupView]:
        """Name each parameter that differs, and the tags."""
        view = found.view
        parameters = {n: view.parameters.get(n) != v for n, v in self.ASKED.items()}
        return found.differing({**parameters, "tags": self.owner.lacks(view.tags)})

    def update(self, found: Observation[ParameterGroupView]) -> None:
        """Set what differs.

        Rests on rds:ModifyDBClusterParameterGroup, AddTagsToResource, RemoveTagsFromResource.
        """
        view = found.view
        parameters: Any = [
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
            for name, value in self.ASKED.items()
            if name in found.differs
        ]
        if parameters:
            rds().modify_db_cluster_parameter_group(
                DBClusterParameterGroupName=self.name,
                Parameters=parameters,
            )
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: ParameterGroupView) -> None:
        """Delete the group (rds:DeleteDBClusterParameterGroup)."""
        try:
            rds().delete_db_cluster_parameter_group(DBClusterParameterGroupName=view.name)
        except Exception as error:
            if not is_missing(error):
                raise
