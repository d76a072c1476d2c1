"""The RDS Data API on the real PostgreSQL of a cluster.

A new session logs in with the name and password of the secret as it stands, so a wrong secret fails
as a wrong login does; sessions are kept and used again (sessions.py). Answers follow the
rds-data service model; texts of errors follow what Aurora sends.
"""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from ministack.core.responses import error_response_json, json_response
from ministack.services import rds, rds_data, secretsmanager

from local.emulator.core import patching
from local.emulator.postgres.databases import Databases
from local.emulator.postgres.server import PostgresServer
from local.emulator.rdsdata import parameters as sql_parameters
from local.emulator.rdsdata import results
from local.emulator.rdsdata.sessions import Key, Sessions

STATEMENT_SECONDS = 45
IDLE_TRANSACTION_SECONDS = 180
LARGEST_ANSWER = 1024 * 1024
Data = Mapping[str, Any]


class ApiError(Exception):
    """An answer other than success: the name of the exception, its text and its HTTP status."""

    def __init__(self, name: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.name = name
        self.text = text
        self.status = status


@dataclass
class _Transaction:
    key: Key
    connection: Any
    resource: str
    used: float
    lock: threading.Lock


class DataApi:
    """The five operations, and the open transactions."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._sessions = Sessions()
        self._sessions.watch()
        self._transactions: dict[str, _Transaction] = {}
        self._operations: dict[str, Callable[[Data], dict[str, Any]]] = {
            "/Execute": self.execute,
            "/BatchExecute": self.batch_execute,
            "/BeginTransaction": self.begin,
            "/CommitTransaction": lambda data: self._finish(data, commit=True),
            "/RollbackTransaction": lambda data: self._finish(data, commit=False),
        }

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        """Answer one request of ministack's gateway, off its event loop."""
        del method, headers, query
        return await asyncio.to_thread(self._answer, path, body)

    def _answer(self, path: str, body: bytes) -> Any:
        try:
            answer = _bounded(self._operations[path](json.loads(body or b"{}")))
        except ApiError as error:
            return error_response_json(error.name, error.text, error.status)
        except sql_parameters.ParameterError as error:
            return error_response_json("BadRequestException", str(error), 400)
        except psycopg2.Error as error:
            return error_response_json(*_database_error(error))
        return json_response(answer)

    def execute(self, data: Data) -> dict[str, Any]:
        """ExecuteStatement."""
        sql_parameters.check_single(_needed(data, "sql"))
        values = sql_parameters.convert(data.get("parameters") or [])
        with self._session(data) as connection, connection.cursor() as cursor:
            _run(cursor, data["sql"], values)
            return results.answer(cursor, data)

    def batch_execute(self, data: Data) -> dict[str, Any]:
        """BatchExecuteStatement."""
        sql_parameters.check_single(_needed(data, "sql"))
        sets = data.get("parameterSets") or [[]]
        with self._session(data) as connection, connection.cursor() as cursor:
            for parameters in sets:
                _run(cursor, data["sql"], sql_parameters.convert(parameters))
        return {"updateResults": [{"generatedFields": []} for _ in sets]}

    def begin(self, data: Data) -> dict[str, Any]:
        """BeginTransaction."""
        self._end_idle()
        key, connection = self._take(data)
        connection.autocommit = False
        transaction = str(uuid.uuid4())
        self._transactions[transaction] = _Transaction(
            key, connection, data["resourceArn"], time.monotonic(), threading.Lock()
        )
        return {"transactionId": transaction}

    def _finish(self, data: Data, *, commit: bool) -> dict[str, Any]:
        transaction = self._transaction(data)
        self._transactions.pop(data["transactionId"], None)
        try:
            if commit:
                transaction.connection.commit()
            else:
                transaction.connection.rollback()
        finally:
            self._sessions.give_back(transaction.key, transaction.connection)
        done = "Transaction Committed" if commit else "Rollback Complete"
        return {"transactionStatus": done}

    @contextmanager
    def _session(self, data: Data) -> Iterator[Any]:
        """Give a session for one call: its own, or that of a transaction, one call at a time."""
        if data.get("schema"):
            raise sql_parameters.ParameterError("The schema parameter isn't supported.")
        if data.get("transactionId"):
            transaction = self._transaction(data)
            with transaction.lock:
                yield transaction.connection
            return
        key, connection = self._take(data)
        try:
            # Each statement commits by itself; CREATE DATABASE would not run otherwise.
            connection.autocommit = True
            yield connection
        finally:
            self._sessions.give_back(key, connection)

    def _transaction(self, data: Data) -> _Transaction:
        self._end_idle()
        name = _needed(data, "transactionId")
        transaction = self._transactions.get(name)
        if transaction is None or transaction.resource != data.get("resourceArn"):
            raise ApiError("TransactionNotFoundException", f"Transaction {name} is not found", 404)
        transaction.used = time.monotonic()
        return transaction

    def _end_idle(self) -> None:
        oldest = time.monotonic() - IDLE_TRANSACTION_SECONDS
        for name, transaction in list(self._transactions.items()):
            if transaction.used < oldest:
                self._transactions.pop(name, None)
                transaction.connection.close()

    def _take(self, data: Data) -> tuple[Key, Any]:
        server = self._server(_needed(data, "resourceArn"))
        secret, database = _needed(data, "secretArn"), data.get("database") or "postgres"
        key = (server.address, secret, database)
        return key, self._sessions.take(key, lambda: _connect(server, secret, database))

    def _server(self, resource: str) -> PostgresServer:
        cluster = rds._resolve_cluster(resource)
        if not cluster:
            raise ApiError("DatabaseNotFoundException", f"DB cluster {resource} not found.", 404)
        if not cluster.get("HttpEndpointEnabled"):
            raise ApiError(
                "HttpEndpointNotEnabledException",
                f"HttpEndpoint is not enabled for resource {resource}",
            )
        volume = cluster.get("_shared_volume_name")
        if not cluster.get("DBClusterMembers") or not volume:
            raise ApiError(
                "DatabaseNotFoundException", "The DB cluster doesn't have a DB instance.", 404
            )
        if cluster["Status"] in {"stopping", "stopped"}:
            raise ApiError(
                "InvalidResourceStateException",
                f"DB cluster {cluster['DBClusterIdentifier']} is in {cluster['Status']} state.",
            )
        self._wake(cluster)
        server = self._databases.server(volume)
        if not server.running:
            raise ApiError(
                "DatabaseUnavailableException",
                "The DB instance isn't available. Try again later.",
                504,
            )
        return server

    def _wake(self, cluster: dict[str, Any]) -> None:
        sleep = self._databases.sleep(cluster["_shared_volume_name"])
        if sleep is not None and not sleep.knock() and sleep.asleep:
            writer = cluster["DBClusterMembers"][0]["DBInstanceIdentifier"]
            raise ApiError(
                "DatabaseResumingException",
                f"The Aurora DB instance {rds._instances[writer]['DBInstanceArn']} is resuming "
                "after being auto-paused. Please wait a few seconds and try again.",
            )


def install(databases: Databases) -> None:
    """Answer the Data API ourselves."""
    patching.require(rds, "_resolve_cluster", "_instances")
    patching.require(secretsmanager, "_resolve", "resolve_secret_string")
    api = DataApi(databases)
    patching.replace(rds_data, "handle_request", lambda old: api.handle)


def _connect(server: PostgresServer, secret: str, database: str) -> Any:
    user, password = _login(secret)
    connection = server.connect(user, password, database)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = %s", (STATEMENT_SECONDS * 1000,))
    connection.commit()
    results.want_text(connection)
    return connection


def _run(cursor: Any, statement: str, values: dict[str, sql_parameters.Value]) -> None:
    preparation, execution, names = sql_parameters.prepare(statement, values)
    for text in preparation:
        cursor.execute(text)
    cursor.execute(execution, [values[name].value for name in names] or None)


def _bounded(answer: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(answer)) > LARGEST_ANSWER:
        raise ApiError(
            "BadRequestException", "Database returned more than the allowed response size limit"
        )
    return answer


def _needed(data: Data, name: str) -> str:
    value = data.get(name)
    if not value:
        raise ApiError("BadRequestException", f"{name} is required")
    return str(value)


def _login(secret: str) -> tuple[str, str]:
    _, record = secretsmanager._resolve(secret, use_arn_scope=True)
    if not record or record.get("DeletedDate"):
        raise ApiError(
            "SecretsErrorException", f"Secrets Manager can't find the specified secret: {secret}"
        )
    try:
        value = json.loads(secretsmanager.resolve_secret_string(secret))
        return str(value["username"]), str(value["password"])
    except (TypeError, ValueError, KeyError):
        raise ApiError(
            "InvalidSecretException",
            "The Secrets Manager secret used with the request isn't valid: it has no username "
            "or no password.",
        ) from None


def _database_error(error: psycopg2.Error) -> tuple[str, str, int]:
    """Return name, text and status for an error of PostgreSQL, as its JDBC driver words it."""
    state = error.pgcode
    if state is None:
        return _connection_error(str(error))
    diagnosis = error.diag
    words = [f"{diagnosis.severity}: {diagnosis.message_primary}"]
    words += [f"Detail: {diagnosis.message_detail}"] if diagnosis.message_detail else []
    words += [f"Hint: {diagnosis.message_hint}"] if diagnosis.message_hint else []
    name = "StatementTimeoutException" if state == "57014" else "DatabaseErrorException"
    return name, "; ".join([*words, f"SQLState: {state}"]), 400


def _connection_error(text: str) -> tuple[str, str, int]:
    for words, state in (
        ("password authentication failed", "28P01"),
        ("does not exist", "3D000"),
        ("is not permitted to log in", "28000"),
        ("permission denied for database", "42501"),
        ("too many", "53300"),
        ("remaining connection slots", "53300"),
    ):
        if words in text and "FATAL:" in text:
            reason = text.split("FATAL:", 1)[1].strip().splitlines()[0]
            return "BadRequestException", f"FATAL: {reason}; SQLState: {state}", 400
    return "DatabaseUnavailableException", "The DB instance isn't available. Try again later.", 504
