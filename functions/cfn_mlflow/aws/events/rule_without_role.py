"""EventBridge: a rule of the provider's that invokes a function without a role.

Until 0.2.0 every rule did, and such rules are kept until 0.3.0. Their event tells nothing of the
rule that sent it, and any rule of a certain name may send one. So the rule is looked up by the
name that it must have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cfn_mlflow.aws.core.errors import explain, is_missing
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import own_client

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


def tags_of_rule_that_says(event: Mapping[str, Any], rule: str, function_arn: str) -> Tags | None:
    """Return the tags of a rule on the default bus if it sends this event to the function.

    None if there is no such rule, if it is not on, has a role, or says something else. Rests on
    events:DescribeRule, ListTargetsByRule and ListTagsForResource by the function's own role.
    Raises TemporaryError or PermanentError.
    """
    events: EventBridgeClient = own_client("events")
    try:
        found = events.describe_rule(Name=rule)
        targets = events.list_targets_by_rule(Rule=rule)["Targets"]
        tags = tag_map(events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"])
    except Exception as error:
        if is_missing(error):
            return None
        raise explain(f"rule {rule}", error) from error
    is_on = found.get("State") == "ENABLED" and bool(found.get("ScheduleExpression"))
    says = any(_sends(target, event, function_arn) for target in targets)
    return tags if is_on and says else None


def _sends(target: Mapping[str, Any], event: Mapping[str, Any], function_arn: str) -> bool:
    if target["Arn"] != function_arn or target.get("RoleArn"):
        return False
    try:
        return bool(json.loads(target.get("Input", "")) == event)
    except ValueError:
        return False
