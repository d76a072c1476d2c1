"""What AWS takes as a text: the forms of its own models, and those that only its pages tell.

moto and botocore take any text; AWS refuses a request for one character. botocore's models carry
`pattern`, `max` and `enum`, which botocore itself does not look at. For what they leave out, the
table below has a form from the documentation, with its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import regex
from botocore.model import OperationModel, Shape

SURROGATES = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
"""Java writes the characters beyond 16 bits as pairs, Python as themselves."""


@dataclass(frozen=True)
class Form:
    """What a text must be as a whole, and where AWS says so."""

    pattern: str
    source: str


_RDS_NAME = r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,%d}(?<!-)"
_ANY_OF_255 = r"[\x20-\x7E]{1,255}"
_ECS_NAME = r"[A-Za-z0-9_-]{1,255}"
_GROUP = r"(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"
_TARGET_OR_BALANCER = r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)"
_TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"

DOCUMENTED: dict[str, Form] = {
    "ec2.CreateSecurityGroup.Description": Form(_GROUP, "EC2 API, CreateSecurityGroup"),
    "ec2.CreateSecurityGroup.GroupName": Form(_GROUP, "EC2 API, CreateSecurityGroup"),
    "ec2.*.Description": Form(_GROUP, "EC2 API, IpRange and UserIdGroupPair"),
    "rds.*.DBClusterIdentifier": Form(_RDS_NAME % 62, "RDS API, CreateDBCluster"),
    "rds.CreateDBClusterSnapshot.DBClusterSnapshotIdentifier": Form(
        _RDS_NAME % 62, "RDS API, CreateDBClusterSnapshot"
    ),
    "rds.DeleteDBCluster.FinalDBSnapshotIdentifier": Form(
        _RDS_NAME % 254, "RDS API, DeleteDBCluster"
    ),
    "rds.*.DBInstanceIdentifier": Form(_RDS_NAME % 62, "RDS API, CreateDBInstance"),
    "rds.Create*.DBClusterParameterGroupName": Form(
        _RDS_NAME % 254, "RDS API, CreateDBParameterGroup"
    ),
    "rds.Create*.DBSubnetGroupName": Form(
        r"(?!default$)[A-Za-z][A-Za-z0-9._ -]{0,254}", "RDS API, CreateDBSubnetGroup"
    ),
    "rds.CreateDBSubnetGroup.DBSubnetGroupDescription": Form(
        _ANY_OF_255, "RDS API gives no form; held to printable ASCII"
    ),
    "rds.CreateDBClusterParameterGroup.Description": Form(
        _ANY_OF_255, "RDS API gives no form; held to printable ASCII"
    ),
    "elasticloadbalancing.Create*.Name": Form(
        _TARGET_OR_BALANCER, "ELB API 2015-12-01, CreateLoadBalancer and CreateTargetGroup"
    ),
    "ecs.CreateCluster.clusterName": Form(_ECS_NAME, "ECS API, CreateCluster"),
    "ecs.CreateService.serviceName": Form(_ECS_NAME, "ECS API, CreateService"),
    "ecs.RegisterTaskDefinition.family": Form(_ECS_NAME, "ECS API, RegisterTaskDefinition"),
    "ecs.RegisterTaskDefinition.containerDefinitions.name": Form(
        _ECS_NAME, "ECS API, ContainerDefinition"
    ),
    "ecs.RunTask.startedBy": Form(r"[A-Za-z0-9_/-]{1,128}", "ECS API, RunTask"),
    "ecs.RunTask.clientToken": Form(r"[\x21-\x7E]{1,64}", "ECS API, RunTask"),
    "ssm.PutParameter.Name": Form(
        r"(?!/?(aws|ssm))[A-Za-z0-9_.\-/]{1,1011}", "Systems Manager API, PutParameter"
    ),
    "ssm.PutParameter.Description": Form(
        r"[\x20-\x7E]{0,1024}", "Systems Manager API gives no characters; held to ASCII"
    ),
    "secretsmanager.CreateSecret.Name": Form(
        r"[A-Za-z0-9/_+=.@-]{1,512}", "Secrets Manager API, CreateSecret"
    ),
    "secretsmanager.CreateSecret.Description": Form(
        r"[\x20-\x7E]{0,2048}", "Secrets Manager API gives no characters; held to ASCII"
    ),
    "s3.CreateBucket.Bucket": Form(
        r"(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)",
        "S3 user guide, Bucket naming rules",
    ),
    "monitoring.PutMetricAlarm.AlarmName": Form(_ANY_OF_255, "CloudWatch API, PutMetricAlarm"),
    "monitoring.PutMetricAlarm.MetricName": Form(
        r"[\x20-\x7E]{1,255}", "CloudWatch API, PutMetricAlarm: 255 characters, held to ASCII"
    ),
    "monitoring.PutMetricAlarm.AlarmDescription": Form(
        r"[\x20-\x7E]{0,1024}", "CloudWatch API gives no characters; held to ASCII"
    ),
    "events.PutRule.Description": Form(
        r"[\x20-\x7E]{0,512}", "EventBridge API gives no characters; held to ASCII"
    ),
    "*.Tags.Key": Form(_TAG, "Tagging AWS resources, Tag naming limits"),
    "*.Tags.Value": Form(_TAG, "Tagging AWS resources, Tag naming limits"),
    "*.tags.key": Form(_TAG, "Tagging AWS resources, Tag naming limits"),
    "*.tags.value": Form(_TAG, "Tagging AWS resources, Tag naming limits"),
}
"""By service, operation and parameter; the name of a list or a map stands for its items."""


def refused(model: OperationModel, params: Mapping[str, Any]) -> list[str]:
    """Return what AWS would refuse of a request, each with the form that it breaks."""
    path = f"{model.service_model.endpoint_prefix}.{model.name}"
    return list(_walk(model.input_shape, params, path)) if model.input_shape else []


def documented(path: str) -> Iterator[Form]:
    """Yield the forms of the table for a parameter."""
    return (form for name, form in DOCUMENTED.items() if fnmatchcase(path, name))


def has_form(path: str, shape: Shape) -> bool:
    """Tell whether anything says which characters a parameter takes."""
    return bool({"pattern", "enum"} & set(shape.metadata)) or any(documented(path))


def _walk(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, inner in value.items():
            yield from _walk(shape.members[name], inner, f"{path}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            yield from _walk(shape.member, inner, path)
        yield from _outside(shape, len(value), path)
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from _walk(shape.key, key, path)
            yield from _walk(shape.value, inner, path)
    elif shape.type_name == "string":
        yield from _text(shape, str(value), path)
    elif shape.type_name in ("integer", "long", "double", "float"):
        yield from _outside(shape, value, path)


def _text(shape: Shape, text: str, path: str) -> Iterator[str]:
    yield from _outside(shape, len(text), path)
    forms = [form.pattern for form in documented(path)]
    if "pattern" in shape.metadata:
        forms.append(shape.metadata["pattern"].replace(*SURROGATES))
    said = "a secret" if shape.metadata.get("sensitive") else repr(text)
    for form in dict.fromkeys(forms):
        if not _compiled(form).fullmatch(text):
            yield f"{path}: {said} is not {form}"
    if shape.metadata.get("enum") and text not in shape.metadata["enum"]:
        yield f"{path}: {said} is none of {shape.metadata['enum']}"


def _outside(shape: Shape, number: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and number < least) or (most is not None and number > most):
        yield f"{path}: {number} is not from {least} to {most}"


@cache
def _compiled(pattern: str) -> Any:
    return regex.compile(pattern, regex.DOTALL)
