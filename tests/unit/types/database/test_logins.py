"""The logins of the database in its graph: their secrets, and the rule of their rotation."""

from __future__ import annotations

from cfn_mlflow.aws.events.rule import Rule
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.database.logins import login_secrets, rotation
from tests.support.graphs.cluster_kit import CLUSTER, cluster
from tests.support.objects.service_kit import owner


def rotating(schedule: str | None) -> Graph:
    graph = Graph()
    rotation(graph, owner(), schedule, graph.add(cluster()), ())
    return graph


def test_rule_of_a_schedule_names_the_cluster_and_says_that_it_is_a_rule() -> None:
    _, rule = rotating("rate(30 days)").wanted
    assert isinstance(rule, Rule)
    assert rule.expression == "rate(30 days)"
    assert rule.event == {"DatabaseClusterId": CLUSTER, "BySchedule": True}
    assert rule.function_arn.endswith(":function:cfn-mlflow-Rotation:operator")


def test_rule_goes_where_no_schedule_is_asked() -> None:
    for schedule in (None, "none"):
        graph = rotating(schedule)
        assert not [one for one in graph.wanted if isinstance(one, Rule)]
        assert [type(one) for one in graph.unwanted] == [Rule]


def test_services_two_logins_name_one_another_and_the_migrations_names_none() -> None:
    secrets = login_secrets(Graph(), owner(), None)
    assert secrets.first.tags["cfn-mlflow:turns-with"] == secrets.second.name
    assert secrets.second.tags["cfn-mlflow:turns-with"] == secrets.first.name
    assert "cfn-mlflow:turns-with" not in secrets.migration.tags
