"""The steps before a service's new tasks: from the inspection of the database to its migration.

The steps inspect the database, refuse what cannot work, and rehearse the migration if asked. Then
they take a snapshot, stop the old tasks, migrate, and read the schema again. If no migration is
pending, the old tasks keep running.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow import releases
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, known
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.schema_check.service_schema import ServiceSchema
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.service.schema_schedule import Runs
from cfn_mlflow.types.service.wiring import Wiring
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.inspection_task import Inspection, InspectionView
from cfn_mlflow.upgrade.migration.task import MigrationTask, MigrationView
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalClone, RehearsalRemains
from cfn_mlflow.upgrade.rehearsal_task import RehearsalTask
from cfn_mlflow.upgrade.snapshot import MigrationSnapshot
from cfn_mlflow.upgrade.stopped_service import StoppedService


@dataclass(frozen=True)
class Upgrade:
    """The objects and outputs of the upgrade that the service needs."""

    migration: MigrationTask
    runs: Runs
    """The image that serves, which may be the fallback image, and the revision of its schema."""
    fallback_at: Output[str]
    """The revision of the database if the fallback image runs; else empty."""
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class UpgradeSteps:
    """Adds the steps of an upgrade to a graph."""

    graph: Graph
    owner: Owner
    asked: ServiceSettings
    wiring: Wiring
    launcher: Output[Launcher]

    def add(self, resource_id: str, *, after: tuple[Observed[Any], ...]) -> Upgrade:
        """Add all steps before the new tasks; `resource_id` is the service's in autoscaling."""
        schema = self.wiring.whole.map(_schema)
        inspection = self.graph.add(Inspection(self.launcher, schema), after=after)
        inspected = inspection.output(lambda view: view)
        snapshot = self.graph.add(
            MigrationSnapshot(self.launcher, inspected, self.wiring.cluster_arn),
            after=self._rehearsal(inspected),
        )
        snapshot_id = snapshot.output(lambda view: view.identifier)
        stopped = self.graph.add(
            StoppedService(
                self.owner,
                resource_id,
                migration_family=self.owner.name("migration"),
                moves=inspection.output(lambda view: view.moves),
            ),
            after=(snapshot,),
        )
        migration = self.graph.add(
            MigrationTask(self.launcher, inspected, snapshot_id, schema), after=(stopped,)
        )
        image = inspection.output(lambda view: view.fallback_image or self.asked.image_uri)
        revision = migration.output(lambda view: view.revision)
        return Upgrade(
            migration=migration,
            runs=Runs(image, revision),
            fallback_at=inspection.output(lambda view: view.noted if view.fallback_image else ""),
            attributes={
                "image": image,
                "schema_revision": revision,
                "schema_migrations": migration.output(_migrations),
                "schema_snapshot_id": migration.output(lambda view: view.snapshot_id),
            },
        )

    def _rehearsal(self, inspected: Output[InspectionView]) -> tuple[Observed[Any], ...]:
        """Add the rehearsal on a clone, if asked, and the removal of an earlier one's remains."""
        if not self.wiring.has_data_api:
            return ()
        self.graph.without(RehearsalRemains(self.owner))
        if not self.asked.rehearse_upgrade:
            return ()
        clone = self.graph.add(RehearsalClone(self.owner, inspected, self.wiring.cluster_arn))
        return (self.graph.add(RehearsalTask(self.launcher, clone.output(lambda view: view))),)


def _schema(wiring: Wiring) -> ServiceSchema | None:
    """Return the schema for reading by the Data API, or None if only a task can read it."""
    cluster_arn, secret_arn = known(wiring.cluster_arn), known(wiring.service_secret_arn)
    if not cluster_arn or not secret_arn:
        return None
    return ServiceSchema(Database(cluster_arn, secret_arn, wiring.database_name))


def _migrations(view: MigrationView) -> str:
    """Return the revisions that the image's migration ran on data, oldest first."""
    if not view.migrated_from:
        return ""
    return ",".join(releases.pending(view.migrated_from, view.revision))
