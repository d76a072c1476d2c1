"""The password of a cluster's master: which RDS takes, and the secret that it manages for it."""

import json
import secrets
import string
import time
from typing import Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import rds, secretsmanager

from local.emulator.core import journal, patching
from local.emulator.core.patching import Function, Params, text
from local.emulator.rds.states import CHANGING_SECONDS, become

OWNER = "rds"
_RESERVED_USERS = ("admin", "rdsadmin", "postgres", "rds_superuser")
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
        "_apply_current_promotion",
        "_resolve",
        "create_secret_in_process",
        "delete_secret_in_process",
    )
    patching.replace(rds, "_generate_master_user_password", lambda old: new_password)
    patching.replace(secretsmanager, "_describe_secret", _with_owner)
    patching.replace(secretsmanager, "_delete_secret", _unless_managed)
    patching.replace(secretsmanager, "_rotate_secret", _rotation)
    patching.require(rds, "_apply_cluster_master_password_change", "_clusters")


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


def login_refusal(params: Params) -> Any:
    """Return why RDS does not take the master's name or password, or None."""
    user, password = text(params, "MasterUsername"), text(params, "MasterUserPassword")
    if user.lower() in _RESERVED_USERS and user.lower() != "postgres":
        return rds._error(
            "InvalidParameterValue",
            f"MasterUsername {user} cannot be used as it is a reserved word used by the engine",
            400,
        )
    return refusal(password)


def refusal(password: str) -> Any:
    """Return why RDS does not take the master's password, or None."""
    if password and len(password) < 8:
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password because it is shorter than "
            "8 characters.",
            400,
        )
    if len(password) > 41:
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password because it is longer than "
            "41 characters.",
            400,
        )
    if any(character in password for character in '/@" '):
        return rds._error(
            "InvalidParameterValue",
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII "
            "characters besides '/', '@', '\"', ' ' may be used.",
            400,
        )
    return None


def make_secret(cluster: dict[str, Any], key: str) -> None:
    """Let RDS manage the master's password: a new one, in a secret under `key`."""
    password = new_password()
    arn = secretsmanager.create_secret_in_process(
        f"rds!cluster-{new_uuid()}",
        json.dumps({"username": cluster["MasterUsername"], "password": password}),
        description=f"Secret managed by RDS for DB cluster {cluster['DBClusterIdentifier']}",
    )
    cluster["MasterUserSecret"] = {"SecretArn": arn, "SecretStatus": "active", "KmsKeyId": key}
    mark(cluster)
    rds._apply_cluster_master_password_change(cluster, password)


def drop_secret(cluster: dict[str, Any]) -> None:
    """Delete the secret that RDS manages, if there is one."""
    secret = cluster.pop("MasterUserSecret", None)
    if secret:
        secretsmanager.delete_secret_in_process(secret["SecretArn"])


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


def _rotation(old: Function) -> Function:
    """RotateSecret: of a managed secret RDS does it, soon after the answer and without a Lambda."""

    def rotate(data: dict[str, Any]) -> Any:
        _, record = secretsmanager._resolve(data.get("SecretId"))
        if not record or not record.get("OwningService"):
            return old(data)
        cluster = _cluster_of(record)
        if cluster is None or cluster["Status"] != "available":
            return error_response_json(
                "InvalidRequestException",
                "You can't rotate this secret now: its DB cluster isn't available.",
                400,
            )
        record["RotationRules"] = data.get("RotationRules") or record["RotationRules"]
        answer = {"ARN": record["ARN"], "Name": record["Name"]}
        if data.get("RotateImmediately") is False:
            return json_response(answer)
        version = data.get("ClientRequestToken") or new_uuid()
        become(
            cluster,
            "resetting-master-credentials",
            "available",
            CHANGING_SECONDS,
            lambda: _rotate(cluster, record, version),
        )
        return json_response({**answer, "VersionId": version})

    return rotate


def _cluster_of(record: dict[str, Any]) -> dict[str, Any] | None:
    for cluster in rds._clusters.values():
        if (cluster.get("MasterUserSecret") or {}).get("SecretArn") == record["ARN"]:
            found: dict[str, Any] = cluster
            return found
    return None


def _rotate(cluster: dict[str, Any], record: dict[str, Any], version: str) -> None:
    password = new_password()
    value = {"username": cluster["MasterUsername"], "password": password}
    journal.secret(f"secret {record['Name']}", json.dumps(value))
    record["Versions"][version] = {
        "SecretString": json.dumps(value),
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": [],
    }
    secretsmanager._apply_current_promotion(record, version)
    rds._apply_cluster_master_password_change(cluster, password)
