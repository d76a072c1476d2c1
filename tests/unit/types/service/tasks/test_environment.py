"""The server's environment: everything that MLflow is told, and nothing that is secret."""

from __future__ import annotations

import configparser
import subprocess
from dataclasses import replace
from pathlib import Path

from cfn_mlflow.aws.elbv2.load_balancer import IDLE_SECONDS
from cfn_mlflow.types.common.connections import Budget
from cfn_mlflow.types.service.tasks.environment import (
    Server,
    database_environment,
    key_secrets,
    login_secrets,
    server_command,
    server_environment,
    sign_in_secrets,
)

HOST = "internal-MLflow-AbC-123.eu-west-1.elb.amazonaws.com"
SERVER = Server(HOST, "eu-west-1", "artifacts", "/mlflow", Budget(2, 2, 189))


def test_given_a_server_then_it_listens_and_serves_artifacts_from_the_path() -> None:
    told = server_environment(SERVER)
    assert (told["MLFLOW_HOST"], told["MLFLOW_PORT"], told["MLFLOW_WORKERS"]) == (
        "0.0.0.0",  # noqa: S104 - the server's own address
        "5000",
        "2",
    )
    assert told["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://artifacts/mlflow"
    assert told["MLFLOW_SERVE_ARTIFACTS"] == "true"
    assert told["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_given_the_root_of_a_bucket_then_no_slash_is_left_over() -> None:
    told = server_environment(replace(SERVER, path="/"))
    assert told["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://artifacts"


def test_name_of_the_load_balancer_is_allowed_in_both_cases_with_and_without_port() -> None:
    hosts = server_environment(SERVER)["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    for name in (HOST, HOST.lower(), "localhost", "127.0.0.1"):
        assert {name, f"{name}:*"} <= set(hosts)
    assert "*" not in hosts


def test_given_a_browser_then_its_own_origin_may_post_in_both_cases() -> None:
    origins = server_environment(SERVER)["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"].split(",")
    for name in (HOST, HOST.lower()):
        assert {f"http://{name}", f"http://{name}:*"} <= set(origins)


def test_given_what_costs_or_leaks_by_default_then_it_is_off() -> None:
    told = server_environment(SERVER)
    assert told["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert told["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_given_the_load_balancers_idle_time_then_connections_are_kept_for_longer() -> None:
    options = server_environment(SERVER)["MLFLOW_UVICORN_OPTS"].split()
    assert int(options[options.index("--timeout-keep-alive") + 1]) > IDLE_SECONDS
    assert "--timeout-graceful-shutdown" in options


def test_given_uvicorn_options_then_they_come_last_and_so_win() -> None:
    told = server_environment(replace(SERVER, uvicorn_opts="--timeout-keep-alive 120"))
    assert told["MLFLOW_UVICORN_OPTS"].endswith("--timeout-keep-alive 120")
    assert "MLFLOW_GUNICORN_OPTS" not in told


def test_given_gunicorn_options_then_uvicorn_is_told_nothing() -> None:
    told = server_environment(replace(SERVER, gunicorn_opts="--timeout 120"))
    assert told["MLFLOW_GUNICORN_OPTS"] == "--timeout 120"
    assert not [name for name in told if "UVICORN" in name]


def test_given_a_worker_that_starts_slowly_then_uvicorn_waits_for_it() -> None:
    """As a variable: a uvicorn before 0.37.0 ends where it is told the option."""
    told = server_environment(SERVER)
    assert told["UVICORN_TIMEOUT_WORKER_HEALTHCHECK"] == "120"
    assert "healthcheck" not in told["MLFLOW_UVICORN_OPTS"]


def test_libpq_is_told_where_the_database_is_and_its_login_comes_from_the_secret() -> None:
    assert database_environment("db.example.com", 5432, "mlflow") == {
        "PGHOST": "db.example.com",
        "PGPORT": "5432",
        "PGDATABASE": "mlflow",
        "PGSSLMODE": "require",
        "PGREQUIREAUTH": "scram-sha-256",
        "PGTARGETSESSIONATTRS": "read-write",
        "PGCONNECT_TIMEOUT": "30",
        "PGAPPNAME": "mlflow",
    }
    assert login_secrets("arn:secret") == {
        "PGUSER": "arn:secret:username::",
        "PGPASSWORD": "arn:secret:password::",
    }
    assert server_environment(SERVER)["MLFLOW_BACKEND_STORE_URI"] == "postgresql+psycopg2://"


def test_given_a_budget_then_workers_and_pools_are_its_own() -> None:
    told = server_environment(replace(SERVER, budget=Budget(2, 4, 189)))
    assert told["MLFLOW_WORKERS"] == "4"
    pool = (
        told["MLFLOW_SQLALCHEMYSTORE_POOL_SIZE"],
        told["MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"],
    )
    assert pool == ("2", "3")


def test_given_the_servers_secret_then_its_keys_are_read_from_there() -> None:
    assert key_secrets("arn:secret") == {
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "arn:secret:webhook_key::",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": "arn:secret:kek_passphrase::",
    }


def test_given_no_provider_then_the_ai_gateway_is_off_by_both_of_its_variables() -> None:
    """Releases before 3.17.0 know the list alone, and take an empty one for all providers."""
    told = server_environment(SERVER)
    assert told["MLFLOW_ENABLE_AI_GATEWAY"] == "false"
    [name] = told["MLFLOW_GATEWAY_ALLOWED_PROVIDERS"].split(",")
    assert len(name) > 64, "the database takes no model whose provider has such a name"


def test_given_providers_then_the_ai_gateway_is_on_for_them_alone() -> None:
    told = server_environment(replace(SERVER, gateway_providers=("openai", "gemini")))
    assert told["MLFLOW_ENABLE_AI_GATEWAY"] == "true"
    assert told["MLFLOW_GATEWAY_ALLOWED_PROVIDERS"] == "openai,gemini"


def test_given_no_sign_in_then_mlflow_is_started_and_nothing_else() -> None:
    assert server_command(basic_auth=False) == ["mlflow", "server"]


def test_sign_in_keeps_users_in_the_database_and_no_secret_in_the_command(
    tmp_path: Path,
) -> None:
    program = tmp_path / "mlflow"
    program.write_text(
        '#!/bin/sh\necho "$@"\nstat -c %a "$MLFLOW_AUTH_CONFIG_PATH"\n'
        'cat "$MLFLOW_AUTH_CONFIG_PATH"\n'
    )
    program.chmod(0o755)
    told = {name: f"value-of-{name}" for name in sign_in_secrets("arn:secret")}
    done = subprocess.run(  # noqa: S603 - the command that the container has
        server_command(basic_auth=True),
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(tmp_path), **told},
        capture_output=True,
        text=True,
        check=True,
    )
    arguments, mode, written = done.stdout.split("\n", 2)
    assert arguments == "server --app-name basic-auth"
    assert mode == "600"
    ini = configparser.ConfigParser()
    ini.read_string(written)
    assert dict(ini["mlflow"]) == {
        "default_permission": "READ",
        "database_uri": "postgresql+psycopg2://",
        "admin_username": told["MLFLOW_AUTH_ADMIN_USERNAME"],
        "admin_password": told["MLFLOW_AUTH_ADMIN_PASSWORD"],
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    assert "value-of" not in str(server_command(basic_auth=True))
