"""The provider's template as plain data, and the words that its tests share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import decode

ROOT = Path(__file__).resolve().parents[3]
TYPES = ("MLflow", "MLflowBucket", "MLflowDatabase", "MLflowService", "MLflowSchema")
WORKING = (*TYPES, "Rotation")
"""The functions that act for stacks, in sessions of a working role."""
FUNCTIONS = (*WORKING, "LastWord")
READS = re.compile(r"^[a-z0-9-]+:(Describe|List|Get|Filter)")
OWN_KEY = ("Ref KmsKeyArn",)
"""The deployer's key for what the functions keep, as a statement names it."""
"""The actions that change nothing."""
OWNER_ON_REQUEST = "aws:RequestTag/cfn-mlflow:owner"
OWNER_ON_RESOURCE = "aws:ResourceTag/cfn-mlflow:owner"
ALLOW_ON_RESOURCE = "aws:ResourceTag/cfn-mlflow:allow"
SHARED_ON_RESOURCE = "aws:ResourceTag/cfn-mlflow:shared-with"
OWN = "${aws:PrincipalTag/cfn-mlflow:stack}/*"
"""What an owner tag is compared with: it begins with the GUID of the session's stack."""
DIGEST = "${aws:PrincipalTag/cfn-mlflow:digest}"
"""What a name is compared with: it ends in the digest of the session's resource."""

Json = dict[str, Any]


@cache
def template() -> Json:
    """Return the template, its intrinsic functions written out (`Fn::Sub` for `!Sub`)."""
    decoded, faults = decode(str(ROOT / "template.yaml"))
    assert not faults
    plain: Json = json.loads(json.dumps(decoded))
    return plain


def resources(kind: str) -> dict[str, Json]:
    """Return the resources of a type, by logical id."""
    found: dict[str, Json] = template()["Resources"]
    return {name: body for name, body in found.items() if body["Type"] == kind}


def properties(logical_id: str) -> Json:
    """Return a resource's properties."""
    found: Json = template()["Resources"][logical_id]["Properties"]
    return found


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, its lists written out."""

    policy: str
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Json

    @property
    def keys(self) -> set[str]:
        """Return the condition keys."""
        return {key for test in self.condition.values() for key in test}

    def values(self, test: str, key: str) -> tuple[str, ...]:
        """Return what a condition compares a key with; empty if it has no such condition."""
        return _texts(self.condition.get(test, {}).get(key, []))


def statements(policy: str) -> Iterator[Statement]:
    """Return the statements of a managed policy, those of a condition (`Fn::If`) included."""
    yield from _statements(policy, properties(policy)["PolicyDocument"])


def statements_of_role(role: str) -> Iterator[Statement]:
    """Return all statements that a role has, from its managed policies and its own."""
    for policy in managed_policies(role):
        yield from statements(policy)
    for own in properties(role).get("Policies", []):
        yield from _statements(f"{role}/{own['PolicyName']}", own["PolicyDocument"])


def roles_of(function: str) -> tuple[str, ...]:
    """Return the roles of a function: its own, and the one in whose sessions it works."""
    own = f"{function}Role"
    return (own, f"{function}WorkRole") if function in WORKING else (own,)


def statements_of(function: str) -> Iterator[Statement]:
    """Return all statements that a function has, by itself and in its sessions."""
    for role in roles_of(function):
        yield from statements_of_role(role)


def every_statement() -> Iterator[Statement]:
    """Return the statements of all policies, managed ones and those of a role alone, once each."""
    for policy in resources("AWS::IAM::ManagedPolicy"):
        yield from statements(policy)
    for role in resources("AWS::IAM::Role"):
        yield from (found for found in statements_of_role(role) if "/" in found.policy)


def managed_policies(role: str) -> tuple[str, ...]:
    """Return the logical ids of a role's managed policies."""
    return tuple(ref["Ref"] for ref in properties(role).get("ManagedPolicyArns", []))


def _statements(policy: str, document: Json) -> Iterator[Statement]:
    for found in document["Statement"]:
        body = found["Fn::If"][1] if "Fn::If" in found else found
        yield Statement(
            policy=policy,
            sid=body["Sid"],
            effect=body["Effect"],
            actions=_texts(body["Action"]),
            resources=_texts(body["Resource"]),
            condition=body.get("Condition", {}),
        )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in (value if isinstance(value, list) else [value]))


def _text(value: object) -> str:
    if isinstance(value, dict):
        ((function, argument),) = value.items()
        if function == "Fn::Split" and set(argument[1]) == {"Ref"}:
            return f"Ref {argument[1]['Ref']}"  # a list that the deployer wrote
        return f"{function} {argument}" if function != "Fn::Sub" else argument.replace("${!", "${")
    return str(value)
