"""IAM: the roles of MLflow's tasks, never more than their permissions boundary."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.core.errors import code, is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import ROLE_PATH, STACK_NAME_TAG, STACK_TAG, Owner, Tags
from cfn_mlflow.aws.core.replaced import Replaced
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Policy = Mapping[str, Any]
"""A policy document, as JSON is parsed."""

POLICY_NAME = "cfn-mlflow"
EARLIER = f"{POLICY_NAME}-before-"
"""Begins the name of an inline policy that was the role's until an update."""


def _iam() -> IAMClient:
    iam: IAMClient = client("iam")
    return iam


@dataclass(frozen=True)
class RoleView:
    """A role as it stands."""

    arn: str
    name: str
    trust: Policy
    policy: Policy
    boundary_arn: str
    tags: Tags


@dataclass(frozen=True, eq=False)
class Role(OwnedObject[RoleView]):
    """A role that ECS tasks of this account and Region take, with one inline policy."""

    display_name: ClassVar[str] = "role"

    part: str
    description: str
    policy: Value[Policy]
    boundary_arn: str

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the roles of one resource."""
        return f"{self.part} role"

    @property
    def name(self) -> str:
        """Return the role's name."""
        return role_name(self.owner, self.part)

    @property
    def trust(self) -> Policy:
        """Return who may take the role: ECS, on behalf of this account's tasks alone."""
        partition, region, account = self.owner.arn_parts
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": account},
                        "ArnLike": {"aws:SourceArn": f"arn:{partition}:ecs:{region}:{account}:*"},
                    },
                }
            ],
        }

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags, which name the role's owner and the stack for which its tasks act.

        The user's are not among them: whoever takes the role acts with its tags, and policies of
        the account may believe what they say.
        """
        return {**self._provider.tags, **self._of_stack}

    def observe(self) -> Observation[RoleView] | None:
        """Read the role and its policy (iam:GetRole, GetRolePolicy)."""
        try:
            role = _iam().get_role(RoleName=self.name)["Role"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self.found(
            RoleView(
                arn=role["Arn"],
                name=role["RoleName"],
                trust=_document(role.get("AssumeRolePolicyDocument", {})),
                policy=self._inline_policy(),
                boundary_arn=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
                tags=tag_map(role.get("Tags", [])),
            )
        )

    def create(self) -> None:
        """Make the role within its boundary (iam:CreateRole); `update` adds its policy."""
        _iam().create_role(
            RoleName=self.name,
            Path=ROLE_PATH,
            Description=self.description,
            AssumeRolePolicyDocument=json.dumps(self.trust),
            PermissionsBoundary=self.boundary_arn,
            Tags=tag_list(self.tags),
        )

    def compare(self, found: Observation[RoleView]) -> Observation[RoleView]:
        """Name what differs; documents are compared as what they say, not as text."""
        view = found.view
        return found.differing(
            {
                "trust policy": view.trust != self.trust,
                "policy": view.policy != known(self.policy),
                "permissions boundary": view.boundary_arn != self.boundary_arn,
                "tags": self._provider.lacks(view.tags, self._of_stack),
            }
        )

    def update(self, found: Observation[RoleView]) -> None:
        """Set what differs, the boundary first: it holds for a role without a stack, too.

        A role made before gets its stack here, and loses the user's tags: kept until 0.3.0.

        What it was allowed before, EarlierPolicies takes away in the end.
        Rests on iam:PutRolePermissionsBoundary, UpdateAssumeRolePolicy, PutRolePolicy, TagRole,
        UntagRole.
        """
        view, different = found.view, found.differs
        if "permissions boundary" in different:
            _iam().put_role_permissions_boundary(
                RoleName=self.name, PermissionsBoundary=self.boundary_arn
            )
        if "trust policy" in different:
            _iam().update_assume_role_policy(
                RoleName=self.name, PolicyDocument=json.dumps(self.trust)
            )
        if "policy" in different:
            self._change_policy(view.policy)
        if "tags" in different:
            take_off(
                self._provider,
                view.tags,
                lambda keys: _iam().untag_role(RoleName=self.name, TagKeys=keys),
            )
            _iam().tag_role(RoleName=self.name, Tags=tag_list(self.tags))

    def delete(self, view: RoleView) -> None:
        """Take the policies away, then the role.

        Rests on iam:ListRolePolicies, DeleteRolePolicy, DeleteRole.
        """
        del view
        try:
            for name in _iam().list_role_policies(RoleName=self.name)["PolicyNames"]:
                _iam().delete_role_policy(RoleName=self.name, PolicyName=name)
            _iam().delete_role(RoleName=self.name)
        except Exception as error:
            if not is_missing(error):
                raise

    @property
    def _provider(self) -> Owner:
        return replace(self.owner, user_tags={})

    @property
    def _of_stack(self) -> Tags:
        return {STACK_TAG: self.owner.stack_guid, STACK_NAME_TAG: self.owner.stack_name}

    def _change_policy(self, before: Policy) -> None:
        try:
            self._keep(before)
            self._put_policy()
        except Exception as error:
            if code(error) != "LimitExceeded":
                raise
            # There is no room for both: what is asked goes before what was.
            earlier = EarlierPolicies(self.owner, self.part)
            earlier.delete(earlier.names())
            self._put_policy()

    def _keep(self, policy: Policy) -> None:
        """Let the role do what it did: old tasks may start again until new ones have replaced them.

        Each policy has a name of its own, for several updates may fail one after the other.
        """
        if policy:
            text = json.dumps(policy, sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            _iam().put_role_policy(
                RoleName=self.name, PolicyName=EARLIER + digest, PolicyDocument=text
            )

    def _inline_policy(self) -> Policy:
        try:
            found = _iam().get_role_policy(RoleName=self.name, PolicyName=POLICY_NAME)
        except Exception as error:
            if is_missing(error):
                return {}
            raise
        return _document(found["PolicyDocument"])

    def _put_policy(self) -> None:
        _iam().put_role_policy(
            RoleName=self.name,
            PolicyName=POLICY_NAME,
            PolicyDocument=json.dumps(known(self.policy)),
        )


@dataclass(frozen=True, eq=False)
class EarlierPolicies(Replaced[tuple[str, ...]]):
    """What a role was allowed before its last changes, no more needed once the service serves."""

    display_name: ClassVar[str] = "earlier policies"

    part: str
    fallback_at: Value[str] = ""
    """Not empty while a fallback image runs: perhaps only an earlier policy allows its pull."""

    @property
    def label(self) -> str:
        """Return the display name, which distinguishes the roles of one resource."""
        return f"{self.display_name} of the {self.part} role"

    @property
    def name(self) -> str:
        """Return the role's name."""
        return role_name(self.owner, self.part)

    def observe(self) -> Observation[tuple[str, ...]] | None:
        """Find them by their names (iam:ListRolePolicies)."""
        names = () if known(self.fallback_at) else self.names()
        return Observation(names) if names else None

    def names(self) -> tuple[str, ...]:
        """Return the names of those that there are (iam:ListRolePolicies)."""
        try:
            names = _iam().list_role_policies(RoleName=self.name)["PolicyNames"]
        except Exception as error:
            if is_missing(error):
                return ()
            raise
        return tuple(name for name in names if name.startswith(EARLIER))

    def delete(self, view: tuple[str, ...]) -> None:
        """Take them away (iam:DeleteRolePolicy)."""
        for name in view:
            _iam().delete_role_policy(RoleName=self.name, PolicyName=name)


def role_name(owner: Owner, part: str) -> str:
    """Return the name of an owner's role, of at most 64 characters."""
    return owner.name(part, limit=64)


def _document(found: str | Mapping[str, Any]) -> Policy:
    """Return a policy document; botocore has decoded it already."""
    parsed: Policy = json.loads(found) if isinstance(found, str) else found
    return parsed
