"""RDS: the snapshot of the database before its schema is moved."""

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
from cfn_mlflow.runtime.log import log
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import InspectionView

REVISION_CHARACTERS, LOOK_CHARACTERS = 12, 8
"""What a name tells of the revision that is migrated to, and of the task that looked."""


@dataclass(frozen=True)
class SnapshotView:
    """A snapshot as it stands; without an identifier where none is needed."""

    identifier: str = ""
    status: str = "available"
    percent: int = 100


@dataclass(frozen=True, eq=False)
class MigrationSnapshot(Attached[SnapshotView]):
    """What can be gone back to, if there is anything to lose; it stays when the resource goes.

    It is nobody's from the call that makes it: the tag `cfn-mlflow:left-by` tells whose it was.
    """

    words: ClassVar[str] = "snapshot before the migration"

    launcher: Value[Launcher]
    inspected: Value[InspectionView]
    cluster_arn: Value[str]
    """Empty where the cluster is not known: then there is none."""
    rehearsed: object = None
    """What goes before it, if the user wished for it."""

    @property
    def identifier(self) -> str:
        """Return the snapshot's name: one for each look at the database, so none is too old.

        It has at most 63 characters, of which revision, look and digest are never cut.
        """
        inspected = known(self.inspected)
        expected = ((inspected.result and inspected.result.expected) or "")[:REVISION_CHARACTERS]
        look = inspected.runs[-1].id[:LOOK_CHARACTERS]
        return known(self.launcher).owner.name("before", expected, look)

    def observe(self) -> Observation[SnapshotView] | None:
        """Find it by its name (rds:DescribeDBClusterSnapshots)."""
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
        """Take it (rds:CreateDBClusterSnapshot)."""
        owner = known(self.launcher).owner
        staying: dict[str, Any] = retained.tags_of_what_stays(owner, owner.tags)
        rds().create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=self.identifier,
            DBClusterIdentifier=known(self.cluster_arn).rpartition(":")[2],
            Tags=tag_list(staying),
        )

    def compare(self, found: Observation[SnapshotView]) -> Observation[SnapshotView]:
        """Tell how far it is; say its name in the log once it is there."""
        view = found.view
        if view.status == "failed":
            raise PermanentError(
                f"{self.words}: {view.identifier} failed. Look at its events in RDS, delete it, "
                f"then deploy again"
            )
        if view.status != "available":
            return replace(found, not_ready=f"{view.status}, {view.percent} %")
        if view.identifier:
            log.info(f"Before its migration the database is kept as snapshot {view.identifier}")
        elif known(self.inspected).has_data:
            log.info("No snapshot is taken: no DatabaseClusterArn names the database's cluster")
        return found
