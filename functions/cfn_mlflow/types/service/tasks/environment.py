"""The environment of the MLflow server, which holds all configuration of the unmodified image.

The options are those of `mlflow server` 3.x, each by its environment variable. The database's URI
has no login: libpq reads the PG* variables, so a password may have any character.
"""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.types.common.connections import Budget

PORT = 5000

DRIVER = "postgresql+psycopg2://"
"""The driver is explicit: the default of `postgresql://` differs in SQLAlchemy 2.0 and 2.1."""

NEW_LINE = "\\n"
"""A line break in a format of printf."""

UVICORN_OPTS = "--timeout-keep-alive 75 --timeout-graceful-shutdown 20"
"""The server keeps connections longer than the load balancer (60 s), which else answers 502."""


NO_PROVIDER = "no-provider-has-a-name-that-is-longer-than-the-64-characters-of-its-column"
"""The name of a provider that cannot exist: it is too long for its column in MLflow's database."""

WORKER_SECONDS = 120
"""One and a half times the seconds that MLflow may need to start on a quarter of a vCPU."""

CONNECT_SECONDS = 30
"""Seconds: more than a paused database needs to wake, less than the load balancer waits (60)."""


@dataclass(frozen=True)
class Server:
    """The values that the server's environment depends on."""

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
    """Return the server's variables, without those of the database."""
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
        # Job execution would take nine more processes and 2 GiB. Tracking does not need it.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **_gateway(server.gateway_providers),
        **_server_options(server),
    }


def database_environment(endpoint: str, port: int | str, name: str) -> dict[str, str]:
    """Return the variables that libpq reads, without the login. They ask for TLS and a writer."""
    return {
        "PGHOST": endpoint,
        "PGPORT": str(port),
        "PGDATABASE": name,
        "PGSSLMODE": "require",
        # Without it, a server that impersonates the database could ask for the plain password.
        # libpq reads this since version 16; an older one ignores it.
        "PGREQUIREAUTH": "scram-sha-256",
        # After a failover the name may lead to the former writer for some seconds. A session there
        # would stay in a pool, and could never write.
        "PGTARGETSESSIONATTRS": "read-write",
        "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS),
        # The application name distinguishes the tasks' sessions from those of the Data API.
        "PGAPPNAME": "mlflow",
    }


def login_secrets(secret_arn: str) -> dict[str, str]:
    """Return where ECS finds the login, by variable: the keys of a secret."""
    return {"PGUSER": f"{secret_arn}:username::", "PGPASSWORD": f"{secret_arn}:password::"}


def key_secrets(secret_arn: str) -> dict[str, str]:
    """Return where ECS finds the server's encryption keys, by variable.

    Without them, MLflow would use a random webhook key in each process, and a public passphrase.
    """
    return {
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": f"{secret_arn}:webhook_key::",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": f"{secret_arn}:kek_passphrase::",
    }


def sign_in_secrets(secret_arn: str) -> dict[str, str]:
    """Return where ECS finds the values for signing in, by variable. All tasks share them."""
    return {
        "MLFLOW_FLASK_SERVER_SECRET_KEY": f"{secret_arn}:flask_key::",
        "MLFLOW_AUTH_ADMIN_USERNAME": f"{secret_arn}:admin_username::",
        "MLFLOW_AUTH_ADMIN_PASSWORD": f"{secret_arn}:admin_password::",
    }


def server_command(*, basic_auth: bool) -> list[str]:
    """Return the container's command.

    MLflow reads the location of its users from a file only, so the command writes one. The file has
    no database login, because libpq reads that from the environment. It has the admin's login,
    because some releases do not read that from the environment. Only the server's own user can read
    the file.
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
    """Return the name as AWS writes it and in lower case, because MLflow compares the case."""
    return list(dict.fromkeys([host_name, host_name.lower()]))


def _allowed_hosts(host_name: str) -> list[str]:
    names = [*_names(host_name), "localhost", "127.0.0.1"]
    return [host for name in names for host in (name, f"{name}:*")]


def _origins(host_name: str) -> list[str]:
    return [
        origin for name in _names(host_name) for origin in (f"http://{name}", f"http://{name}:*")
    ]


def _gateway(providers: tuple[str, ...]) -> dict[str, str]:
    """Return the variables that turn the AI gateway on for some providers, or off.

    3.17.0 is the first release that can turn it off. Releases from 3.12.0 on have a list of allowed
    providers, in which an empty list means all.
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
        # Without it, uvicorn kills a worker whose imports take more than 5 s. It is a variable,
        # because uvicorn before 0.37.0 lacks the option and ends if it gets it.
        "UVICORN_TIMEOUT_WORKER_HEALTHCHECK": str(WORKER_SECONDS),
    }
