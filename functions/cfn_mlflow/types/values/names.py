"""The forms of names and ARNs: those of AWS, and those in databases, buckets and containers."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.lists import ListWords, read_list
from cfn_mlflow.types.values.rules import WORDS, ValueRule, read_text, text

_PATH = "must start with / and have plain steps, such as /mlflow/artifacts"
_ARN = r"arn:aws(?:-[a-z]+)*"


def read_path(value: object) -> str:
    """Return a path in a bucket, which begins with `/` and does not end with it.

    The root is `/` alone. Raises WrongValueError for any other form.
    """
    path = read_text(value)
    steps = path.strip("/").split("/") if path != "/" else []
    plain = re.compile(r"[A-Za-z0-9!_.*'()=-]+")
    wrong = not path.startswith("/") or path.endswith("//") or len(path) > 512
    read = "/" + "/".join(steps)
    if wrong or any(not plain.fullmatch(step) or step in {".", ".."} for step in steps):
        raise WrongValueError(_PATH, read)
    return read


UniqueName = Annotated[
    str,
    text(
        r"(?=.{1,32}$)(?!(internal|sg)(-|$))[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "be 1 to 32 small letters, digits and single hyphens, a letter first, and not begin with"
        " internal- or sg-, which AWS keeps for itself",
    ),
]
BucketName = Annotated[
    str,
    text(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", "be a bucket's name, not its ARN or URL"),
]
BucketPath = Annotated[str, ValueRule(read_path, {"type": "string", "pattern": "^/", WORDS: _PATH})]
DatabaseName = Annotated[
    str,
    text(r"[a-z][a-z0-9_]{0,62}", "be 1 to 63 small letters, digits and _, a letter first"),
]
Revision = Annotated[
    str, text(r"[0-9a-z]{1,32}", "be a revision of MLflow's schema, such as dc11669786a5")
]
ContainerUser = Annotated[
    str,
    text(
        r"[0-9A-Za-z_][0-9A-Za-z_.-]{0,31}(:[0-9A-Za-z_][0-9A-Za-z_.-]{0,31})?",
        "be a user or a user and a group, by number or name, such as 10001:10001",
    ),
]
ServerOptions = Annotated[str, text(r"[ -~]{0,1024}", "be at most 1024 printable ASCII characters")]

BucketArn = Annotated[
    str,
    text(
        _ARN + r":s3:::[A-Za-z0-9*?][A-Za-z0-9._*?-]{0,254}", "be a bucket's ARN, arn:aws:s3:::..."
    ),
]
KeyArn = Annotated[
    str,
    text(
        _ARN + r":kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+", "be a KMS key's ARN, arn:aws:kms:..."
    ),
]
_SECRET_ARN = _ARN + r":secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[0-9A-Za-z/_+=.@!-]+"
SECRET_ARN = text(_SECRET_ARN, "be a secret's ARN, arn:aws:secretsmanager:... (never a password)")
SECRET_VALUE = text(
    _SECRET_ARN + r"(?::[^:*?]*:[^:*?]*:[^:*?]*)?",
    "be a secret's ARN, arn:aws:secretsmanager:..., with :key:stage:id behind it or without; tasks"
    " can read no parameter of SSM",
)
"""The reference by which a container gets a secret value: an ARN, and `:key:stage:id` if given."""
SecretArn = Annotated[str, SECRET_ARN]
ClusterArn = Annotated[
    str,
    text(
        _ARN + r":rds:[a-z0-9-]+:[0-9]{12}:cluster:[0-9A-Za-z-]+",
        "be a database cluster's ARN, arn:aws:rds:...:cluster:...",
    ),
]
TopicArn = Annotated[
    str,
    text(
        _ARN + r":sns:[a-z0-9-]+:[0-9]{12}:[0-9A-Za-z_-]{1,256}",
        "be the ARN of an SNS topic that is not FIFO, arn:aws:sns:...",
    ),
]
TaskDefinitionArn = Annotated[
    str,
    text(
        _ARN + r":ecs:[a-z0-9-]+:[0-9]{12}:task-definition/[0-9A-Za-z_-]+:[0-9]+",
        "be a task definition's ARN, arn:aws:ecs:...:task-definition/...",
    ),
]
BucketArns = Annotated[tuple[BucketArn, ...], BeforeValidator(read_list), ListWords()]
