"""The environment of the MLflow server: all of its configuration, for the unmodified image.

The options are those of `mlflow server` 3.x, each by its environment variable. With PostgreSQL no
URI is built: libpq reads the PG* variables, so any character of a password works.
"""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.types.common.connections import Budget

PORT = 5000

DRIVER = "postgresql+psycopg2://"
"""Named whole: a bare `postgresql://` means another driver under SQLAlchemy 2.1 than under 2.0."""

NEW_LINE = "\\n"
"""As printf writes it."""

UVICORN_OPTS = "--timeout-keep-alive 75 --timeout-graceful-shutdown 20"
"""The server must keep a connection longer than the load balancer (60 s), else it answers 502."""


NO_PROVIDER = "no-provider-has-a-name-that-is-longer-than-the-64-characters-of-its-column"
"""A name that MLflow's database takes for no model of a gateway."""

WORKER_SECONDS = 120
"""As long as MLflow may take to start on a quarter of a vCPU, and half as much again."""

CONNECT_SECONDS = 30
"""Longer than a paused database takes to wake, shorter than the load balancer waits (60 s)."""


@dataclass(frozen=True)
class Server:
    """What the environment depends on."""

    host_name: str
    """The load balancer's DNS name, as AWS writes it."""
    region: str
    bucket_id: str
    path: str
    budget: Budget
    gateway_providers: tuple[str, ...] = ()
    gunicorn_opts: str = ""
    uvicorn_opts: str = ""


def server_environment(server: Server) -> dict[str, str]:
    """Return the server's variables but for the database's."""
    budget = server.budget
    return {
        "MLFLOW_HOST": "0.0.0.0",  # noqa: S104 - in a task of its own, behind its security group
        "MLFLOW_PORT": str(PORT),
        "MLFLOW_WORKERS": str(budget.workers),
        "MLFLOW_BACKEND_STORE_URI": DRIVER,
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(budget.pool_size),
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": str(budget.overflow),
        "MLFLOW_SERVE_ARTIFACTS": "true",
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{server.bucket_id}{server.path.rstrip('/')}",
        "AWS_DEFAULT_REGION": server.region,
        "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(_allowed_hosts(server.host_name)),
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(_origins(server.host_name)),
        # Nine more processes and 2 GiB; nothing that tracking needs.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **_gateway(server.gateway_providers),
        **_server_options(server),
    }


def database_environment(endpoint: str, port: int | str, name: str) -> dict[str, str]:
    """Return what libpq reads beside the login; TLS and a writer, or no connection."""
    return {
        "PGHOST": endpoint,
        "PGPORT": str(port),
        "PGDATABASE": name,
        "PGSSLMODE": "require",
        # Else whoever answers in the database's place gets the password by asking for it. libpq has
        # this since 16, and an older one takes no notice.
        "PGREQUIREAUTH": "scram-sha-256",
        # After a failover the name may lead to the former writer for some seconds: a session there
        # would stay in a pool, and never write.
        "PGTARGETSESSIONATTRS": "read-write",
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
        # So that the database can tell the tasks' sessions from those of the Data API.
        "PGAPPNAME": "mlflow",
    }


def login_secrets(secret_arn: str) -> dict[str, str]:
    """Return, by variable, where ECS finds the login: the keys of a secret."""
    return {"PGUSER": f"{secret_arn}:username::", "PGPASSWORD": f"{secret_arn}:password::"}


def key_secrets(secret_arn: str) -> dict[str, str]:
    """Return, by variable, where ECS finds what the server encrypts with.

    Unset, MLflow would take a random webhook key in each process, and a passphrase that everybody
    knows.
    """
    return {
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": f"{secret_arn}:webhook_key::",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": f"{secret_arn}:kek_passphrase::",
    }


def sign_in_secrets(secret_arn: str) -> dict[str, str]:
    """Return, by variable, where ECS finds what signing in takes: one value for all tasks."""
    return {
        "MLFLOW_FLASK_SERVER_SECRET_KEY": f"{secret_arn}:flask_key::",
        "MLFLOW_AUTH_ADMIN_USERNAME": f"{secret_arn}:admin_username::",
        "MLFLOW_AUTH_ADMIN_PASSWORD": f"{secret_arn}:admin_password::",
    }


def server_command(*, basic_auth: bool) -> list[str]:
    """Return the container's command.

    MLflow reads where its users are from a file alone. The one that is written here names no
    login, for libpq finds it in the environment; the admin's is in it for releases that do not
    read it from there. Only the server's own user can read the file.
    """
    if not basic_auth:
        return ["mlflow", "server"]
    lines = [
        "[mlflow]",
        "default_permission = READ",
        f"database_uri = {DRIVER}",
        "admin_username = %s",
        "admin_password = %s",
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth",
    ]
    admin = '"$MLFLOW_AUTH_ADMIN_USERNAME" "$MLFLOW_AUTH_ADMIN_PASSWORD"'
    script = (
        "MLFLOW_AUTH_CONFIG_PATH=$(mktemp) && export MLFLOW_AUTH_CONFIG_PATH"
        f" && printf '{NEW_LINE.join(lines)}{NEW_LINE}' {admin} > \"$MLFLOW_AUTH_CONFIG_PATH\""
        " && exec mlflow server --app-name basic-auth"
    )
    return ["sh", "-c", script]


def _names(host_name: str) -> list[str]:
    """Return the name as AWS writes it and as clients send it: MLflow compares case by case."""
    return list(dict.fromkeys([host_name, host_name.lower()]))


def _allowed_hosts(host_name: str) -> list[str]:
    names = [*_names(host_name), "localhost", "127.0.0.1"]
    return [host for name in names for host in (name, f"{name}:*")]


def _origins(host_name: str) -> list[str]:
    return [
        origin for name in _names(host_name) for origin in (f"http://{name}", f"http://{name}:*")
    ]


def _gateway(providers: tuple[str, ...]) -> dict[str, str]:
    """Return what turns the AI gateway on for some providers, or off.

    3.17.0 is the first release that can be told that it is off. Those from 3.12.0 on keep to a list
    of providers, where an empty one means all.
    """
    return {
        "MLFLOW_ENABLE_AI_GATEWAY": str(bool(providers)).lower(),
        "MLFLOW_GATEWAY_ALLOWED_PROVIDERS": ",".join(providers) or NO_PROVIDER,
    }


def _server_options(server: Server) -> dict[str, str]:
    if server.gunicorn_opts:
        return {"MLFLOW_GUNICORN_OPTS": server.gunicorn_opts}
    return {
        "MLFLOW_UVICORN_OPTS": f"{UVICORN_OPTS} {server.uvicorn_opts}".rstrip(),
        # Else uvicorn kills a worker that imports for longer than 5 s. As a variable, for uvicorn
        # before 0.37.0 has no such option, and ends where it is told one.
        "UVICORN_TIMEOUT_WORKER_HEALTHCHECK": str(WORKER_SECONDS),
    }
