"""Takes one look at a database, and reports a state even if the database cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cfn_mlflow.aws.rds.status import GONE, status_of_cluster
from cfn_mlflow.aws.rdsdata.database import (
    AccessDeniedError,
    DataApiError,
    Database,
    EndpointDisabledError,
    InsufficientPrivilegeError,
    LoginRefusedError,
    ResumingError,
    SecretUnusableError,
    UnavailableError,
)
from cfn_mlflow.aws.rdsdata.read_only import read_only
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.check import SchemaReport, State, check
from cfn_mlflow.schema_check.read import MovedError

_STATE_BY_STATUS: Mapping[str, State] = {
    "stopped": State.STOPPED,
    "stopping": State.STOPPED,
    "starting": State.WAKING,
}
"""The state of a database that does not answer, by its cluster's status."""

_REFUSALS: Mapping[type[DataApiError], str] = {
    AccessDeniedError: "Name the stack in the tag cfn-mlflow:allow of cluster and secret, or lift"
    " what denies the provider's role.",
    EndpointDisabledError: "Turn the cluster's Data API on: aws rds enable-http-endpoint.",
    InsufficientPrivilegeError: "Let the login read alembic_version: GRANT SELECT.",
    LoginRefusedError: "Put the user and the password that the database knows into the secret.",
    SecretUnusableError: "Name a secret that exists and is JSON with username and password.",
}


@dataclass
class Watcher:
    """Looks at one database repeatedly. One that was paused at the first look is waking later."""

    database: Database
    expected: str
    _woken: bool = field(default=False, init=False)

    def look(self) -> SchemaReport:
        """Read the schema in a transaction that cannot write, and compare it.

        Rests on rds-data:BeginTransaction, ExecuteStatement and RollbackTransaction, and on
        rds:DescribeDBClusters if the Data API does not answer. Raises no error of AWS's or of the
        database's: the report has it.
        """
        try:
            with read_only(self.database) as reader:
                return check(reader, self.expected)
        except MovedError as error:
            return self._unread(State.LOCKED, str(error))
        except ResumingError as error:
            state = State.WAKING if self._woken else State.PAUSED
            self._woken = True
            return self._unread(state, str(error))
        except UnavailableError as error:
            return self._unavailable(error)
        except DataApiError as error:
            refused = self._refused(error)
            return replace(refused, advice=_REFUSALS.get(type(error), refused.advice))
        except (TemporaryError, PermanentError) as error:
            return self.not_begun(error)

    def not_begun(self, error: TemporaryError | PermanentError) -> SchemaReport:
        """Return the report of a look that an error prevented, for now or for good."""
        if isinstance(error, TemporaryError):
            return self._unread(State.UNREACHABLE, str(error))
        return self._refused(error)

    def _refused(self, error: PermanentError) -> SchemaReport:
        return replace(self._unread(State.REFUSED, error.words), refused=error.reason)

    def _unavailable(self, error: UnavailableError) -> SchemaReport:
        status = status_of_cluster(self.database.cluster_arn)
        if status == GONE:
            report = self._unread(State.REFUSED, f"RDS knows no {self.database.cluster_arn}.")
            return replace(
                report,
                advice="Name the ARN of a cluster of this account and Region.",
                refused=Reason.NotFound,
            )
        usual = State.WAKING if self._woken else State.UNREACHABLE
        state = _STATE_BY_STATUS.get(status, usual)
        said = f"The cluster is {status}. " if status else ""
        return self._unread(state, f"{said}{error}")

    def _unread(self, state: State, reason: str) -> SchemaReport:
        return SchemaReport(state, None, self.expected, advice=state.advice, reason=reason)
