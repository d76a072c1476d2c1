"""A topic that an alarm is to tell."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.sns.allowed_topic import AllowedTopic
from tests.support.objects.service_kit import owner
from tests.support.properties import named_things as things
from tests.support.properties.refusals import faults


@pytest.mark.usefixtures("aws")
def test_topic_is_taken_by_its_own_tag_or_by_the_providers_parameter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed, bare = things.topic("allowed"), things.topic("bare", {})
    assert faults(AllowedTopic(owner(), "AlarmTopicArn", allowed)) == ()
    [fault] = faults(AllowedTopic(owner(), "AlarmTopicArn", bare))
    assert fault.startswith(f"AlarmTopicArn: {bare} is not allowed to be used by this stack")
    monkeypatch.setenv("ALLOWED_TOPIC_ARNS", f"arn:aws:sns:eu-west-1:1:other, {bare}")
    assert faults(AllowedTopic(owner(), "AlarmTopicArn", bare)) == ()
