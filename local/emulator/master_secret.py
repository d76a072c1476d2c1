"""The secret that RDS manages for a cluster's master: its marks, and who may touch it."""

import json
import secrets
import string
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import rds, secretsmanager

from local.emulator import patching
from local.emulator.patching import Function

OWNER = "rds"
_CLUSTER_TAG = "aws:rds:primaryDBClusterArn"
# RDS admits every printable character but / @ " and the space; all of them must survive the way
# to a libpq variable, so all of them occur.
_CHARACTERS = "".join(
    character
    for character in string.ascii_letters + string.digits + string.punctuation
    if character not in "/@\"'"
)


def install() -> None:
    """Let managed secrets look and behave as those that RDS makes."""
    patching.require(
        secretsmanager,
        "_resolve",
        "create_secret_in_process",
        "delete_secret_in_process",
    )
    patching.replace(rds, "_generate_master_user_password", lambda old: new_password)
    patching.replace(secretsmanager, "_describe_secret", _with_owner)
    patching.replace(secretsmanager, "_delete_secret", _unless_managed)


def new_password() -> str:
    """Return a password of 28 characters, of all the kinds that RDS may choose."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(28))


def mark(cluster: dict[str, Any]) -> None:
    """Give the managed secret of `cluster` the owner and the tag that RDS gives it."""
    arn = (cluster.get("MasterUserSecret") or {}).get("SecretArn")
    if not arn:
        return
    _, record = secretsmanager._resolve(arn, use_arn_scope=True)
    record["OwningService"] = OWNER
    record["RotationEnabled"] = True
    record["RotationRules"] = {"AutomaticallyAfterDays": 7}
    record["Tags"] = [
        {"Key": _CLUSTER_TAG, "Value": cluster["DBClusterArn"]},
        {"Key": "aws:secretsmanager:owningService", "Value": OWNER},
    ]


def _with_owner(old: Function) -> Function:
    def describe(data: dict[str, Any]) -> Any:
        status, headers, body = old(data)
        _, record = secretsmanager._resolve(data.get("SecretId"))
        if status == 200 and record and record.get("OwningService"):
            body = json.dumps({**json.loads(body), "OwningService": record["OwningService"]})
        return status, headers, body if isinstance(body, bytes) else body.encode()

    return describe


def _unless_managed(old: Function) -> Function:
    def delete(data: dict[str, Any]) -> Any:
        _, record = secretsmanager._resolve(data.get("SecretId"))
        if record and record.get("OwningService"):
            return error_response_json(
                "InvalidRequestException",
                "You can't delete a secret that is managed by another service: "
                f"{record['OwningService']}.",
                400,
            )
        return old(data)

    return delete
