"""EventBridge: a rule that invokes a function of the provider on a schedule, with an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cfn_mlflow.aws.core.compare import covers
from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Owner, Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.aws.events.rule_names import OPERATOR, rule_name
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.outcome import TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

TARGET: Final = "function"
TRIES_AGAIN = 2
SECONDS_OF_AN_EVENT = 3600
"""An event that Lambda does not take for so long is dropped: the next one comes anyway."""


def _events() -> EventBridgeClient:
    events: EventBridgeClient = client("events")
    return events


def function_arn(owner: Owner, name: str) -> str:
    """Return the ARN by which rules invoke a function of the provider, such as `MLflowSchema`."""
    partition, region, account = owner.arn_parts
    return f"arn:{partition}:lambda:{region}:{account}:function:{owner.provider}-{name}:{OPERATOR}"


def role_arn(owner: Owner) -> str:
    """Return the ARN of the role with which the provider's rules invoke its functions."""
    partition, region, account = owner.arn_parts
    return f"arn:{partition}:iam::{account}:role/{owner.provider}-rules-{region}"


@dataclass(frozen=True)
class RuleView:
    """A rule as it stands, with its targets as EventBridge tells them."""

    arn: str
    expression: str
    enabled: bool
    targets: tuple[Mapping[str, Any], ...]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Rule(OwnedObject[RuleView]):
    """A rule on the default bus: when, which function, and the event it is given.

    The event stands in the rule for all to read: nothing secret may be in it.
    """

    display_name: ClassVar[str] = "schedule"

    part: str
    """The part of the name that says what it is for. The provider's policies match it."""
    expression: str
    function_arn: str
    event: Value[Mapping[str, Any]]

    @property
    def label(self) -> str:
        """Return the display name, which says what it is for."""
        return f"{self.part} schedule"

    @property
    def name(self) -> str:
        """Return the rule's name."""
        return rule_name(self.owner, self.part)

    @property
    def target(self) -> dict[str, Any]:
        """Return the target that is asked."""
        return {
            "Id": TARGET,
            "Arn": self.function_arn,
            "RoleArn": role_arn(self.owner),
            "Input": json.dumps(known(self.event), sort_keys=True),
            "RetryPolicy": {
                "MaximumRetryAttempts": TRIES_AGAIN,
                "MaximumEventAgeInSeconds": SECONDS_OF_AN_EVENT,
            },
        }

    def observe(self) -> Observation[RuleView] | None:
        """Find it by its name (events:DescribeRule, ListTargetsByRule, ListTagsForResource)."""
        try:
            found = _events().describe_rule(Name=self.name)
            targets = _events().list_targets_by_rule(Rule=self.name)["Targets"]
            tags = _events().list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return self.found(
            RuleView(
                arn=found["Arn"],
                expression=found.get("ScheduleExpression", ""),
                enabled=found.get("State") == "ENABLED",
                targets=tuple(targets),
                tags=tag_map(tags),
            )
        )

    def create(self) -> None:
        """Make the rule with its tags (events:PutRule); its target follows."""
        self._put(Tags=tag_list(self.owner.tags))

    def compare(self, found: Observation[RuleView]) -> Observation[RuleView]:
        """Name expression, target and tags where they differ."""
        view = found.view
        return found.differing(
            {
                "expression": (view.expression, view.enabled) != (self.expression, True),
                "target": not covers(view.targets, [self.target]),
                "tags": self.owner.lacks(view.tags),
            }
        )

    def update(self, found: Observation[RuleView]) -> None:
        """Set what differs.

        Rests on events:PutRule, PutTargets, RemoveTargets, TagResource, UntagResource, and on
        iam:PassRole.
        """
        view = found.view
        if "expression" in found.differs:
            self._put()
        if "target" in found.differs:
            self._remove_targets([t["Id"] for t in view.targets if t["Id"] != TARGET])
            target: Any = self.target
            _all_of(_events().put_targets(Rule=self.name, Targets=[target]))
        if "tags" in found.differs:
            take_off(
                self.owner,
                view.tags,
                lambda keys: _events().untag_resource(ResourceARN=view.arn, TagKeys=keys),
            )
            _events().tag_resource(ResourceARN=view.arn, Tags=tag_list(self.owner.tags))

    def delete(self, view: RuleView) -> None:
        """Delete it, its targets first (events:RemoveTargets, DeleteRule)."""
        try:
            self._remove_targets([target["Id"] for target in view.targets])
            _events().delete_rule(Name=self.name)
        except Exception as error:
            if not is_missing(error):
                raise

    def _put(self, **more: Any) -> None:
        _events().put_rule(
            Name=self.name, ScheduleExpression=self.expression, State="ENABLED", **more
        )

    def _remove_targets(self, ids: list[str]) -> None:
        if ids:
            _all_of(_events().remove_targets(Rule=self.name, Ids=ids))


def _all_of(answer: Mapping[str, Any]) -> None:
    """Take an answer that tells of its failures by their number alone."""
    if answer["FailedEntryCount"]:
        failed = answer["FailedEntries"][0].get("ErrorCode", "no reason given")
        raise TemporaryError(f"EventBridge did not take its target ({failed}); trying again")
