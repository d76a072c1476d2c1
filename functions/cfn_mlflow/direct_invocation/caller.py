"""Who sent an event that CloudFormation did not send, and whether they are served.

IAM lets operators, and the role of the provider's rules, invoke the alias `operator`. They are
served. Whoever deploys a stack may invoke the function itself. So may any rule of a certain name,
because rules of release 0.1 have no role. That way in is kept until 0.3.0. The event of such a rule
must be the rule's input, word for word. The rule's stack must work with the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.aws.core.owner import OWNER_TAG, Owner, Tags
from cfn_mlflow.aws.core.sharers import sharers_of
from cfn_mlflow.aws.events.rule_names import OPERATOR, rule_name
from cfn_mlflow.aws.events.rule_without_role import tags_of_rule_that_says
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason

ALIAS = 7
"""The place of the alias in a function's ARN, counted from 0 between the colons."""

_RESOURCE = re.compile(r"([a-z][a-z0-9-]{0,62})-([a-z2-7]{10})")
"""Matches the name of a resource of ours: its prefix and its digest."""

REFUSED = (
    f"only CloudFormation is served here. Operators invoke the function by its alias "
    f"(--qualifier {OPERATOR})"
)


class NotServedError(PermanentError):
    """The caller is not served: nothing has begun, and nothing has failed."""


@dataclass(frozen=True)
class Caller:
    """Whoever invoked the function, known by the invoked ARN and the event."""

    invoked_arn: str
    event: Mapping[str, Any]

    @property
    def is_operator(self) -> bool:
        """Tell whether the alias for operators was invoked, so that IAM has judged the caller."""
        return self.invoked_arn.split(":")[ALIAS:] == [OPERATOR]

    def check(self, part: str, resource: str, cluster: Tags) -> None:
        """Raise NotServedError unless the caller is served, for a cluster with these tags.

        `resource` is the name of the resource whose rule sends such events. `part` is the rule's
        purpose. Raises TemporaryError if AWS cannot tell now.
        """
        rule = self.rule(part, resource)
        if rule is not None and OWNER_TAG in cluster and not sharers_of(cluster).admit(rule):
            raise NotServedError(
                Reason.NotShared,
                "the database is not shared with the schedule's stack. Name the stack "
                "in SharedWithStacks of the database, deploy that stack, then the schedule's",
            )

    def rule(self, part: str, resource: str) -> Tags | None:
        """Return the tags of the rule that sent the event; None if an operator sent it.

        Raises NotServedError if there is no such rule, and TemporaryError if AWS cannot tell now.
        """
        if self.is_operator:
            return None
        named = _RESOURCE.fullmatch(resource)
        tags = self._said_by(part, named[1], named[2]) if named else None
        if tags is None or OWNER_TAG not in tags:
            raise NotServedError(Reason.CallerRefused, REFUSED)
        return tags

    def _said_by(self, part: str, prefix: str, digest: str) -> Tags | None:
        name = rule_name(Owner("", "", "", digest, "", prefix), part)
        return tags_of_rule_that_says(self.event, name, self.invoked_arn)
