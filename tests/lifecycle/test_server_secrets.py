"""Given MLflow's own keys and its login, then they are kept, shared by all tasks, and not lost."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import DEEP, Network, make_network, one_resource
from tests.support.waiting import PATIENCE_SECONDS

SMALL: dict[str, Any] = {"ServiceCpu": "1024", "ServiceMemory": "2048", "ServiceBasicAuth": "true"}
REQUESTS = 12
"""So many reach both of two tasks."""
GATEWAY = "/ajax-api/3.0/mlflow/gateway/provider-config?provider="
SWITCHED_OFF = 501
NARROWED = {"ServiceReadonlyRootFilesystem": "true", "ServiceUser": "10001:10001"}


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> Network:
    return make_network(local_aws)


def template(network: Network, **more: Any) -> dict[str, Any]:
    made = one_resource(network, **{**SMALL, **more})
    made["Outputs"]["ServerSecretArn"] = {"Value": {"Fn::GetAtt": ["MLflow", "ServerSecretArn"]}}
    return made


@pytest.fixture(scope="module")
def mlflow(local_aws: LocalAws, network: Network) -> Iterator[Stack]:
    stack = Stack.create(local_aws, "secretive", template(network))
    assert stack.status == "CREATE_COMPLETE", stack.failures()
    yield stack
    stack.delete()


def keys(aws: LocalAws, arn: str) -> dict[str, str]:
    found = aws.session().client("secretsmanager").get_secret_value(SecretId=arn)
    return dict(json.loads(found["SecretString"]))


def ask(
    aws: LocalAws, uri: str, login: tuple[str, str] | None = None, **body: Any
) -> tuple[int, str]:
    """Ask MLflow once, and return status and answer; a body makes it a POST."""
    headers = {"Content-Type": "application/json"}
    if login:
        text = base64.b64encode(":".join(login).encode()).decode()
        headers["Authorization"] = f"Basic {text}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(uri, data, headers)  # noqa: S310 - of the test's own
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": aws.proxy}))
    try:
        with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_without_the_admins_password_both_tasks_answer_401_and_with_it_200(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    uri = mlflow.outputs["TrackingUri"] + DEEP
    admin = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    login = (admin["admin_username"], admin["admin_password"])
    without = {ask(local_aws, uri)[0] for _ in range(REQUESTS)}
    wrong = {ask(local_aws, uri, (login[0], "not the password"))[0] for _ in range(REQUESTS)}
    with_it = {ask(local_aws, uri, login)[0] for _ in range(REQUESTS)}
    assert (without, wrong, with_it) == ({401}, {401}, {200})


def test_a_user_that_one_task_made_signs_in_at_every_task(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    uri = mlflow.outputs["TrackingUri"]
    admin = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    login = (admin["admin_username"], admin["admin_password"])
    users = f"{uri}/api/2.0/mlflow/users/create"
    made = ask(local_aws, users, login, username="ada", password="a long password")
    assert made[0] == 200, made
    found = {ask(local_aws, uri + DEEP, ("ada", "a long password"))[0] for _ in range(REQUESTS)}
    assert found == {200}


def test_the_schema_check_knows_the_tables_of_the_users(local_aws: LocalAws, mlflow: Stack) -> None:
    client: Any = local_aws.session().client
    rules = client("events").list_rules()["Rules"]
    [rule] = [rule["Name"] for rule in rules if "-schema-" in rule["Name"]]
    [target] = client("events").list_targets_by_rule(Rule=rule)["Targets"]
    answer = client("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])
    report = json.loads(answer["Payload"].read())
    assert (report["state"], report["differences"], report["notes"]) == ("current", [], []), report


def test_what_one_task_encrypted_another_reads(local_aws: LocalAws, mlflow: Stack) -> None:
    uri = mlflow.outputs["TrackingUri"]
    admin = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    login = (admin["admin_username"], admin["admin_password"])
    made = ask(
        local_aws,
        f"{uri}/api/2.0/mlflow/webhooks",
        login,
        name="hook",
        url="https://8.8.8.8/hook",  # looked up, and never asked: no model is made
        secret="of the hook",
        events=[{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    )
    assert made[0] == 200, made
    found = [ask(local_aws, f"{uri}/api/2.0/mlflow/webhooks", login) for _ in range(REQUESTS)]
    assert {status for status, _ in found} == {200}, found
    assert all("hook" in text for _, text in found)


def gateway(aws: LocalAws, mlflow: Stack, provider: str) -> int:
    """Ask the AI gateway, as its first user, how a provider is set up; return the status."""
    admin = keys(aws, mlflow.outputs["ServerSecretArn"])
    login = (admin["admin_username"], admin["admin_password"])
    return ask(aws, mlflow.outputs["TrackingUri"] + GATEWAY + provider, login)[0]


def test_the_ai_gateway_is_off_at_each_of_its_doors(local_aws: LocalAws, mlflow: Stack) -> None:
    uri = mlflow.outputs["TrackingUri"]
    admin = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    login = (admin["admin_username"], admin["admin_password"])
    secret = {"secret_name": "a", "secret_value": {"api_key": "b"}, "provider": "openai"}
    found = {
        gateway(local_aws, mlflow, "openai"),
        ask(local_aws, f"{uri}/api/3.0/mlflow/gateway/secrets/create", login, **secret)[0],
        ask(local_aws, f"{uri}/gateway/a/mlflow/invocations", login, messages=[])[0],
    }
    assert found == {SWITCHED_OFF}


def container_of(aws: LocalAws, mlflow: Stack) -> dict[str, Any]:
    """Return MLflow's container, as the task definition has it that the service runs."""
    ecs = aws.session().client("ecs")
    cluster, name = mlflow.outputs["ClusterId"], mlflow.outputs["ServiceName"]
    [service] = ecs.describe_services(cluster=cluster, services=[name])["services"]
    found = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    definition: Any = found["taskDefinition"]
    volumes = [volume["name"] for volume in definition.get("volumes", [])]
    return {**definition["containerDefinitions"][0], "volumes": volumes}


