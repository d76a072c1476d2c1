"""RDS: the snapshots that a cluster's deletion leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.errors import code
from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.core.owner import LEFT_BY_TAG, Owner
from cfn_mlflow.aws.rds.client import rds, tags_in
from cfn_mlflow.aws.rds.cluster_view import DBClusterView
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason

SNAPSHOT_NAMES = 9
"""Final snapshots that one cluster can come to have, if its deletion was undone by AWS."""


def delete_with_final_snapshot(view: DBClusterView) -> None:
    """Delete a cluster behind a final snapshot, whose name no other cluster's can have.

    A name that is taken means that AWS undid an earlier deletion: its snapshot is older than the
    data, so the next name is taken.
    """
    for number in range(1, SNAPSHOT_NAMES + 1):
        suffix = f"-{number}" if number > 1 else ""
        try:
            rds().delete_db_cluster(
                DBClusterIdentifier=view.identifier,
                SkipFinalSnapshot=False,
                FinalDBSnapshotIdentifier=(
                    f"{view.identifier}-final-{view.resource_id.lower()}{suffix}"
                ),
            )
        except Exception as error:
            if code(error) != "DBClusterSnapshotAlreadyExistsFault":
                raise
        else:
            return
    raise PermanentError(
        Reason.SnapshotFailed,
        f"database cluster: {view.identifier} has {SNAPSHOT_NAMES} final snapshots and is still "
        "there. Look at its events in RDS, delete the snapshots you do not need, then delete again",
    )


def mark_final_snapshots(owner: Owner, cluster: str) -> None:
    """Mark the snapshots that a cluster has left as ones that stay.

    Rests on rds:DescribeDBClusterSnapshots, AddTagsToResource, RemoveTagsFromResource.
    """
    for snapshot in _snapshots():
        ours = snapshot["DBClusterIdentifier"] == cluster
        if ours and owner.owns(tags_in(snapshot)):
            _leave(owner, snapshot)


def _leave(owner: Owner, snapshot: Mapping[str, Any]) -> None:
    arn, tags = snapshot["DBClusterSnapshotArn"], tags_in(snapshot)
    if LEFT_BY_TAG not in tags:
        staying = retained.tags_of_what_stays(owner, tags)
        rds().add_tags_to_resource(ResourceName=arn, Tags=tag_list(staying))
    # The owner tag goes last: until then another look finds the snapshot again.
    rds().remove_tags_from_resource(ResourceName=arn, TagKeys=list(retained.GONE))
    retained.log_what_stays("database snapshot", snapshot["DBClusterSnapshotIdentifier"])


def _snapshots() -> list[Any]:
    """Return all manual snapshots of the account: RDS finds those of a cluster only while it is.

    Rests on rds:DescribeDBClusterSnapshots.
    """
    pages = rds().get_paginator("describe_db_cluster_snapshots").paginate(SnapshotType="manual")
    return [snapshot for page in pages for snapshot in page["DBClusterSnapshots"]]
