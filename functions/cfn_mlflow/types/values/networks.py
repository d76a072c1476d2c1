"""How single values arrive from CloudFormation (scalars as strings), and what each may be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from cfn_mlflow.types.values.faults import UNREAD, WrongValueError
from cfn_mlflow.types.values.schedules import FORMS, NEVER, schedule_fault
from cfn_mlflow.types.values.standing import read_or_stand

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What CloudWatch Logs takes (PutRetentionPolicy)."""

WORDS = "errorMessage"
"""Where a schema has what a value must be, in words; editors and the linter's rules tell it."""

_BOOLEAN = "must be true or false"
_WHOLE_NUMBER = "must be a whole number"
_NUMBER = "must be a number"
_CIDR_BLOCK = "must be an IPv4 CIDR block such as 10.0.0.0/8, no host bits set"
_PATH = "must start with / and have plain steps, such as /mlflow/artifacts"
_LIST = "must be a list, not a string; split a string with !Split [',', ...]"

_ARN = r"arn:aws(?:-[a-z]+)*"
_DIGITS = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, eq=False)
class Rule:
    """How a value is read, and what the JSON Schema says of it; the whole of a field's type."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        name = handler.field_name

        def read(value: object, info: ValidationInfo) -> object:
            return read_or_stand(self.read, value, name, info)

        return core_schema.with_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


def read_text(value: object) -> str:
    """Return one string, or say that it is not one."""
    if not isinstance(value, str):
        raise WrongValueError("must be a single string")
    return value


def read_boolean(value: object) -> bool:
    """Return true or false; CloudFormation sends either as a string."""
    word = str(value).lower() if isinstance(value, bool | str) else ""
    if word not in {"true", "false"}:
        raise WrongValueError(_BOOLEAN)
    return word == "true"


def read_number(value: object) -> float:
    """Return a decimal number; CloudFormation sends it as a string."""
    text = "" if isinstance(value, bool) else str(value)
    if not isinstance(value, int | float | str) or not _DECIMAL.fullmatch(text):
        raise WrongValueError(_NUMBER)
    return float(text)


def read_integer(value: object) -> int:
    """Return a whole number; CloudFormation sends it as a string."""
    text = "" if isinstance(value, bool) else str(value)
    if not isinstance(value, int | str) or not _DIGITS.fullmatch(text):
        raise WrongValueError(_WHOLE_NUMBER)
    return int(text)


def integer(lowest: int, highest: int) -> Rule:
    """Return the rule of a whole number between the two, both included."""

    def read(value: object) -> int:
        number = read_integer(value)
        if not lowest <= number <= highest:
            raise WrongValueError(f"must be {lowest} to {highest}", number)
        return number

    return Rule(
        read, {"type": "integer", "minimum": lowest, "maximum": highest, WORDS: _WHOLE_NUMBER}
    )


def integer_of(*allowed: int) -> Rule:
    """Return the rule of a whole number that is one of those."""
    must = f"must be one of {', '.join(map(str, allowed))}"

    def read(value: object) -> int:
        number = read_integer(value)
        if number not in allowed:
            raise WrongValueError(must, number)
        return number

    return Rule(read, {"type": "integer", "enum": list(allowed), WORDS: must})


def half_steps(lowest: float, highest: float) -> Rule:
    """Return the rule of a number between the two in steps of a half."""

    def read(value: object) -> float:
        number = read_number(value)
        if not lowest <= number <= highest or number * 2 % 1:
            raise WrongValueError(f"must be {lowest:g} to {highest:g} in steps of 0.5", number)
        return number

    limits = {"minimum": lowest, "maximum": highest, "multipleOf": 0.5}
    return Rule(read, {"type": "number", **limits, WORDS: _NUMBER})


def choice(*allowed: str) -> Rule:
    """Return the rule of a string that is one of those."""
    must = f"must be {' or '.join(allowed)}"

    def read(value: object) -> str:
        if value not in allowed:
            raise WrongValueError(must, value if isinstance(value, str) else UNREAD)
        return read_text(value)

    return Rule(read, {"type": "string", "enum": list(allowed), WORDS: must})


def text(pattern: str, must: str) -> Rule:
    """Return the rule of a string that is wholly of a form; `must` says which, in words."""
    form = re.compile(pattern)

    def read(value: object) -> str:
        if not form.fullmatch(read_text(value)):
            raise WrongValueError(f"must {must}", value)
        return read_text(value)

    return Rule(read, {"type": "string", "pattern": f"^(?:{pattern})$", WORDS: f"must {must}"})


def read_cidr_block(value: object) -> str:
    """Return an IPv4 block in CIDR form."""
    block = read_text(value)
    if not _is_cidr_block(block):
        raise WrongValueError(_CIDR_BLOCK, block)
    return block


def _is_cidr_block(block: str) -> bool:
    try:
        ipaddress.IPv4Network(block)
    except ValueError:
        return False
    return "/" in block


def read_path(value: object) -> str:
    """Return a path in a bucket: a `/` first and none last, the root alone being `/`."""
    path = read_text(value)
    steps = path.strip("/").split("/") if path != "/" else []
    plain = re.compile(r"[A-Za-z0-9!_.*'()=-]+")
    wrong = not path.startswith("/") or path.endswith("//") or len(path) > 512
    read = "/" + "/".join(steps)
    if wrong or any(not plain.fullmatch(step) or step in {".", ".."} for step in steps):
        raise WrongValueError(_PATH, read)
    return read


def read_schedule(value: object) -> str:
    """Return a schedule of EventBridge, or the word that turns it off."""
    expression = read_text(value)
    fault = "" if expression == NEVER else schedule_fault(expression)
    if fault:
        raise WrongValueError(f"{fault}; {NEVER} turns it off", expression)
    return expression


def read_list(value: object) -> list[object]:
    """Return a list without its empty items (an empty CommaDelimitedList holds one)."""
    if isinstance(value, str):
        raise WrongValueError(_LIST)
    if not isinstance(value, list | tuple):
        raise WrongValueError("must be a list")
    items = [item for item in value if item != ""]
    if any(item in items[:index] for index, item in enumerate(items)):
        raise WrongValueError("must not name the same twice")
    return items


class ListWords:
    """What a list's schema says of a value that is none."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), WORDS: _LIST}