def test_an_update_keeps_the_keys_and_brings_what_is_asked_of_gateway_and_containers(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    before = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    more = {"ServiceMemory": "3072", "AiGatewayProviders": ["openai", "anthropic"], **NARROWED}
    assert mlflow.update(template(network, **more)) == "UPDATE_COMPLETE", mlflow.failures()
    assert keys(local_aws, mlflow.outputs["ServerSecretArn"]) == before
    found = {name: gateway(local_aws, mlflow, name) for name in ("openai", "anthropic", "gemini")}
    assert found == {"openai": 200, "anthropic": 200, "gemini": 400}
    container = container_of(local_aws, mlflow)
    assert (container["user"], container["readonlyRootFilesystem"]) == ("10001:10001", True)
    [mounted] = container["mountPoints"]
    assert (container["volumes"], mounted["sourceVolume"]) == (["tmp"], "tmp")


def test_an_update_changes_what_is_asked_of_gateway_and_containers(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    more = {"AiGatewayProviders": ["gemini"], "ServiceUser": "10002"}
    assert mlflow.update(template(network, **more)) == "UPDATE_COMPLETE", mlflow.failures()
    found = {name: gateway(local_aws, mlflow, name) for name in ("openai", "gemini")}
    assert found == {"openai": 400, "gemini": 200}
    container = container_of(local_aws, mlflow)
    assert container["user"] == "10002"
    assert not container.get("readonlyRootFilesystem")
    assert container["volumes"] == container.get("mountPoints", []) == []


def test_an_update_that_asks_for_neither_takes_gateway_and_user_away(
    local_aws: LocalAws, mlflow: Stack, network: Network
) -> None:
    assert mlflow.update(template(network)) == "UPDATE_COMPLETE", mlflow.failures()
    assert gateway(local_aws, mlflow, "gemini") == SWITCHED_OFF
    assert not container_of(local_aws, mlflow).get("user")


def test_no_key_is_in_the_answer_the_task_definitions_or_the_events(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    ecs = local_aws.session().client("ecs")
    definitions = ecs.list_task_definitions()["taskDefinitionArns"]
    told = json.dumps(
        [
            mlflow.outputs,
            [str(event) for event in mlflow.events()],
            [ecs.describe_task_definition(taskDefinition=one) for one in definitions],
        ],
        default=str,
    )
    secret = keys(local_aws, mlflow.outputs["ServerSecretArn"])
    assert not [key for key, value in secret.items() if value in told and key != "admin_username"]


def test_the_stack_goes_and_its_snapshot_is_left_with_the_keys_to_it(
    local_aws: LocalAws, mlflow: Stack
) -> None:
    arn = mlflow.outputs["ServerSecretArn"]
    before = keys(local_aws, arn)
    assert mlflow.delete() == "DELETE_COMPLETE"
    assert keys(local_aws, arn) == before
    found = local_aws.session().client("secretsmanager").describe_secret(SecretId=arn)
    tags = {tag["Key"] for tag in found["Tags"]}
    assert "cfn-mlflow:left-by" in tags
    assert "cfn-mlflow:owner" not in tags
