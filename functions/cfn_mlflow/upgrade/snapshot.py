"""RDS: the snapshot of the database before its schema is moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core import retained
from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.rds.client import rds
from cfn_mlflow.engine.managed import Port
from cfn_mlflow.engine.resource import Attached
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.runtime.tell import tell
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
class MigrationSnapshot(Port[SnapshotView], Attached[SnapshotView]):
    """What can be gone back to, if there is anything to lose; it stays when the resource goes.

    It is nobody's from the call that makes it: the tag `cfn-mlflow:left-by` tells whose it was.
    """

    words: ClassVar[str] = "snapshot before the migration"

    launcher: Launcher
    inspected: InspectionView
    cluster_arn: str
    """Empty where the cluster is not known: then there is none."""
    rehearsed: object = None
    """What goes before it, if the user wished for it."""

    @property
    def identifier(self) -> str:
        """Return the snapshot's name: one for each look at the database, so none is too old.

        It has at most 63 characters, of which revision, look and digest are never cut.
        """
        result = self.inspected.result
        expected = ((result and result.expected) or "")[:REVISION_CHARACTERS]
        look = self.inspected.runs[-1].id[:LOOK_CHARACTERS]
        return self.launcher.owner.name("before", expected, look)

    def read(self) -> SnapshotView | None:
        """Find it by its name (rds:DescribeDBClusterSnapshots)."""
        if not self.inspected.has_data or not self.cluster_arn:
            return SnapshotView()
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
        return SnapshotView(
            self.identifier, snapshot.get("Status", ""), snapshot.get("PercentProgress", 0)
        )

    def create(self) -> None:
        """Take it (rds:CreateDBClusterSnapshot)."""
        owner = self.launcher.owner
        staying: dict[str, Any] = retained.tags_of_what_stays(owner, owner.tags)
        try:
            rds().create_db_cluster_snapshot(
                DBClusterSnapshotIdentifier=self.identifier,
                DBClusterIdentifier=self.cluster_arn.rpartition(":")[2],
                Tags=tag_list(staying),
            )
        except Exception as error:
            if code(error) == "DBClusterSnapshotAlreadyExistsFault":
                raise TemporaryError("made, and not to be seen yet") from None
            raise

    def settling(self, view: SnapshotView) -> str | None:
        """Tell how far it is; say its name in the log once it is there."""
        if view.status == "failed":
            raise PermanentError(
                f"{self.words}: {view.identifier} failed. Look at its events in RDS, delete it, "
                f"then deploy again"
            )
        if view.status != "available":
            return f"{view.status}, {view.percent} %"
        if view.identifier:
            tell(f"Before its migration the database is kept as snapshot {view.identifier}")
        elif self.inspected.has_data:
            tell("No snapshot is taken: the database's cluster is not known (DatabaseClusterArn)")
        return None
