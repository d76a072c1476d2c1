"""The two task definitions, as ECS has them once the service is made."""

from __future__ import annotations

from cfn_mlflow.types.service.tasks.definitions import TMP
from cfn_mlflow.types.service.tasks.environment import NO_PROVIDER
from tests.support.beside_moto.fargate import Fargate, migrated
from tests.support.graphs.served_kit import Properties, definition, environment, graph_of, server
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import HEAD, converge


def test_definition_of_a_server_names_keys_of_its_secrets_and_holds_no_value(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    container = server()
    assert container["command"] == ["mlflow", "server"]
    assert container["portMappings"][0]["containerPort"] == 5000
    secret = properties["DatabaseSecretArn"]
    assert {one["name"]: one["valueFrom"] for one in container["secrets"]} == {
        "PGUSER": f"{secret}:username::",
        "PGPASSWORD": f"{secret}:password::",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": f"{given['ServerSecretArn']}:webhook_key::",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": f"{given['ServerSecretArn']}:kek_passphrase::",
    }
    told = environment(container)
    assert told["PGHOST"] == properties["DatabaseEndpoint"]
    assert told["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://artifacts-of-mine/mlflow"
    migration = definition("migration")["containerDefinitions"][0]
    assert (migration["entryPoint"], migration["command"][0]) == (["python"], "-c")
    assert migration["image"] == container["image"]
    changes = properties["DatabaseMigrationSecretArn"]
    assert migration["secrets"][0]["valueFrom"] == f"{changes}:username::"


def test_basic_auth_has_a_migration_run_and_all_tasks_share_the_servers_secret(
    fargate: Fargate, properties: Properties
) -> None:
    of_users = migrated(HEAD, "behind", **{"from": HEAD, "pending": ["auth-f1a2b3c4d5e6"]})
    fargate.inspection_ends = [migrated(HEAD, "empty"), of_users]
    converge(graph_of(properties))
    given = converge(graph_of(properties | {"BasicAuth": "true"}))
    container = server()
    assert container["command"][:2] == ["sh", "-c"]
    assert container["command"][2].endswith("exec mlflow server --app-name basic-auth")
    named = {one["name"]: one["valueFrom"] for one in container["secrets"]}
    secret = given["ServerSecretArn"]
    assert named["MLFLOW_FLASK_SERVER_SECRET_KEY"] == f"{secret}:flask_key::"
    assert named["MLFLOW_AUTH_ADMIN_PASSWORD"] == f"{secret}:admin_password::"
    told = environment(definition("migration")["containerDefinitions"][0])
    assert told["CFN_MLFLOW_BASIC_AUTH"] == "true"
    assert len(fargate.migrations) == 2, "the tables of users are made before a server starts"


def test_given_sidecars_then_they_run_beside_and_log_where_the_server_does(
    fargate: Fargate, properties: Properties
) -> None:
    agent = {"Name": "agent", "Image": "public.ecr.aws/agent:7", "Essential": "false", "Cpu": "10"}
    converge(graph_of(properties | {"SidecarContainerDefinitions": [agent]}))
    mlflow, sidecar = definition()["containerDefinitions"]
    assert mlflow["name"] == "mlflow"
    assert (sidecar["name"], sidecar["essential"], sidecar["cpu"]) == ("agent", False, 10)
    assert sidecar["logConfiguration"] == mlflow["logConfiguration"]
    assert len(definition("migration")["containerDefinitions"]) == 1


def test_given_a_secret_taken_out_of_a_sidecar_then_the_task_has_it_no_more(
    fargate: Fargate, properties: Properties
) -> None:
    agent = {"Name": "agent", "Image": "public.ecr.aws/agent:7"}
    secrets = [{"Name": "A", "ValueFrom": properties["DatabaseSecretArn"]}]
    log = {"LogDriver": "awsfirelens"}
    for held in (
        {"Secrets": secrets, "User": "7", "LogConfiguration": log | {"SecretOptions": secrets}},
        {"Secrets": secrets, "LogConfiguration": log},
        {"LogConfiguration": log},
    ):
        converge(graph_of(properties | {"SidecarContainerDefinitions": [agent | held]}))
        sidecar = definition()["containerDefinitions"][1]
        assert bool(sidecar.get("secrets")) == ("Secrets" in held)
        assert bool(sidecar.get("user")) == ("User" in held)
        options = sidecar["logConfiguration"].get("secretOptions")
        assert bool(options) == ("SecretOptions" in held["LogConfiguration"])


def test_ai_gateway_is_on_for_the_providers_alone_and_off_again_without(
    fargate: Fargate, properties: Properties
) -> None:
    for given, told in (
        ([], ("false", NO_PROVIDER)),
        (["openai"], ("true", "openai")),
        (["openai", "anthropic"], ("true", "openai,anthropic")),
        ([], ("false", NO_PROVIDER)),
    ):
        converge(graph_of(properties | {"AiGatewayProviders": given}))
        names = ("MLFLOW_ENABLE_AI_GATEWAY", "MLFLOW_GATEWAY_ALLOWED_PROVIDERS")
        assert tuple(environment(server())[name] for name in names) == told


def test_server_and_migration_have_less_where_it_is_asked_and_all_back_without(
    fargate: Fargate, properties: Properties
) -> None:
    less = {"ReadonlyRootFilesystem": "true", "User": "10001:10001"}
    tmp = [{"sourceVolume": TMP, "containerPath": f"/{TMP}", "readOnly": False}]
    for given, user, readonly in (
        (less, "10001:10001", True),
        ({"User": "7"}, "7", None),
        ({}, None, None),
    ):
        converge(graph_of(properties | given))
        for part in ("", "migration"):
            found = definition(part)
            container = found["containerDefinitions"][0]
            assert (container.get("user"), container.get("readonlyRootFilesystem")) == (
                user,
                readonly,
            )
            assert container.get("mountPoints", []) == (tmp if readonly else [])
            names = [volume["name"] for volume in found.get("volumes", [])]
            assert names == ([TMP] if readonly else [])
    with watched() as calls:
        converge(graph_of(properties))
    assert calls.writes == []
