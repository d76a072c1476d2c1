"""Parameters of a cluster's group as RDS tells them: all of the family, in pages, each its source.

moto tells only what was set. RDS tells every parameter, with `user` as its source only while it has
another value than its default (hashicorp/terraform-provider-aws#23335, on rds.force_ssl itself).
"""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.responses import ActionResult
from moto.rds.models import DBClusterParameterGroup
from moto.rds.responses import RDSResponse

from tests.support.objects.service_kit import boto

PAGE = 100
OTHERS = [f"parameter_{number:03}" for number in range(130)]
FIRST_FORCED = 17
"""From this major version on rds.force_ssl is 1 by default (Aurora User Guide, PostgreSQL.SSL)."""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer DescribeDBClusterParameters in moto's stead."""

    def describe(response: RDSResponse) -> ActionResult:
        name = response.params["DBClusterParameterGroupName"]
        response.backend.describe_db_cluster_parameters(name)  # it may be missing
        found = _parameters(response.backend.db_cluster_parameter_groups[name])
        source = response.params.get("Source")
        found = [one for one in found if source in (None, one["Source"])]
        filters = response.params.get("Filters") or []
        assert {each["Name"] for each in filters} <= {"parameter-name"}  # RDS knows no other
        names = [name for each in filters for name in each["Values"]]
        found = [one for one in found if not filters or one["ParameterName"] in names]
        start = int(response.params.get("Marker") or 0)
        more = {"Marker": str(start + PAGE)} if start + PAGE < len(found) else {}
        return ActionResult({"Parameters": found[start : start + PAGE], **more})

    monkeypatch.setattr(RDSResponse, "describe_db_cluster_parameters", describe)


def told(group: str) -> dict[str, str]:
    """Return the value of every parameter of a group."""
    pages = boto("rds").get_paginator("describe_db_cluster_parameters")
    return {
        one["ParameterName"]: one["ParameterValue"]
        for page in pages.paginate(DBClusterParameterGroupName=group)
        for one in page["Parameters"]
    }


def _parameters(group: DBClusterParameterGroup) -> list[dict[str, Any]]:
    major = int(group.db_parameter_group_family.removeprefix("aurora-postgresql"))
    defaults = {**dict.fromkeys(OTHERS, "0"), "rds.force_ssl": str(int(major >= FIRST_FORCED))}
    values = {name: one["ParameterValue"] for name, one in group.parameters.items()}
    return [
        {
            "ParameterName": name,
            "ParameterValue": values.get(name, default),
            "Source": "user" if values.get(name, default) != default else "system",
        }
        for name, default in defaults.items()
    ]
