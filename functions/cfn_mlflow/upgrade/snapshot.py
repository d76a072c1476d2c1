"""RDS: the snapshot of the database before its schema is migrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.rds.client import rds
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import InspectionView

REVISION_CHARACTERS, LOOK_CHARACTERS = 12, 8
"""How much of the new revision, and of the inspecting task's id, a snapshot's name has."""


@dataclass(frozen=True)
class SnapshotView:
    """A snapshot as RDS describes it; without an identifier if none is needed."""

    identifier: str = ""
    status: str = "available"
    percent: int = 100


@dataclass(frozen=True, eq=False)
class MigrationSnapshot(Attached[SnapshotView]):
    """The snapshot to go back to, if the database holds data. It outlives the resource.

    It has no owner from the call that creates it. The tag `cfn-mlflow:left-by` tells whose it was.
    """

    display_name: ClassVar[str] = "snapshot before the migration"

    launcher: Value[Launcher]
    inspected: Value[InspectionView]
    cluster_arn: Value[str]
    """Empty if the cluster is not known: then no snapshot is taken."""
    rehearsed: object = None
    """The rehearsal, which comes first if the user asked for one."""

    @property
    def identifier(self) -> str:
        """Return the snapshot's name: one for each inspection, so that none is too old.

        It has at most 63 characters. Revision, inspecting task and digest are never cut.
        """
        inspected = known(self.inspected)
        expected = ((inspected.result and inspected.result.expected) or "")[:REVISION_CHARACTERS]
        look = inspected.runs[-1].id[:LOOK_CHARACTERS]
        return known(self.launcher).owner.name("before", expected, look)

    def observe(self) -> Observation[SnapshotView] | None:
        """Find the snapshot by its name (rds:DescribeDBClusterSnapshots)."""
        if not known(self.inspected).has_data or not known(self.cluster_arn):
            return Observation(SnapshotView())
        try:
            found = rds().describe_db_cluster_snapshots(
                DBClusterSnapshotIdentifier=self.identifier
            )["DBClusterSnapshots"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        if not found:
            return None
        snapshot = found[0]
        percent = snapshot.get("PercentProgress", 0)
        return Observation(SnapshotView(self.identifier, snapshot.get("Status", ""), percent))

    def create(self) -> None:
        """Take the snapshot (rds:CreateDBClusterSnapshot)."""
        owner = known(self.launcher).owner
        staying: dict[str, Any] = retained.tags_of_what_stays(owner, owner.tags)
        rds().create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=self.identifier,
            DBClusterIdentifier=known(self.cluster_arn).rpartition(":")[2],
            Tags=tag_list(staying),
        )

    def compare(self, found: Observation[SnapshotView]) -> Observation[SnapshotView]:
        """Report how far the snapshot is; log its name once it is available.

        Raises PermanentError if it has failed.
        """
        view = found.view
        if view.status == "failed":
            raise PermanentError(
                Reason.SnapshotFailed,
                f"{self.display_name}: {view.identifier} failed. Look at its events in RDS, delete "
                f"it, then deploy again",
            )
        if view.status != "available":
            return replace(found, not_ready=f"{view.status}, {view.percent} %")
        if view.identifier:
            log.info(f"Snapshot {view.identifier} keeps the database as it is before the migration")
        elif known(self.inspected).has_data:
            log.info("No snapshot is taken: no DatabaseClusterArn names the database's cluster")
        return found
