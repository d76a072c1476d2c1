"""Which property of which type takes the name of which AWS thing, found out from the models.

A property is asked with an example of each kind of name. So a property that is added tomorrow is in
all that is made of this, without anybody's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.bucket import graph as bucket
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.database import graph as database
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow import graph as mlflow_server
from cfn_mlflow.types.mlflow.properties import SUBNET_IDS, MLflowProperties, joined_fields
from cfn_mlflow.types.schema import graph as schema
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.service.tasks.sidecars import container_definition
from cfn_mlflow.types.values.base import Properties

ACCOUNT = "eu-west-1:123456789012"
EXAMPLES: Mapping[str, str] = {
    "secret": f"arn:aws:secretsmanager:{ACCOUNT}:secret:mlflow-AbCdEf",
    "cluster": f"arn:aws:rds:{ACCOUNT}:cluster:mlflow",
    "key": f"arn:aws:kms:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "topic": f"arn:aws:sns:{ACCOUNT}:alarms",
    "bucket": "a-bucket",
    "bucket to read": "arn:aws:s3:::a-bucket",
    "security group": "sg-0123456789abcdef0",
    "VPC": "vpc-0123456789abcdef0",
    "subnet": "subnet-0123456789abcdef0",
    "image": "ghcr.io/mlflow/mlflow:v3.17.2-full",
    "task definition": f"arn:aws:ecs:{ACCOUNT}:task-definition/mlflow:7",
    "ECS cluster": f"arn:aws:ecs:{ACCOUNT}:cluster/mlflow",
    "role": "arn:aws:iam::123456789012:role/mlflow",
    "policy": "arn:aws:iam::123456789012:policy/mlflow",
    "function": f"arn:aws:lambda:{ACCOUNT}:function:mlflow",
    "queue": f"arn:aws:sqs:{ACCOUNT}:mlflow",
    "parameter": f"arn:aws:ssm:{ACCOUNT}:parameter/mlflow",
    "log group": f"arn:aws:logs:{ACCOUNT}:log-group:mlflow",
    "certificate": f"arn:aws:acm:{ACCOUNT}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab",
    "load balancer": f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/mlflow/50dc6c495c",
    "file system": "fs-0123456789abcdef0",
    "snapshot": f"arn:aws:rds:{ACCOUNT}:cluster-snapshot:mlflow",
    "repository": f"arn:aws:ecr:{ACCOUNT}:repository/mlflow",
    "prefix list": "pl-0123456789abcdef0",
}
"""An example of the name of each kind of thing."""

TEXTS: Mapping[str, str] = {
    "UniqueName": "begins what is made, and finds nothing that is there",
    "DatabaseEndpoint": "a host name: one of the cluster's, where that is named",
    "AiGatewayProviders": "providers of models outside of AWS's account, by MLflow's names",
    "ServiceUser": "a user inside the container",
    "User": "a user inside the container",
    "GunicornOpts": "options of a program in the container",
    "UvicornOpts": "options of a program in the container",
    "DatabaseSharedWithStacks": "stacks that gain by it, and give nothing",
    "ArtifactBucketSharedWithStacks": "stacks that gain by it, and give nothing",
    "SharedWithStacks": "stacks that gain by it, and give nothing",
    "Tags": "keys and values of the user's own",
}
"""Properties that take a text which may look like a name, and name no thing of AWS by it."""

RESTRICTED: Mapping[str, str] = {
    "VPC": "ALLOWED_VPC_IDS",
    "image": "ALLOWED_IMAGE_PREFIXES",
}
"""Kinds of which any is taken, unless a parameter, named as the functions know it, lists some."""

NOT_JUDGED: Mapping[str, str] = {
    "subnet": "AWS takes none of another VPC than that of the groups made in it",
    "task definition": "never read: its change is what makes CloudFormation check again",
}
"""Kinds of things whose owner is not asked."""

NOT_RUN = "Custom::MLflowSchema"
"""The type that runs no image: it reads the tag, which tells the release."""

SECRETS_OF_SIDECARS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "RepositoryCredentials.CredentialsParameter": lambda arn: {
        "RepositoryCredentials": {"CredentialsParameter": arn}
    },
    "Secrets[0].ValueFrom": lambda arn: {"Secrets": [{"Name": "X", "ValueFrom": arn}]},
    "LogConfiguration.SecretOptions[0].ValueFrom": lambda arn: {
        "LogConfiguration": {
            "LogDriver": "splunk",
            "SecretOptions": [{"Name": "X", "ValueFrom": arn}],
        }
    },
}
"""Where a container definition names a secret that starting the container reads."""

IN_SIDECARS: Mapping[str, Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "secret": SECRETS_OF_SIDECARS,
    "image": {"Image": lambda image: {"Image": image}},
}
"""Where a container definition names a thing of each kind."""

TEXTS_OF_SIDECARS: Mapping[str, str] = {
    "name": "of the container",
    "portMappings.name": "of the container's port",
    "entryPoint": "of the container",
    "command": "of the container",
    "environment.name": "of the container",
    "environment.value": "of the container",
    "environmentFiles.value": "refused: the execution role may read no bucket",
    "mountPoints.sourceVolume": "of the task, which has none",
    "mountPoints.containerPath": "of the container",
    "volumesFrom.sourceContainer": "of the task",
    "linuxParameters.capabilities.add": "of the container",
    "linuxParameters.capabilities.drop": "of the container",
    "secrets.name": "of the container's environment",
    "dependsOn.containerName": "of the task",
    "user": "of the container",
    "workingDirectory": "of the container",
    "logConfiguration.secretOptions.name": "of the log driver",
    "healthCheck.command": "of the container",
    "systemControls.namespace": "of the container",
    "systemControls.value": "of the container",
}
"""Texts of a container definition that name nothing which the provider gives rights to."""


@dataclass(frozen=True)
class Type:
    """A type as the provider serves it."""

    model: type[Properties]
    build: Callable[[Owner, Any], Graph]


TYPES: Mapping[str, Type] = {
    "Custom::MLflow": Type(MLflowProperties, mlflow_server._graph),
    "Custom::MLflowBucket": Type(BucketProperties, bucket._graph),
    "Custom::MLflowDatabase": Type(DatabaseProperties, database._graph),
    "Custom::MLflowService": Type(ServiceProperties, service._graph),
    "Custom::MLflowSchema": Type(SchemaProperties, schema._graph),
}


@dataclass(frozen=True)
class Taken:
    """A place in a type's properties, and the kind of thing whose name it takes."""

    type_name: str
    place: str
    kind: str

    def __str__(self) -> str:
        return f"{self.type_name.rpartition(':')[2]}.{self.place} takes a {self.kind}"

    @property
    def name(self) -> str:
        """Return the property's name."""
        return self.place.partition("[")[0]

    def value(self, name: str) -> Any:
        """Return a value of the property that names a thing there."""
        if self.place != self.name:
            _, _, inside = self.place.partition("].")
            return [{"Name": "s", "Image": "a/b:1", **IN_SIDECARS[self.kind][inside](name)}]
        return name if accepts(adapter_of(field_of(self.type_name, self.name)), name) else [name]


