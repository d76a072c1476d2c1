"""Subnet groups and parameter groups: not deleted while a cluster uses them."""

from typing import Any

from ministack.services import rds

from local.emulator.core import patching
from local.emulator.core.patching import Function, Params, text


def install() -> None:
    """Put the refusals into ministack's RDS."""
    patching.require(rds, "_clusters", "_error")
    patching.wrap_action(rds, "DeleteDBSubnetGroup", _delete_subnet_group)
    patching.wrap_action(rds, "DeleteDBClusterParameterGroup", _delete_parameter_group)


def _delete_subnet_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        name = text(params, "DBSubnetGroupName")
        users = [
            cluster["DBClusterIdentifier"]
            for cluster in rds._clusters.values()
            if cluster.get("DBSubnetGroup") == name
        ]
        if users:
            return rds._error(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database cluster: "
                f"{users[0]} is still using it.",
                400,
            )
        return old(params)

    return delete


def _delete_parameter_group(old: Function) -> Function:
    def delete(params: Params) -> Any:
        name = text(params, "DBClusterParameterGroupName")
        if any(cluster["DBClusterParameterGroup"] == name for cluster in rds._clusters.values()):
            return rds._error(
                "InvalidDBParameterGroupState",
                "One or more database clusters are still members of this parameter group "
                f"{name}, so the group cannot be deleted",
                400,
            )
        return old(params)

    return delete
