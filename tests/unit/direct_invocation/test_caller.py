"""Which callers other than CloudFormation are served, and what they may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core.session import own_client
from cfn_mlflow.direct_invocation.caller import Caller
from cfn_mlflow.direct_invocation.cluster_tenant import act_for_owner_of, tags_of_secret
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.service_kit import boto, owner
from tests.support.objects.two_databases import (
    OTHER_STACK,
    OTHERS,
    make_cluster,
    make_rule,
    make_secret,
    named,
    share,
)

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-Rotation"
EVENT = {"DatabaseClusterId": "mlflow-database-abcdefghij", "BySchedule": True}
RESOURCE = "mlflow-abcdefghij"
NOT_HERE = "only CloudFormation is served here.*--qualifier operator"
Alter = Callable[[], object]


def served(event: dict[str, Any] = EVENT, by: str = FUNCTION) -> None:
    """Check an event for the owner's cluster. Raises the refusal."""
    Caller(by, event).check("rotation", RESOURCE, act_for_owner_of("mlflow-database-abcdefghij"))


@pytest.fixture
def cluster(aws: None) -> str:
    return make_cluster(owner())


def test_whom_iam_lets_in_by_the_alias_is_served_without_a_rule(cluster: str) -> None:
    served({"DatabaseClusterId": "x"}, by=f"{FUNCTION}:operator")


def test_an_event_that_no_rule_says_is_refused_at_the_function_itself(cluster: str) -> None:
    with failing(Reason.CallerRefused, match=NOT_HERE):
        served()


def test_what_a_rule_without_a_role_says_word_for_word_is_served(cluster: str) -> None:
    make_rule(owner(), "rotation", "Rotation", EVENT)
    served()
    with failing(Reason.CallerRefused, match=NOT_HERE):
        served({"DatabaseClusterId": EVENT["DatabaseClusterId"]})


def test_a_rule_of_another_name_that_says_the_same_is_nobodys(cluster: str) -> None:
    make_rule(OTHERS, "rotation", "Rotation", EVENT)
    with failing(Reason.CallerRefused, match=NOT_HERE):
        served()


def rename_owner(value: str) -> Alter:
    rule = f"arn:aws:events:eu-west-1:123456789012:rule/{owner().name('rotation')}"
    tags = [{"Key": "cfn-mlflow:owner", "Value": value}]
    return lambda: boto("events").tag_resource(ResourceARN=rule, Tags=tags)


def put_target(**changed: str) -> Alter:
    return lambda: make_rule(owner(), "rotation", "Rotation", EVENT, **changed)


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (lambda: boto("events").disable_rule(Name=owner().name("rotation")), NOT_HERE),
        (put_target(RoleArn="arn:aws:iam::123456789012:role/cfn-mlflow-rules"), NOT_HERE),
        (put_target(Arn=f"{FUNCTION}:operator"), NOT_HERE),
        (put_target(Input='{"DatabaseClusterId": "another"}'), NOT_HERE),
        (put_target(Input="no JSON"), NOT_HERE),
        (rename_owner(OTHERS.tag), "not shared with"),
    ],
    ids=["disabled", "with a role", "by the alias", "another event", "no JSON", "another's"],
)
def test_a_rule_that_is_not_as_the_owners_stack_made_it_says_nothing(
    cluster: str, alter: Alter, words: str
) -> None:
    make_rule(owner(), "rotation", "Rotation", EVENT)
    alter()
    with pytest.raises(PermanentError, match=words):
        served()


def test_a_rule_on_another_bus_says_nothing(cluster: str) -> None:
    events = boto("events")
    events.create_event_bus(Name="theirs")
    rule, bus = owner().name("rotation"), "theirs"
    pattern = '{"source": ["mine"]}'
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=pattern)
    target = {"Id": "function", "Arn": FUNCTION, "Input": '{"DatabaseClusterId": "x"}'}
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])
    with failing(Reason.CallerRefused, match=NOT_HERE):
        served({"DatabaseClusterId": "x"})


@pytest.mark.parametrize("resource", ["", "-", "x", "a" * 300, "mlflow_x", "mlflow-ABCDEFGHIJ"])
def test_a_resource_that_no_stack_has_is_not_looked_up(aws: None, resource: str) -> None:
    with failing(Reason.CallerRefused, match=NOT_HERE):
        Caller(FUNCTION, EVENT).rule("schema", resource)


def test_a_rule_of_a_stack_that_the_database_is_shared_with_is_served(cluster: str) -> None:
    event = {"Check": {"ClusterArn": cluster}, "Resource": OTHERS.name()}
    make_rule(OTHERS, "schema", "Rotation", event)
    caller = Caller(FUNCTION, event)
    with failing(Reason.NotShared, match="SharedWithStacks"):
        caller.check("schema", OTHERS.name(), act_for_owner_of(cluster))
    share(cluster, "gone", "others")
    with named({"others": OTHER_STACK}):
        caller.check("schema", OTHERS.name(), act_for_owner_of(cluster))
    anew = f"{OTHER_STACK.rpartition('/')[0]}/00000000-8888-7777-6666-555555555555"
    with named({"others": anew}), failing(Reason.NotShared, match="SharedWithStacks"):
        caller.check("schema", OTHERS.name(), act_for_owner_of(cluster))
    share(cluster, "@all")
    caller.check("schema", OTHERS.name(), act_for_owner_of(cluster))


def test_while_eventbridge_does_not_tell_nothing_is_served(cluster: str) -> None:
    for code, error in (("ThrottlingException", TemporaryError), ("AccessDenied", PermanentError)):
        with Stubber(own_client("events")) as events:
            for _ in range(3):
                events.add_client_error("describe_rule", code)
            with pytest.raises(error):
                served()


def test_the_tags_of_a_secret_are_read_and_one_that_is_not_there_has_none(cluster: str) -> None:
    del cluster
    assert tags_of_secret(make_secret(owner())) == owner().tags
    assert tags_of_secret("arn:aws:secretsmanager:eu-west-1:1:secret:gone") == {}


def test_the_arn_of_another_account_is_not_the_cluster_of_the_same_name_here(cluster: str) -> None:
    assert act_for_owner_of(cluster)
    with failing(Reason.NotFound, match="not a cluster of this account and Region"):
        act_for_owner_of(cluster.replace("123456789012", "999999999999"))
