"""The properties of the schema: its check on a schedule, and the rehearsal of a migration."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Properties, described
from cfn_mlflow.types.values.names import TopicArn
from cfn_mlflow.types.values.rules import Boolean
from cfn_mlflow.types.values.schedules import Schedule


class SchemaCareProperties(Properties):
    """The check on a schedule, its alarm, and the rehearsal of a migration."""

    schema_check_schedule: Schedule = described(
        "SchemaCheckSchedule",
        "When the database's schema is compared with what the release declares, as EventBridge"
        " takes it; `none` for never. It needs the Data API. What differs is the metric"
        " `SchemaDifferences` in the namespace `cfn-mlflow`, with an alarm on it.",
        default="rate(1 day)",
        example="cron(0 6 * * ? *)",
    )
    alarm_topic_arn: TopicArn | None = described(
        "AlarmTopicArn",
        "ARN of the SNS topic that the alarm on the schema notifies; its policy must admit"
        " `cloudwatch.amazonaws.com`.",
        default=None,
        default_words="the alarm notifies nobody",
        example="arn:aws:sns:eu-west-1:123456789012:alarms",
    )
    rehearse_upgrade: Boolean = described(
        "RehearseUpgrade",
        "Whether a migration is rehearsed first on a clone of the cluster, which is then removed."
        " It needs the cluster's ARN, and some minutes more.",
        default=False,
        example=True,
    )
