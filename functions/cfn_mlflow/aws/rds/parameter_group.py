"""RDS: the parameters with which a cluster runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.rds.client import rds, set_tags, tags_of
from cfn_mlflow.engine.resource import Observation


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

    display_name: ClassVar[str] = "database parameter group"

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
