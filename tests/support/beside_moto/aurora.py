"""What Aurora does and moto does not: states that pass, the Data API, a database that takes SQL.

moto 5.2.5 makes the same cluster twice, loses the HTTP endpoint, cannot switch it on, and answers
any SQL with no rows. Here those calls alone are answered; the SQL runs on a real PostgreSQL whose
master is no superuser. Everything else is moto, and botocore checks every request and answer.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, MasterUserSecret, RDSBackend
from moto.rds.responses import RDSResponse
from moto.rdsdata.responses import RDSDataServiceResponse

from local.emulator.postgres.server import PostgresServer
from local.emulator.rdsdata import parameters as sql_parameters
from local.emulator.rdsdata import results as data_api_results
from local.emulator.rdsdata.sessions import Sessions
from tests.support.beside_moto import cluster_parameters

CONNECTIONS = 250
"""Of the PostgreSQL here: more than Aurora has at one capacity unit, fewer than at two."""

OURS = (
    *("mlflow_app", "mlflow_app_2", "mlflow_migrate"),
    *("mlflow_runtime", "mlflow_owner", "mlflow_master"),
)


@contextmanager
def running() -> Iterator[PostgresServer]:
    """Run a PostgreSQL to the end of the block."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.{secrets.randbelow(250)}"
    with tempfile.TemporaryDirectory(prefix="cfn-mlflow-tests-") as folder:
        server = PostgresServer(Path(folder) / "postgres", address)
        server.start(max_connections=CONNECTIONS)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL for all tests of a file."""
    with running() as started:
        yield started


@dataclass
class Aurora:
    """The clusters of a test; their one database, if any SQL is to run."""

    server: PostgresServer | None = None
    looks_to_serve: int = 1
    """Looks for which a new cluster is `creating`, beyond moto's one."""
    resuming: int = 0
    """Statements still to be answered by DatabaseResumingException."""
    looks_to_change_password: int = 0
    """Looks for which a new master password is pending, and the former one is in effect."""
    statements: list[str] = field(default_factory=list)
    _pending: dict[str, list[str]] = field(default_factory=dict)
    _looks: dict[str, int] = field(default_factory=dict)
    _secrets: Any = None
    _sessions: Sessions = field(default_factory=Sessions)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer in moto's stead what moto gets wrong."""
        self._mend_clusters(monkeypatch)
        self._mend_data_api(monkeypatch)
        cluster_parameters.install(monkeypatch)

        def new_secret(secret: MasterUserSecret) -> str:
            username = str(secret.resource.master_username)
            return json.dumps({"username": username, "password": secrets.token_urlsafe(24)})

        monkeypatch.setattr(MasterUserSecret, "_generate_secret_string", new_secret)

    def _mend_clusters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        create, modify = RDSBackend.create_db_cluster, RDSBackend.modify_db_cluster
        moto_status: Any = DBCluster.status

        def create_db_cluster(backend: RDSBackend, kwargs: dict[str, Any]) -> DBCluster:
            if kwargs["db_cluster_identifier"] in backend.clusters:
                raise ServiceException("DBClusterAlreadyExistsFault", "It is there already")
            _forget_automated_snapshots(backend, kwargs["db_cluster_identifier"])
            cluster = create(backend, kwargs)
            cluster.__dict__["http"] = bool(kwargs.get("enable_http_endpoint"))
            self._looks[cluster.db_cluster_identifier] = self.looks_to_serve
            self._make_database(cluster, kwargs)
            return cluster

        def modify_db_cluster(backend: RDSBackend, kwargs: dict[str, Any]) -> DBCluster:
            password = kwargs.get("master_user_password")
            name, managed = kwargs["db_cluster_identifier"], "manage_master_user_password" in kwargs
            state = modify(backend, kwargs)
            if password and self.looks_to_change_password:
                self._pending[name] = [password] * self.looks_to_change_password
            elif password or managed:
                self._set_password(backend.clusters[name], password)
            return state

        def pending(cluster: DBCluster) -> dict[str, str]:
            waiting = self._pending.get(cluster.db_cluster_identifier, [])
            if len(waiting) == 1:
                self._set_password(cluster, waiting[0])
            del waiting[:1]
            return {"MasterUserPassword": "****"} if waiting else {}

        def status(cluster: DBCluster) -> str:
            left = self._looks.get(cluster.db_cluster_identifier, 0)
            if cluster._status == "creating" and left:
                self._looks[cluster.db_cluster_identifier] = left - 1
                return "creating"
            return str(moto_status.fget(cluster))

        monkeypatch.setattr(RDSBackend, "create_db_cluster", create_db_cluster)
        monkeypatch.setattr(RDSBackend, "modify_db_cluster", modify_db_cluster)
        monkeypatch.setattr(DBCluster, "status", property(status, moto_status.fset))
        monkeypatch.setattr(DBCluster, "pending_modified_values", property(pending), raising=False)

    def _mend_data_api(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def enable_http_endpoint(response: RDSResponse) -> ActionResult:
            arn = response.params["ResourceArn"]
            for cluster in response.backend.clusters.values():
                if cluster.db_cluster_arn == arn:
                    cluster.__dict__["http"] = True
            return ActionResult({"ResourceArn": arn, "HttpEndpointEnabled": True})

        def is_on(cluster: DBCluster) -> bool:
            return bool(cluster.__dict__.get("http"))

        def execute_statement(response: RDSDataServiceResponse) -> Any:
            return self._execute(response)

        monkeypatch.setattr(DBCluster, "http_endpoint_enabled", property(is_on))
        monkeypatch.setattr(RDSDataServiceResponse, "execute_statement", execute_statement)
        monkeypatch.setattr(
            RDSResponse, "enable_http_endpoint", enable_http_endpoint, raising=False
        )

    def _make_database(self, cluster: DBCluster, kwargs: dict[str, Any]) -> None:
        if self.server is None:
            return
        with self.server.admin() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS mlflow WITH (FORCE)")
            cursor.execute("ALTER DATABASE postgres OWNER TO rdsadmin")
            for role in (*OURS, "rds_superuser"):
                cursor.execute(f"DROP ROLE IF EXISTS {role}")
        password = kwargs.get("master_user_password") or self._kept_by_rds(cluster)
        self.server.make_master(str(cluster.master_username), password, str(cluster.database_name))

    def _set_password(self, cluster: DBCluster, password: str | None) -> None:
        if self.server is None:
            return
        if password is None and hasattr(cluster, "master_user_secret"):
            password = self._kept_by_rds(cluster)
        if password:
            self.server.set_password(str(cluster.master_username), password)

    def _kept_by_rds(self, cluster: DBCluster) -> str:
        arn = cluster.master_user_secret.secret_arn
        return str(self._login(arn, cluster.region)[1])

    def _login(self, secret_arn: str, region: str) -> tuple[str, str]:
        if self._secrets is None:
            self._secrets = boto3.client("secretsmanager", region_name=region)
        text = self._secrets.get_secret_value(SecretId=secret_arn)["SecretString"]
        value = json.loads(text)
        return value["username"], value["password"]

    def _execute(self, response: RDSDataServiceResponse) -> str | tuple[str, dict[str, Any]]:
        data = json.loads(response.body)
        self.statements.append(data["sql"])
        if self.resuming:
            self.resuming -= 1
            return _refused("DatabaseResumingException", "The database is resuming.")
        assert self.server is not None
        key = (self.server.address, data["secretArn"], data["database"])
        try:
            connection = self._sessions.take(key, lambda: self._connect(data, response.region))
        except psycopg2.OperationalError as error:
            reason = str(error).split("FATAL:", 1)[-1].strip()
            return _refused("BadRequestException", f"FATAL: {reason}; SQLState: 28P01")
        try:
            return json.dumps(_run(connection, data))
        except psycopg2.Error as error:
            text = f"ERROR: {error.diag.message_primary}; SQLState: {error.pgcode}"
            return _refused("DatabaseErrorException", text)
        finally:
            self._sessions.give_back(key, connection)

    def _connect(self, data: dict[str, Any], region: str) -> Any:
        assert self.server is not None
        username, password = self._login(data["secretArn"], region)
        connection = self.server.connect(username, password, data["database"])
        connection.autocommit = True
        data_api_results.want_text(connection)
        return connection

    def close_idle_sessions(self) -> None:
        """End the sessions that the Data API keeps, as AWS does when nobody has used them."""
        self._sessions.close_idle(0)


def _forget_automated_snapshots(backend: RDSBackend, cluster: str) -> None:
    """Do what AWS does when a cluster is deleted: moto keeps them, and chokes on them later."""
    for name in [each for each in backend.cluster_snapshots if each.startswith(f"rds:{cluster}")]:
        del backend.cluster_snapshots[name]


def _run(connection: Any, data: dict[str, Any]) -> dict[str, Any]:
    values = sql_parameters.convert(data.get("parameters") or [])
    preparation, execution, names = sql_parameters.prepare(data["sql"], values)
    with connection.cursor() as cursor:
        for statement in preparation:
            cursor.execute(statement)
        cursor.execute(execution, [values[name].value for name in names] or None)
        return data_api_results.answer(cursor, data)


def _refused(name: str, text: str) -> tuple[str, dict[str, Any]]:
    return json.dumps({"message": text}), {"status": 400, "x-amzn-errortype": name}


@pytest.fixture
def aurora(aws: None, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Aurora:
    """Clusters whose database takes SQL."""
    made = Aurora(server)
    made.install(monkeypatch)
    return made
