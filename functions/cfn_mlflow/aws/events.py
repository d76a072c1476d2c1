"""EventBridge: a rule that invokes a function of the provider on a schedule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.compare import covers
from cfn_mlflow.aws.errors import is_missing
from cfn_mlflow.aws.object import OwnedObject, tag_list, tag_map
from cfn_mlflow.aws.owner import Tags
from cfn_mlflow.aws.session import client

TARGET_ID = "function"
CLUSTER_KEY = "DatabaseClusterId"
"""The one thing that a rotation is told: the cluster whose logins take turns."""

REQUEST_KEY = "Request"
"""What the event is known by: EventBridge may deliver it twice."""


def _events() -> Any:
    return client("events")


@dataclass(frozen=True)
class ScheduleRuleView:
    """A rule as it stands."""

    arn: str
    schedule: str
    enabled: bool
    targets: tuple[Mapping[str, Any], ...]
    tags: Tags


@dataclass(frozen=True, eq=False)
class ScheduleRule(OwnedObject[ScheduleRuleView]):
    """A rule that invokes a function with an event that names one resource, and no secret.

    The function's own policy admits the account's rules of this name (the provider's template).
    """

    words: ClassVar[str] = "schedule"

    part: str
    description: str
    schedule: str
    function: str
    event: Mapping[str, str]

    @property
    def label(self) -> str:
        """Tell the schedules of one resource apart."""
        return f"{self.words} of the {self.part}"

    @property
    def name(self) -> str:
        """Return the rule's name, of at most 64 characters."""
        return self.owner.name(self.part, limit=64)

    @property
    def target(self) -> dict[str, Any]:
        """Return whom the rule invokes, and with what."""
        partition, region, account = self.owner.arn_parts
        fields = (f"{json.dumps(key)}: {json.dumps(text)}" for key, text in self.event.items())
        template = ", ".join([*fields, f'"{REQUEST_KEY}": <id>'])
        return {
            "Id": TARGET_ID,
            "Arn": f"arn:{partition}:lambda:{region}:{account}:function:{self.function}",
            "InputTransformer": {
                "InputPathsMap": {"id": "$.id"},
                "InputTemplate": f"{{{template}}}",
            },
        }

    def read(self) -> ScheduleRuleView | None:
        """Find the rule by its name (events:DescribeRule, ListTargetsByRule, ListTagsForResource).

        One that goes between two of the calls is not there.
        """
        try:
            rule = _events().describe_rule(Name=self.name)
            targets = _events().list_targets_by_rule(Rule=self.name)["Targets"]
            tags = _events().list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return ScheduleRuleView(
            arn=rule["Arn"],
            schedule=rule.get("ScheduleExpression", ""),
            enabled=rule.get("State") == "ENABLED",
            targets=tuple(targets),
            tags=tag_map(tags),
        )

    def create(self) -> None:
        """Make the rule with its tags, then its target (events:PutRule, PutTargets)."""
        self._put_rule(Tags=tag_list(self.owner.tags))
        self._put_target()

    def changes(self, view: ScheduleRuleView) -> tuple[str, ...]:
        """Name what differs."""
        differs = {
            "schedule": view.schedule != self.schedule or not view.enabled,
            "target": not covers(list(view.targets), [self.target]),
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: ScheduleRuleView) -> None:
        """Set what differs (events:PutRule, PutTargets, TagResource)."""
        different = self.changes(view)
        if "schedule" in different:
            self._put_rule()
        if "target" in different:
            self._put_target()
        if "tags" in different:
            _events().tag_resource(ResourceARN=view.arn, Tags=tag_list(self.owner.tags))

    def delete(self, view: ScheduleRuleView) -> None:
        """Take the targets away, then the rule (events:RemoveTargets, DeleteRule)."""
        try:
            if view.targets:
                ids = [target["Id"] for target in view.targets]
                _events().remove_targets(Rule=self.name, Ids=ids)
            _events().delete_rule(Name=self.name)
        except Exception as error:
            if not is_missing(error):
                raise

    def _put_rule(self, **more: Any) -> None:
        _events().put_rule(
            Name=self.name,
            ScheduleExpression=self.schedule,
            State="ENABLED",
            Description=self.description,
            **more,
        )

    def _put_target(self) -> None:
        _events().put_targets(Rule=self.name, Targets=[self.target])
