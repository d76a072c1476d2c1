"""A number about a resource, as CloudWatch then tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.aws.cloudwatch.publish import publish
from cfn_mlflow.runtime.failures import NAMESPACE
from tests.support.objects.service_kit import boto


def values(metric: Metric) -> list[float]:
    now = datetime.now(UTC)
    found = boto("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric.name,
        Dimensions=metric.dimensions,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Maximum"],
    )["Datapoints"]
    return [point["Maximum"] for point in found]


@pytest.mark.usefixtures("aws")
def test_value_is_told_of_the_resource_that_it_was_published_for_alone() -> None:
    ours, theirs = Metric("Drift", "mlflow-abcdefghij"), Metric("Drift", "mlflow-zyxwvutsrq")
    publish(ours, 3)
    publish(theirs, 0)
    assert (values(ours), values(theirs)) == ([3.0], [0.0])
