"""Forged events to the schema check and the rotation change nothing of other stacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cfn_mlflow.rotation.loop import rotate
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.types.schema.by_hand import with_checks
from tests.support.objects.kill_points import Calls, watched
from tests.support.objects.service_kit import boto, owner
from tests.support.objects.two_databases import OTHERS, PLACE, make_cluster, make_rule, make_secret

SETTINGS = settings(
    max_examples=60,
    deadline=None,
    print_blob=True,  # a failure tells how to run it again
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CLUSTERS = (owner().name("database"), OTHERS.name("database"))
NAMES = (*CLUSTERS, "mlflow-database-aaaaaaaaaa", "x", "", f"{CLUSTERS[0]} ")
RESOURCES = (owner().name(), OTHERS.name(), "mlflow-aaaaaaaaaa", "nightly", "")
LOOKS_AT_THE_DOOR = {
    "DescribeDBClusters",
    "DescribeRule",
    "ListTargetsByRule",
    "ListTagsForResource",
}
ACCOUNTS = (PLACE, "eu-west-1:999999999999", "us-east-1:123456789012")


@dataclass
class Lambda:
    """One invocation, with time enough for one look."""

    function_name: str
    alias: str = ""
    invoked_function_arn: str = ""
    aws_request_id: str = "forged"
    log_group_name: str = "group"
    log_stream_name: str = "stream"

    def __post_init__(self) -> None:
        own = f"arn:aws:lambda:{PLACE}:function:{self.function_name}"
        self.invoked_function_arn = f"{own}{self.alias}"

    def get_remaining_time_in_millis(self) -> int:
        return 16_000

    def rotate(self, event: dict[str, Any]) -> str:
        """Return why no rotation began. An error would set off the alarm on failed rotations."""
        answer = rotate(event, self, Clock(now=lambda: 0, sleep=lambda _: None))
        return str(answer["error"])

    def check(self, event: dict[str, Any]) -> Any:
        served: list[object] = []
        clock = Clock(now=lambda: 0, sleep=lambda _: None)
        answer = with_checks(lambda event, _: served.append(event), clock)(event, self)
        assert served == []
        return answer


@pytest.fixture
def two(aws: None) -> Iterator[dict[str, str]]:
    """Return two stacks' secrets. The attacker's rules may invoke the functions themselves."""
    make_cluster(owner())
    make_cluster(OTHERS)
    yield {"own": make_secret(owner()), "others": make_secret(OTHERS)}


def nothing_touched(calls: Calls) -> bool:
    """Tell whether AWS got only reading calls, and no database got any."""
    return calls.writes == [] and not {"ExecuteStatement", "BeginTransaction"} & set(calls.made)


orders = st.fixed_dictionaries(
    {"DatabaseClusterId": st.sampled_from(NAMES) | st.text(max_size=9)},
    optional={"BySchedule": st.sampled_from([True, False, "true", 1]), "More": st.integers()},
)


@SETTINGS
@given(event=orders)
@example(event={"DatabaseClusterId": CLUSTERS[0]})
@example(event={"DatabaseClusterId": CLUSTERS[0], "BySchedule": True})
def test_no_rule_of_anybodys_rotates_the_logins_of_another_stack(
    two: dict[str, str], event: dict[str, Any]
) -> None:
    make_rule(OTHERS, "rotation", "Rotation", event)
    if event["DatabaseClusterId"] == CLUSTERS[1]:
        return  # the attacker's own database
    with watched() as calls:
        reason = Lambda("cfn-mlflow-Rotation").rotate(event)
    assert "is served here" in reason or "must be the identifier" in reason
    assert set(calls.made) <= LOOKS_AT_THE_DOOR


def arns_of(service: str, names: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.builds(
        "arn:aws:{}:{}".format,
        st.just(service),
        st.builds("{}:{}".format, st.sampled_from(ACCOUNTS), st.sampled_from(names)),
    )


checks = st.fixed_dictionaries(
    {
        "ClusterArn": arns_of("rds", tuple(f"cluster:{name}" for name in NAMES)),
        "SecretArn": st.sampled_from(["own", "others", "none", "gone"]),
    },
    optional={"ExpectedRevision": st.just("abc123"), "Image": st.just("mine:latest")},
)


def check_of(two: dict[str, str], asked: dict[str, str]) -> dict[str, str]:
    missing = f"arn:aws:secretsmanager:{PLACE}:secret:gone-AbCdEf"
    return {**asked, "SecretArn": two.get(asked["SecretArn"], missing)}


@SETTINGS
@given(asked=checks, resource=st.sampled_from(RESOURCES) | st.none(), more=st.booleans())
@example(
    asked={"ClusterArn": f"arn:aws:rds:{PLACE}:cluster:{CLUSTERS[0]}", "SecretArn": "own"},
    resource=owner().name(),
    more=False,
)
@example(
    asked={"ClusterArn": f"arn:aws:rds:{PLACE}:cluster:{CLUSTERS[0]}", "SecretArn": "own"},
    resource=OTHERS.name(),
    more=False,
)
def test_no_rule_has_another_stacks_database_read_or_its_metric_set(
    two: dict[str, str], asked: dict[str, str], resource: str | None, more: bool
) -> None:
    if asked["ClusterArn"].endswith(CLUSTERS[1]):
        return  # the attacker's own database
    event: dict[str, Any] = {"Check": check_of(two, asked), **({"More": 1} if more else {})}
    if resource is not None:
        event["Resource"] = resource
    make_rule(OTHERS, "schema", "MLflowSchema", event)
    with watched() as calls:
        answer = Lambda("cfn-mlflow-MLflowSchema").check(event)
    assert "error" in answer or answer["state"] == "refused"
    metrics = boto("cloudwatch").list_metrics(Namespace="cfn-mlflow")["Metrics"]
    named = {one["Value"] for metric in metrics for one in metric["Dimensions"]}
    assert named <= {OTHERS.name()}
    assert set(calls.writes) <= {"BeginTransaction", "PutMetricData"}
    if asked["ClusterArn"].endswith(CLUSTERS[0]):
        assert not {"ExecuteStatement", "BeginTransaction"} & set(calls.made)


@SETTINGS
@given(cluster=st.sampled_from(CLUSTERS), secret=st.sampled_from(["own", "others"]))
def test_no_pair_of_two_owners_reaches_a_database_even_for_an_operator(
    two: dict[str, str], cluster: str, secret: str
) -> None:
    if (cluster == CLUSTERS[0]) == (secret == "own"):
        return
    arn = f"arn:aws:rds:{PLACE}:cluster:{cluster}"
    event = {"Check": {"ClusterArn": arn, "SecretArn": two[secret]}}
    with watched() as calls:
        answer = Lambda("cfn-mlflow-MLflowSchema", ":operator").check(event)
    assert answer["state"] == "refused"
    assert "are not of one database" in answer["reason"]
    assert nothing_touched(calls)
