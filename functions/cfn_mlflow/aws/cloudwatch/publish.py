"""CloudWatch: publish a number about a resource, for alarms and people to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.runtime.failures import NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


def publish(metric: Metric, value: int) -> None:
    """Publish a value of now (cloudwatch:PutMetricData)."""
    cloudwatch: CloudWatchClient = own_client("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": metric.name,
                "Dimensions": metric.dimensions,
                "Value": value,
                "Unit": "Count",
            }
        ],
    )
