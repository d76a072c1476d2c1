"""Who sent an event that CloudFormation did not send, and what they are served.

IAM lets operators, and the role of the provider's rules, invoke the alias `operator`. What they ask
is served. The function itself is open to whoever deploys a stack, and to any rule of a certain
name, for rules of 0.1 have no role. Such a caller is kept until 0.3.0. They are served only what
such a rule says, word for word, and only if the rule is of a stack that works with the database.
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

ALIAS = 7
"""Where a function's ARN names the alias, if it does."""

_RESOURCE = re.compile(r"([a-z][a-z0-9-]{0,62})-([a-z2-7]{10})")
"""The name of a resource of ours: its prefix and its digest."""

REFUSED = (
    f"nobody is served here but CloudFormation. Operators invoke the function by its alias "
    f"(--qualifier {OPERATOR})"
)


class NotServedError(PermanentError):
    """The caller is not served here: nothing was begun, and nothing has failed."""


@dataclass(frozen=True)
class Caller:
    """Whoever invoked the function: by which ARN, with which event."""

    invoked_arn: str
    event: Mapping[str, Any]

    @property
    def is_operator(self) -> bool:
        """Tell whether IAM alone decides who this is."""
        return self.invoked_arn.split(":")[ALIAS:] == [OPERATOR]

    def check(self, part: str, resource: str, cluster: Tags) -> None:
        """Raise NotServedError unless the event is served here, for a cluster with these tags.

        `resource` is the name of the resource whose rule would ask for it, and `part` is what the
        rule is for. Raises TemporaryError if that cannot be told now.
        """
        rule = self.rule(part, resource)
        if rule is not None and OWNER_TAG in cluster and not sharers_of(cluster).admit(rule):
            raise NotServedError(
                "the schedule is of a stack that the database is not shared with. Name the stack "
                "in SharedWithStacks of the database, deploy that stack, then the schedule's"
            )

    def rule(self, part: str, resource: str) -> Tags | None:
        """Return the tags of the rule that sent the event; None from an operator, who needs none.

        Raises NotServedError if no such rule is there.
        """
        if self.is_operator:
            return None
        named = _RESOURCE.fullmatch(resource)
        tags = self._said_by(part, named[1], named[2]) if named else None
        if tags is None or OWNER_TAG not in tags:
            raise NotServedError(REFUSED)
        return tags

    def _said_by(self, part: str, prefix: str, digest: str) -> Tags | None:
        name = rule_name(Owner("", "", "", digest, "", prefix), part)
        return tags_of_rule_that_says(self.event, name, self.invoked_arn)
