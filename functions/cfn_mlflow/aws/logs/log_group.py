"""CloudWatch Logs: the tasks' log group, and the last lines of one stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, take_off
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.core.session import client
from cfn_mlflow.engine.resource import Observation

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

PREFIX = "/aws/ecs/"
"""All log groups are made here: the provider may read no other's events."""


def _logs() -> CloudWatchLogsClient:
    logs: CloudWatchLogsClient = client("logs")
    return logs


@dataclass(frozen=True)
class LogGroupView:
    """A log group as it stands."""

    arn: str
    name: str
    retention_in_days: int | None
    tags: Tags


@dataclass(frozen=True, eq=False)
class LogGroup(OwnedObject[LogGroupView]):
    """The log group of the tasks' containers, with its retention in days."""

    display_name: ClassVar[str] = "log group"

    retention_in_days: int

    @property
    def name(self) -> str:
        """Return the log group's name."""
        return PREFIX + self.owner.name()

    def observe(self) -> Observation[LogGroupView] | None:
        """Find the log group by its name (logs:DescribeLogGroups, ListTagsForResource)."""
        found = _logs().describe_log_groups(logGroupNamePrefix=self.name)["logGroups"]
        for group in found:
            if group["logGroupName"] == self.name:
                arn = group["arn"].removesuffix(":*")
                try:
                    tags = _logs().list_tags_for_resource(resourceArn=arn)["tags"]
                except Exception as error:
                    if is_missing(error):
                        return None
                    raise
                days = group.get("retentionInDays")
                return self.found(LogGroupView(arn, self.name, days, tags))
        return None

    def create(self) -> None:
        """Make the log group with its tags (logs:CreateLogGroup); its retention follows."""
        _logs().create_log_group(logGroupName=self.name, tags=self.owner.tags)

    def compare(self, found: Observation[LogGroupView]) -> Observation[LogGroupView]:
        """Name retention and tags where they differ."""
        return found.differing(
            {
                "retention": found.view.retention_in_days != self.retention_in_days,
                "tags": self.owner.lacks(found.view.tags),
            }
        )

    def update(self, found: Observation[LogGroupView]) -> None:
        """Set what differs (logs:PutRetentionPolicy, TagResource, UntagResource)."""
        view = found.view
        if "retention" in found.differs:
            _logs().put_retention_policy(
                logGroupName=self.name, retentionInDays=self.retention_in_days
            )
        if "tags" in found.differs:
            take_off(
                self.owner,
                view.tags,
                lambda keys: _logs().untag_resource(resourceArn=view.arn, tagKeys=keys),
            )
            _logs().tag_resource(resourceArn=view.arn, tags=self.owner.tags)

    def delete(self, view: LogGroupView) -> None:
        """Delete the log group with its events (logs:DeleteLogGroup)."""
        del view
        try:
            _logs().delete_log_group(logGroupName=self.name)
        except Exception as error:
            if not is_missing(error):
                raise


def last_lines(group: str, stream: str, count: int) -> list[str]:
    """Return the last lines of a stream, oldest first; none if there is no stream yet.

    Rests on logs:GetLogEvents.
    """
    try:
        events = _logs().get_log_events(
            logGroupName=group, logStreamName=stream, limit=count, startFromHead=False
        )["events"]
    except Exception as error:
        if is_missing(error):
            return []
        raise
    return [event.get("message", "").rstrip() for event in events]