Boolean = Annotated[bool, Rule(read_boolean, {"type": "boolean", WORDS: _BOOLEAN})]
CidrBlock = Annotated[
    str,
    Rule(
        read_cidr_block,
        {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", WORDS: _CIDR_BLOCK},
    ),
]
BucketPath = Annotated[str, Rule(read_path, {"type": "string", "pattern": "^/", WORDS: _PATH})]
UniqueName = Annotated[
    str,
    text(
        r"(?=.{1,32}$)(?!(internal|sg)(-|$))[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "be 1 to 32 small letters, digits and single hyphens, a letter first, and not begin with"
        " internal- or sg-, which AWS keeps for itself",
    ),
]
Schedule = Annotated[
    str,
    Rule(
        read_schedule,
        {
            "type": "string",
            "pattern": rf"^({NEVER}|rate\([0-9]+ [a-z]+\)|cron\([^()]+\))$",
            WORDS: f"{FORMS}; {NEVER} turns it off",
        },
    ),
]
VpcId = Annotated[str, text(r"vpc-[0-9A-Za-z]+", "be a VPC's id, vpc-...")]
SubnetId = Annotated[str, text(r"subnet-[0-9A-Za-z]+", "be a subnet's id, subnet-...")]
SecurityGroupId = Annotated[str, text(r"sg-[0-9A-Za-z]+", "be a security group's id, sg-...")]
BucketName = Annotated[
    str,
    text(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", "be a bucket's name, not its ARN or URL"),
]
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
"""Where a container finds the value of a variable; what is left out of the last three is empty."""
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
HostName = Annotated[
    str, text(r"[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?", "be a host name, without a port")
]
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
LogRetention = Annotated[int, integer_of(*LOG_RETENTION_DAYS)]

SubnetIds = Annotated[
    tuple[SubnetId, ...], Field(min_length=1), BeforeValidator(read_list), ListWords()
]
TwoSubnetIds = Annotated[
    tuple[SubnetId, ...], Field(min_length=2), BeforeValidator(read_list), ListWords()
]
CidrBlocks = Annotated[
    tuple[CidrBlock, ...], Field(min_length=1), BeforeValidator(read_list), ListWords()
]
BucketArns = Annotated[tuple[BucketArn, ...], BeforeValidator(read_list), ListWords()]
