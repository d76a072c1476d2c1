"""The master password from a secret of the user's: it gives RDS each new one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from cfn_mlflow.aws.core.owned_object import tag_list
from cfn_mlflow.aws.core.owner import COMPLETE_TAG
from cfn_mlflow.aws.rds.client import rds, state_of
from cfn_mlflow.aws.rds.cluster_view import read_cluster
from cfn_mlflow.aws.rdsdata.database import LoginRefusedError
from cfn_mlflow.aws.secretsmanager.login_secret import read_login
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation, Updatable
from cfn_mlflow.postgres.roles import InDatabase

SET_FROM_TAG = "cfn-mlflow:master-password"
"""On the cluster: the version of our mirror secret that its master password comes from."""


@dataclass(frozen=True)
class MasterPasswordView:
    """Where the cluster's master password comes from, and whether it works."""

    set_from: str
    """The version of the mirror that it was last set from; empty if none is noted."""
    refused: bool
    """Whether the database refuses the password of the mirror."""
    completed: bool
    """Whether the cluster is older than this request, so that it may have any password."""
    status: str
    """The cluster's status in RDS."""
    pending: bool
    """Whether RDS has accepted a password that the cluster does not have yet."""


@dataclass(frozen=True, eq=False)
class MasterPassword(InDatabase[MasterPasswordView], Updatable[MasterPasswordView]):
    """The user's own master password, which they may change in their secret at any time.

    The Data API keeps sessions of the old password open. So a successful login of the master does
    not prove that the new password was set.
    """

    display_name: ClassVar[str] = "master password"

    cluster: Value[str]
    secret_version: Value[str]
    """The version of our mirror secret."""

    def observe(self) -> Observation[MasterPasswordView] | None:
        """Read the noted version, then log in as the master.

        Rests on rds:DescribeDBClusters and rds-data:ExecuteStatement.
        """
        cluster = read_cluster(known(self.cluster))
        if cluster is None:
            return None
        return Observation(
            MasterPasswordView(
                set_from=cluster.tags.get(SET_FROM_TAG, ""),
                refused=self._refused(),
                completed=COMPLETE_TAG in cluster.tags,
                status=cluster.status,
                pending="MasterUserPassword" in cluster.pending,
            )
        )

    def compare(self, found: Observation[MasterPasswordView]) -> Observation[MasterPasswordView]:
        """Name the password if it comes from another version, or the database refuses it."""
        view = found.view
        busy = state_of(self.label, view.status) or ("changing" if view.pending else "")
        if busy:
            return replace(found, busy=busy)
        other = view.set_from != known(self.secret_version)
        return found.differing({"password": view.refused or other})

    def update(self, found: Observation[MasterPasswordView]) -> None:
        """Set the password (rds:ModifyDBCluster), and note its version (rds:AddTagsToResource).

        A new cluster already has the password: for it, only the version is noted.
        """
        view = found.view
        if view.refused or view.set_from or view.completed:
            rds().modify_db_cluster(
                DBClusterIdentifier=known(self.cluster),
                MasterUserPassword=read_login(known(self.master_secret_arn)).password,
                ApplyImmediately=True,
            )
        rds().add_tags_to_resource(
            ResourceName=known(self.cluster_arn),
            Tags=tag_list({SET_FROM_TAG: known(self.secret_version)}),
        )

    def _refused(self) -> bool:
        try:
            self.as_master.query("SELECT 1 AS one")
        except LoginRefusedError:
            return True
        return False
