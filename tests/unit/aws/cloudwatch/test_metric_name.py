"""What a metric of ours is called, where it is published and where it is watched."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.cloudwatch.alarm import Alarm
from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.runtime.failures import NAMESPACE
from tests.support.objects.service_kit import owner
from tests.support.template.provider_template import ROOT


def test_namespace_is_the_only_one_that_the_templates_policies_let_write() -> None:
    text = (ROOT / "template.yaml").read_text()
    conditions = [line.strip() for line in text.splitlines() if "cloudwatch:namespace" in line]
    assert set(conditions) == {f'StringEquals: {{"cloudwatch:namespace": {NAMESPACE}}}'}


@pytest.mark.parametrize("resource", ["mlflow-abcdefghij", "other-zyxwvutsrq"])
def test_alarm_watches_the_metric_of_its_own_resource_alone(resource: str) -> None:
    settings = Alarm(owner(), "schema", Metric("Drift", resource), "", None).settings
    assert (settings["Namespace"], settings["MetricName"]) == (NAMESPACE, "Drift")
    assert settings["Dimensions"] == [{"Name": "Resource", "Value": resource}]
