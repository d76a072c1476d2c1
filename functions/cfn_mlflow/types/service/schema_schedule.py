"""The check of the schema on a schedule: a rule that starts it, and an alarm on differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from cfn_mlflow import releases
from cfn_mlflow.aws.cloudwatch.alarm import Alarm
from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.events.rule import Rule, function_arn
from cfn_mlflow.aws.events.rule_names import SCHEMA_RULE
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, combine, known
from cfn_mlflow.types.schema.properties import CHECK, METRIC, RESOURCE
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.service.wiring import Wiring
from cfn_mlflow.types.values.schedules import NEVER

FUNCTION = "MLflowSchema"
NOT_KNOWN = ("", "unknown")
"""The revisions that a migration reports if it could not read the schema's."""


@dataclass(frozen=True)
class Runs:
    """The image that a service runs, and the revision of its schema."""

    image: Output[str]
    """The image that serves: the asked one, or the fallback image."""
    revision: Output[str]
    """The revision of the schema after the migration."""


def schema_schedule(
    graph: Graph, owner: Owner, asked: ServiceSettings, wiring: Wiring, runs: Runs
) -> None:
    """Add the rule and the alarm, or their removal if no schedule or no Data API is there."""
    resource = owner.name()
    rule = Rule(
        owner,
        SCHEMA_RULE,
        asked.schema_check_schedule,
        function_arn(owner, FUNCTION),
        combine(partial(_event, resource), runs.image, wiring.whole, runs.revision),
    )
    alarm = Alarm(
        owner,
        SCHEMA_RULE,
        Metric(METRIC, resource),
        "The schema of MLflow's database is not as its release declares it: "
        "see docs/schema-check.md",
        asked.alarm_topic_arn,
    )
    wanted = wiring.has_data_api and asked.schema_check_schedule != NEVER
    for managed in (alarm, rule):
        (graph.add if wanted else graph.without)(managed)


def _event(resource: str, image: str, wiring: Wiring, revision: str) -> dict[str, Any]:
    """Return the event for the check. It has the revision if the image's release is unknown."""
    check = {
        "ClusterArn": known(wiring.cluster_arn),
        "SecretArn": known(wiring.service_secret_arn),
        "DatabaseName": wiring.database_name,
        "Image": image,
    }
    is_known = releases.head_of(releases.version_of(image) or "") is not None
    if not is_known and revision not in NOT_KNOWN:
        check["ExpectedRevision"] = revision
    return {CHECK: check, RESOURCE: resource}
