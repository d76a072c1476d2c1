"""How the rules of the provider are called, and by which alias they invoke its functions."""

from __future__ import annotations

from typing import Final

from cfn_mlflow.aws.core.owner import Owner

OPERATOR: Final = "operator"
"""The alias by which operators, and the role of the provider's rules, invoke a function.

No policy of the functions names it, so only IAM lets anybody in.
"""

ROTATION_RULE: Final = "rotation"
SCHEMA_RULE: Final = "schema"
"""What a rule is for, in its name: the provider's policies know it by that."""

LONGEST_NAME: Final = 64


def rule_name(owner: Owner, part: str) -> str:
    """Return the name of a resource's rule."""
    return owner.name(part, limit=LONGEST_NAME)