def fields(type_name: str) -> dict[str, FieldInfo]:
    """Return a type's properties by the names that a user writes."""
    model = TYPES[type_name].model
    if model is MLflowProperties:
        found = {name: field for name, (_, field) in joined_fields().items()}
        return {**found, SUBNET_IDS: found["ServiceSubnetIds"]}
    return {str(field.alias): field for field in model.model_fields.values()}


def field_of(type_name: str, name: str) -> FieldInfo:
    """Return one property."""
    return fields(type_name)[name]


Adapter = TypeAdapter[Any]


def adapter_of(field: FieldInfo) -> Adapter:
    """Return what judges the values of a property."""
    return TypeAdapter(field.rebuild_annotation())


def accepts(adapter: Adapter, value: object) -> bool:
    """Tell whether a property takes a value."""
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def kinds(field: FieldInfo) -> list[str]:
    """Return the kinds of things whose names a property takes, alone or in a list.

    What takes a bucket's name takes every id too, for it may be a bucket's name. What takes an
    image takes each ARN that ends like one.
    """
    own = adapter_of(field)
    found = [
        kind
        for kind, example in EXAMPLES.items()
        if any(accepts(own, value) for value in (example, [example], [example, f"{example}1"]))
    ]
    if "image" in found:
        image = adapter_of(field_of("Custom::MLflowService", "Image"))
        return [kind for kind in found if kind == "image" or not accepts(image, EXAMPLES[kind])]
    if "bucket" not in found:
        return found
    return [kind for kind in found if kind == "bucket" or EXAMPLES[kind].startswith("arn:")]


@cache
def everything_taken() -> tuple[Taken, ...]:
    """Return every place of every type that takes the name of a thing: found out once a run."""
    return tuple(_everything_taken())


def _everything_taken() -> Iterator[Taken]:
    """Yield every place of every type that takes the name of a thing."""
    for type_name in TYPES:
        for name, field in fields(type_name).items():
            if name.endswith("SidecarContainerDefinitions"):
                for kind, places in IN_SIDECARS.items():
                    for inside in places:
                        yield Taken(type_name, f"{name}[0].{inside}", kind)
            elif name not in TEXTS:
                for kind in kinds(field):
                    yield Taken(type_name, name, kind)


def texts_of_sidecars(shape: Mapping[str, Any] | None = None, path: str = "") -> Iterator[str]:
    """Yield the place of every free text of a container definition, as the API names it."""
    shape = container_definition() if shape is None else shape
    if "enum" in shape:
        return
    if shape["type"] == "string":
        yield path
    for name, item in shape.get("properties", {}).items():
        yield from texts_of_sidecars(item, f"{path}.{name}".lstrip("."))
    if "items" in shape:
        yield from texts_of_sidecars(shape["items"], path)
