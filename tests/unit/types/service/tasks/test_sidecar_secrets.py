"""The secrets that container definitions name: every place that ECS reads one from."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.types.service.tasks.sidecar_secrets import secrets_named, secrets_of

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:{}-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/mlflow"
CONTAINERS: list[dict[str, Any]] = [
    {"name": "bare", "image": "a:1"},
    {
        "name": "agent",
        "secrets": [
            {"name": "A", "valueFrom": PARAMETER},
            {"name": "B", "valueFrom": ARN.format("b") + ":key:AWSCURRENT:version"},
        ],
        "logConfiguration": {"secretOptions": [{"name": "C", "valueFrom": ARN.format("c")}]},
        "repositoryCredentials": {"credentialsParameter": ARN.format("d")},
    },
]


def test_secrets_are_found_in_each_place_that_ecs_reads_without_key_and_version() -> None:
    assert list(secrets_named(CONTAINERS)) == [
        ("[1].Secrets[1].ValueFrom", ARN.format("b")),
        ("[1].LogConfiguration.SecretOptions[0].ValueFrom", ARN.format("c")),
        ("[1].RepositoryCredentials.CredentialsParameter", ARN.format("d")),
    ]
    assert list(secrets_of(CONTAINERS)) == [ARN.format(name) for name in "bcd"]


def test_parameter_of_systems_manager_is_no_secret() -> None:
    parameter = [{"name": "a", "secrets": [{"name": "A", "valueFrom": PARAMETER}]}]
    assert list(secrets_of(parameter)) == []
