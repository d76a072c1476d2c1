"""CloudWatch: an alarm on a metric of the provider, which notifies a topic of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.aws.core.compare import differences
from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list, tag_map, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.resource import Observation
from cfn_mlflow.runtime.failures import NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

HOUR = 3600
HOURS_OF_AN_ALARM = 24
"""Hours for which the alarm stays on after the last value above zero."""


def _cloudwatch() -> CloudWatchClient:
    cloudwatch: CloudWatchClient = client("cloudwatch")
    return cloudwatch


@dataclass(frozen=True)
class AlarmView:
    """An alarm as it stands, its settings as CloudWatch tells them."""

    arn: str
    settings: Mapping[str, Any]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Alarm(OwnedObject[AlarmView]):
    """Goes off when the metric was above zero in the last day; no value is no alarm."""

    display_name: ClassVar[str] = "alarm"

    part: str
    """The part of the name that says what it is for. The provider's policies match it."""
    metric: Metric
    description: str
    topic_arn: str | None

    @property
    def label(self) -> str:
        """Return the display name, which says what it is for."""
        return f"{self.part} alarm"

    @property
    def name(self) -> str:
        """Return the alarm's name."""
        return self.owner.name(self.part)

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings that are asked."""
        return {
            "AlarmDescription": self.description,
            "Namespace": NAMESPACE,
            "MetricName": self.metric.name,
            "Dimensions": self.metric.dimensions,
            "Statistic": "Maximum",
            "Period": HOUR,
            "EvaluationPeriods": HOURS_OF_AN_ALARM,
            "DatapointsToAlarm": 1,
            "Threshold": 0.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": True,
            "AlarmActions": [self.topic_arn] if self.topic_arn else [],
            "OKActions": [],
            "InsufficientDataActions": [],
        }

    def observe(self) -> Observation[AlarmView] | None:
        """Find it by its name (cloudwatch:DescribeAlarms, ListTagsForResource)."""
        found = _cloudwatch().describe_alarms(AlarmNames=[self.name], AlarmTypes=["MetricAlarm"])
        for alarm in found["MetricAlarms"]:
            arn = alarm["AlarmArn"]
            try:
                tags = _cloudwatch().list_tags_for_resource(ResourceARN=arn)["Tags"]
            except Exception as error:
                if is_missing(error):
                    return None
                raise
            return self.found(AlarmView(arn, alarm, tag_map(tags)))
        return None

    def create(self) -> None:
        """Make it with its tags (cloudwatch:PutMetricAlarm)."""
        self._put()

    def compare(self, found: Observation[AlarmView]) -> Observation[AlarmView]:
        """Name the settings, as CloudWatch calls them, and the tags where they differ."""
        tags = ("tags",) if self.owner.lacks(found.view.tags) else ()
        return replace(found, differs=(*differences(found.view.settings, self.settings), *tags))

    def update(self, found: Observation[AlarmView]) -> None:
        """Set what differs (cloudwatch:PutMetricAlarm, TagResource, UntagResource)."""
        view = found.view
        if set(found.differs) - {"tags"}:
            self._put()
        if "tags" in found.differs:
            take_off(
                self.owner,
                view.tags,
                lambda keys: _cloudwatch().untag_resource(ResourceARN=view.arn, TagKeys=keys),
            )
            _cloudwatch().tag_resource(ResourceARN=view.arn, Tags=tag_list(self.owner.tags))

    def delete(self, view: AlarmView) -> None:
        """Delete it (cloudwatch:DeleteAlarms)."""
        del view
        try:
            _cloudwatch().delete_alarms(AlarmNames=[self.name])
        except Exception as error:
            if not is_missing(error):
                raise

    def _put(self) -> None:
        """Put it, its tags with it: they count when it is made, and are looked at each time."""
        _cloudwatch().put_metric_alarm(
            AlarmName=self.name, Tags=tag_list(self.owner.tags), **self.settings
        )
