"""RDS Data API: SQL over HTTPS on an Aurora cluster, with its failures told apart.

Rests on `rds-data:ExecuteStatement`, and on `rds:DescribeDBClusters` where the Data API says that
it is off. Each call is one statement. It runs in a transaction of its own, or in one that was begun
before (see read_only.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.rds.status import data_api_is_on
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason

if TYPE_CHECKING:
    from mypy_boto3_rds_data import RDSDataServiceClient
    from mypy_boto3_rds_data.type_defs import (
        ExecuteStatementResponseTypeDef,
        FieldOutputTypeDef,
        FieldTypeDef,
        SqlParameterTypeDef,
    )

Value = str | int | float | bool | None
Row = dict[str, Value]
Answer = TypeVar("Answer")

_RESUMING = "DatabaseResumingException"
_TEMPORARY_CODES = frozenset(
    {
        _RESUMING,
        "DatabaseUnavailableException",
        "DatabaseNotFoundException",  # the cluster has no instance yet
        "InvalidResourceStateException",
        "ServiceUnavailableError",
        "StatementTimeoutException",  # so says a database that is resuming; a slow one says 57014
        "InternalServerErrorException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionNotFoundException",  # it ran into its time limit, or its connection was lost
    }
)
_TEMPORARY_STATES = ("08", "40", "53", "55P03", "57P")
"""SQLState classes of a lost connection, a lost race, no room, a lock, a server going or coming."""
_TEMPORARY_WORDS = ("Communications link failure", "timed out retrieving", "Rate exceeded")

_SQL_STATE = re.compile(r"SQLState:\s*([0-9A-Z]{5})")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_VERIFIER = re.compile(r"SCRAM-SHA-256\$[^\s'\"]*")
_SHORTEST_HIDDEN = 6
"""A literal shorter than this is part of words, and too short to be a secret."""


class UnavailableError(TemporaryError):
    """The database or the Data API does not answer at this moment: asking again may help."""


class ResumingError(UnavailableError):
    """The database was paused; being asked, it has begun to wake, which takes about 15 seconds."""


class DataApiError(PermanentError):
    """The Data API answered no, and asking again would not help."""

    coded: ClassVar[Reason] = Reason.DatabaseRefused

    def __init__(self, message: str, sql_state: str = "") -> None:
        super().__init__(self.coded, message)
        self.sql_state = sql_state


class LoginRefusedError(DataApiError):
    """The database does not take the user or password of the secret."""

    coded = Reason.LoginRefused


class SecretUnusableError(DataApiError):
    """The secret is missing, cannot be decrypted, or is not in the form the Data API takes."""

    coded = Reason.SecretUnusable


class EndpointDisabledError(DataApiError):
    """The cluster's HTTP endpoint is off, or not offered in this Region."""


class AccessDeniedError(DataApiError):
    """IAM denies the call, the secret or its key."""

    coded = Reason.AccessDenied


class NoSuchTableError(DataApiError):
    """The statement names a table that is not there (SQLState 42P01)."""


class InsufficientPrivilegeError(DataApiError):
    """The login may not do this in the database (SQLState 42501)."""


class StatementTimeoutError(DataApiError):
    """The database cut the statement off (SQLState 57014): it ran longer than it may."""


class ResultTooLargeError(DataApiError):
    """The rows come to more than 1 MiB, or one row to more than 64 KiB: ask for fewer."""


class StatementFailedError(DataApiError):
    """The database refused the statement for any other reason; see `sql_state`."""


_BY_CODE: Mapping[str, type[DataApiError]] = {
    "SecretsErrorException": SecretUnusableError,
    "InvalidSecretException": SecretUnusableError,
    "HttpEndpointNotEnabledException": EndpointDisabledError,
    "AccessDeniedException": AccessDeniedError,
    "ForbiddenException": AccessDeniedError,
    "UnsupportedResultException": ResultTooLargeError,
}
_BY_STATE: Mapping[str, type[DataApiError]] = {
    "28P01": LoginRefusedError,
    "28000": LoginRefusedError,
    "42P01": NoSuchTableError,
    "42501": InsufficientPrivilegeError,
    "57014": StatementTimeoutError,
}
# The deprecated BadRequestException still comes, with nothing but words to tell its cases apart.
_BY_WORDS: Mapping[str, type[DataApiError]] = {
    "password authentication failed": LoginRefusedError,
    "httpendpoint is not enabled": EndpointDisabledError,
    "httpendpoint isn't enabled": EndpointDisabledError,
    "is not authorized to perform": AccessDeniedError,
    "response size limit": ResultTooLargeError,
    "exceeded size limit": ResultTooLargeError,
    "packet for query is too large": ResultTooLargeError,
}


