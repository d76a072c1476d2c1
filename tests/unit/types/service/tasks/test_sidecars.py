"""Sidecars: what ECS takes, on Fargate, beside MLflow's own container."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.common.update import parse_update
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.service.tasks.sidecars import container_definition, read_sidecars
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import SERVICE, faults

AGENT = {"Name": "agent", "Image": "public.ecr.aws/datadog/agent:7"}


def _told(*definitions: object) -> tuple[str, ...]:
    return faults(ServiceProperties, SERVICE | {"SidecarContainerDefinitions": list(definitions)})


def test_given_cloudformations_names_and_strings_then_they_become_the_apis() -> None:
    written = {
        **AGENT,
        "Essential": "false",
        "Memory": "256",
        "Command": ["run", "--fast"],
        "PortMappings": [{"ContainerPort": "8126", "Protocol": "udp"}],
        "Environment": [{"Name": "EMPTY", "Value": ""}],
        "DependsOn": [{"ContainerName": "mlflow", "Condition": "START"}],
        "DockerLabels": {"Team.Of": "a"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "x"}},
        "User": "",
    }
    (read,) = parse(
        ServiceProperties, SERVICE | {"SidecarContainerDefinitions": [written]}
    ).sidecar_container_definitions
    assert read == {
        "name": "agent",
        "image": "public.ecr.aws/datadog/agent:7",
        "essential": False,
        "memory": 256,
        "command": ["run", "--fast"],
        "portMappings": [{"containerPort": 8126, "protocol": "udp"}],
        "environment": [{"name": "EMPTY", "value": ""}],
        "dependsOn": [{"containerName": "mlflow", "condition": "START"}],
        "dockerLabels": {"Team.Of": "a"},
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "x"}},
    }


def test_given_the_apis_own_names_as_terraform_has_them_then_they_are_taken_too() -> None:
    assert read_sidecars([{"name": "a", "image": "b:1", "essential": False}]) == (
        {"name": "a", "image": "b:1", "essential": False},
    )


def test_given_a_sidecar_that_runs_without_a_tag_then_updates_of_its_stack_go_on() -> None:
    """A rule that came later strands nothing that an earlier version took."""
    former = SERVICE | {
        "SidecarContainerDefinitions": [{"Name": "agent", "Image": "datadog/agent"}]
    }
    asked, standing = parse_update(ServiceProperties, former | {"MinCapacity": "1"}, former)
    assert asked.sidecar_container_definitions == ({"name": "agent", "image": "datadog/agent"},)
    fault = "SidecarContainerDefinitions[0].Image: must end in a :tag or an @sha256: digest"
    assert standing == (fault,)


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ({"Image": "a:1"}, "[0].Name: required"),
        ({"Name": "a"}, "[0].Image: required"),
        ({**AGENT, "Name": "mlflow"}, "[0].Name: is taken; mlflow is the server's own"),
        ({**AGENT, "Name": "a b"}, "[0].Name: must be 1 to 255 letters, digits, _ and -"),
        (
            {**AGENT, "LogconfiguratioN": {}},
            "[0].LogconfiguratioN: no such property of a Fargate container;"
            " did you mean LogConfiguration?",
        ),
        ({**AGENT, "Privileged": True}, "[0].Privileged: no such property of a Fargate container"),
        ({**AGENT, "Cpu": "much"}, "[0].Cpu: must be a whole number"),
        ({**AGENT, "Essential": "yes"}, "[0].Essential: must be true or false"),
        ({**AGENT, "Command": "run"}, "[0].Command: must be a list"),
        ({**AGENT, "Secrets": [{"Name": "A"}]}, "[0].Secrets[0].ValueFrom: required"),
        (
            {
                **AGENT,
                "Secrets": [{"Name": "A", "ValueFrom": "arn:aws:ssm:eu-west-1:1:parameter/x"}],
            },
            "[0].Secrets[0].ValueFrom: must be a secret's ARN, arn:aws:secretsmanager:...,"
            " with :key:stage:id behind it or without; tasks can read no parameter of SSM",
        ),
        (
            {**AGENT, "RepositoryCredentials": {"CredentialsParameter": "registry"}},
            "[0].RepositoryCredentials.CredentialsParameter: must be a secret's ARN,"
            " arn:aws:secretsmanager:... (never a password)",
        ),
        (
            {**AGENT, "EnvironmentFiles": [{"Value": "arn:aws:s3:::a/b.env", "Type": "s3"}]},
            "[0].EnvironmentFiles: is not taken, for the tasks may read no such file when they"
            " start. Write the values in Environment, and what is secret in Secrets",
        ),
        (
            {**AGENT, "Image": "public.ecr.aws/datadog/agent"},
            "[0].Image: must end in a :tag or an @sha256: digest",
        ),
        ({**AGENT, "DockerLabels": {"a": 1}}, "[0].DockerLabels: must be a map of strings"),
        (
            {**AGENT, "PortMappings": [{"Protocol": "sctp"}]},
            "[0].PortMappings[0].Protocol: must be tcp or udp",
        ),
        ("agent", "[0]: must be a map"),
        ({**AGENT, "Memory": "4096"}, ": together they leave MLflow nothing of Memory"),
    ],
)
def test_given_what_ecs_would_refuse_then_its_place_is_told(definition: object, fault: str) -> None:
    assert _told(definition) == (f"SidecarContainerDefinitions{fault}",)


def test_given_two_of_one_name_then_the_second_is_refused() -> None:
    assert _told(AGENT, AGENT) == (
        "SidecarContainerDefinitions[1].Name: is taken; mlflow is the server's own",
    )


def test_given_many_faults_then_all_are_told() -> None:
    assert len(_told({"Name": "a", "Cpu": "x"}, {"Image": "b:1", "Foo": 1})) == 4


def test_given_a_value_then_no_fault_repeats_it() -> None:
    secret = "hunter2"
    for fault in _told({**AGENT, "Cpu": secret, "Environment": secret, "LogConfiguration": secret}):
        assert secret not in fault


SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:agent-AbCdEf"
RULED = {
    "image": st.sampled_from([AGENT["Image"], "busybox:1", "a.example/b@sha256:" + "0" * 64]),
    "valueFrom": st.sampled_from([SECRET, f"{SECRET}:key::", f"{SECRET}::AWSPREVIOUS:"]),
    "credentialsParameter": st.just(SECRET),
}


def _values(shape: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that the shape takes, scalars as CloudFormation sends them."""
    if "properties" in shape:
        fields = {
            _pascal(name): RULED[name] if name in RULED else _values(item)
            for name, item in shape["properties"].items()
            if name != "environmentFiles"  # refused, with words of its own
        }
        required = {_pascal(name) for name in shape.get("required", ())}
        return st.fixed_dictionaries(
            {name: fields[name] for name in required},
            optional={name: item for name, item in fields.items() if name not in required},
        )
    if "items" in shape:
        return st.lists(_values(shape["items"]), max_size=2)
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    return {
        "boolean": st.sampled_from(["true", "false"]),
        "integer": st.integers(0, 1000).map(str),
        "object": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        "string": st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    }[shape["type"]]


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


@given(_values(container_definition()))
def test_given_any_definition_of_the_shape_then_botocore_takes_what_is_read(
    definition: dict[str, Any],
) -> None:
    (read,) = read_sidecars([definition | {"Name": "sidecar"}])
    shape = ECS.shape_for("ContainerDefinition")
    assert ParamValidator().validate(read, shape).generate_report() == ""


ECS = Session().get_service_model("ecs")
