"""Asks an evaluator of IAM policies that is none of ours: @cloud-copilot/iam-simulate."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.support.template.deployed_policies import ACCOUNT, managed, policies_of, role_arn
from tests.support.template.objects_of_stacks import Stack, Thing
from tests.support.template.provider_template import every_statement
from tests.support.tools.environments import HERE, NodePackages, node

PACKAGES = NodePackages("an evaluator of IAM policies", HERE / "iam-simulate")


KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
"""What a key's policy says unless told otherwise: the account's policies decide."""


@dataclass(frozen=True)
class Request:
    """One request: whose session asks for which action on what, and what else it tells."""

    role: str
    stack: Stack
    action: str
    thing: Thing
    context: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def simulation(self) -> dict[str, Any]:
        """Return it as the evaluator takes it."""
        found = simulation(self.action, self.thing, self.stack.principal_tags, self.context)
        found["request"]["principal"] = role_arn(self.role)
        found["identityPolicies"] = [
            {"name": name, "policy": document} for name, document in policies_of(self.role)
        ]
        return found


def simulation(
    action: str, thing: Thing, principal_tags: dict[str, str], context: dict[str, Any]
) -> dict[str, Any]:
    """Return a request of a principal with these tags, without any policy yet."""
    return {
        "request": {
            "action": action,
            "resource": {"resource": thing.arn, "accountId": ACCOUNT},
            "contextVariables": {
                "aws:ResourceAccount": ACCOUNT,
                **{f"aws:PrincipalTag/{key}": value for key, value in principal_tags.items()},
                **{f"aws:ResourceTag/{key}": value for key, value in thing.tags.items()},
                **context,
            },
        },
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        "additionalSettings": {"s3": {"bucketAbacEnabled": True}},
        **({"resourcePolicy": KEY_POLICY} if ":kms:" in thing.arn else {}),
    }


def of_task(
    boundary: str, tags: dict[str, str], action: str, thing: Thing, context: dict[str, Any]
) -> dict[str, Any]:
    """Return a request of a task's role that may do all within a boundary."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    own = {"Version": "2012-10-17", "Statement": [everything]}
    role = f"arn:aws:iam::{ACCOUNT}:role/cfn-mlflow/of-a-task"
    found = simulation(action, thing, tags, {"aws:PrincipalArn": role, **context})
    found["request"]["principal"] = role
    found["identityPolicies"] = [{"name": "own", "policy": own}]
    found["permissionBoundaryPolicies"] = [{"name": boundary, "policy": managed(boundary)}]
    return found


NEVER_ASKED = ("no.resource.types", "multiple.resource.types")
"""What the evaluator says where an action is not asked about such an object."""


def allowed(simulations: Iterable[dict[str, Any]]) -> list[bool]:
    """Return for each request whether IAM would allow it. Fails for one that is no request."""
    answers = ask([{"simulation": one} for one in simulations])
    faults = {answer["error"] for answer in answers if "error" in answer}
    assert not [fault for fault in faults if not any(known in fault for known in NEVER_ASKED)]
    return [answer.get("decision") == "Allowed" for answer in answers]


@cache
def known() -> dict[str, Any]:
    """Return what each action of the template knows: condition keys, and kinds of resources."""
    actions = sorted({action for found in every_statement() for action in found.actions})
    answers = ask([{"action": action} for action in actions])
    return dict(zip(actions, answers, strict=True))


def ask(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask the evaluator, all questions at once."""
    done = subprocess.run(  # noqa: S603 - Node and a script of ours
        [node(), HERE / "iam-simulate" / "simulate.mjs", PACKAGES.made().parent],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