@dataclass(frozen=True)
class Database:
    """One database of an Aurora cluster, as the login in one secret sees it."""

    cluster_arn: str
    secret_arn: str
    name: str
    transaction_id: str = ""
    """The transaction that the statements belong to; empty for one of its own each."""

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and return its rows, each by column name.

        `parameters` fill `:name` places in the statement. Raises `UnavailableError` when the
        database is paused, waking or busy, else the `DataApiError` that fits.
        """
        response = self._send(sql, parameters or {})
        names = [c.get("label") or c["name"] for c in response.get("columnMetadata", [])]
        return [
            {name: _value(field) for name, field in zip(names, record, strict=True)}
            for record in response.get("records", [])
        ]

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> int:
        """Run one statement for its effect and return the number of rows it changed."""
        return self._send(sql, parameters or {}).get("numberOfRecordsUpdated", 0)

    def _send(self, sql: str, parameters: Mapping[str, Value]) -> ExecuteStatementResponseTypeDef:
        rds_data: RDSDataServiceClient = client("rds-data")
        within: Any = {"transactionId": self.transaction_id} if self.transaction_id else {}
        return answered(
            lambda: rds_data.execute_statement(
                resourceArn=self.cluster_arn,
                secretArn=self.secret_arn,
                database=self.name,
                sql=sql,
                parameters=[as_parameter(name, value) for name, value in parameters.items()],
                includeResultMetadata=True,
                **within,
            ),
            self.cluster_arn,
            sql,
            parameters,
        )


def answered(
    call: Callable[[], Answer],
    cluster_arn: str,
    sql: str = "",
    parameters: Mapping[str, Value] | None = None,
) -> Answer:
    """Return what a call of the Data API answers; for some minutes it may not know that it is on.

    Raises `UnavailableError` or the `DataApiError` that fits, without any value of the statement.
    """
    from botocore.exceptions import (  # noqa: PLC0415 - an import of 100 ms
        ClientError,
        ConnectionError,
        HTTPClientError,
    )

    try:
        return call()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = _message(error.response)
    except (ConnectionError, HTTPClientError) as error:
        code, message = "ServiceUnavailableError", type(error).__name__
    # Outside `except`: the error of botocore carries the statement, so it is not chained.
    found = _error(code, _without_values(message, sql, parameters or {}))
    if isinstance(found, EndpointDisabledError) and data_api_is_on(cluster_arn):
        raise UnavailableError(f"{found} (RDS says that it is on: it takes effect soon)")
    raise found


def _error(code: str, message: str) -> UnavailableError | DataApiError:
    match = _SQL_STATE.search(message)
    state = match.group(1) if match else ""
    kind = _kind(code, state, message)
    if kind is None:
        temporary = ResumingError if code == _RESUMING else UnavailableError
        return temporary(f"Data API: {code}: {message}")
    return kind(f"Data API: {code}: {message}", state)


def _kind(code: str, state: str, message: str) -> type[DataApiError] | None:
    """Return the error's class, or None when looking again may help."""
    if state in _BY_STATE:
        return _BY_STATE[state]
    for words, kind in _BY_WORDS.items():
        if words in message.lower():
            return kind
    if (
        code in _TEMPORARY_CODES
        or state.startswith(_TEMPORARY_STATES)
        or any(words in message for words in _TEMPORARY_WORDS)
    ):
        return None
    return _BY_CODE.get(code, StatementFailedError)


def _message(response: Mapping[str, object]) -> str:
    error = response.get("Error")
    said = error.get("Message") if isinstance(error, Mapping) else ""
    return str(said or response.get("message") or "no message")


def _without_values(message: str, sql: str, parameters: Mapping[str, Value]) -> str:
    """Return the message without any value of the statement: a database echoes what it refuses."""
    values = [v for v in parameters.values() if isinstance(v, str)]
    values += [literal.replace("''", "'") for literal in _LITERAL.findall(sql)]
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_HIDDEN:
            message = message.replace(value, "***")
    return _VERIFIER.sub("***", message)


def as_parameter(name: str, value: Value) -> SqlParameterTypeDef:
    """Return a parameter as the Data API takes it: typed by the value's own type."""
    return {"name": name, "value": _field(value)}


def _field(value: Value) -> FieldTypeDef:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _value(field: FieldOutputTypeDef) -> Value:
    if "stringValue" in field:
        return field["stringValue"]
    if "longValue" in field:
        return field["longValue"]
    if "booleanValue" in field:
        return field["booleanValue"]
    if "doubleValue" in field:
        return field["doubleValue"]
    return None
