"""The tag that shares a database and a bucket: on what others name, and on nothing else."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owned_object import OwnedObject
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.outcome import Done
from cfn_mlflow.types.bucket import graph as bucket
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.values.base import parse
from tests.support.beside_moto import buckets
from tests.support.objects.kill_points import watched
from tests.support.objects.mlflow_kit import Properties, asked, graph_of
from tests.support.objects.service_kit import boto, converge, owner, remove

__all__ = ["asked"]

SHARED = "cfn-mlflow:shared-with"
OF_DATABASE = {
    "database cluster",
    "database-client security group",
    "secret of mlflow_app",
    "secret of mlflow_app_2",
    "secret of mlflow_migrate",
}


def shares(asked: Properties, **more: list[str]) -> dict[str, str]:
    """Converge, and return the tag of every object that has it, by the object's label."""
    graph = graph_of(asked | more)
    convergence = Convergence(graph, explain)
    for _ in range(200):
        if isinstance(convergence.step(), Done):
            break
    views = {
        managed.label: managed.last_view()
        for managed in graph.wanted
        if isinstance(managed, OwnedObject)
    }
    return {label: view.tags[SHARED] for label, view in views.items() if SHARED in view.tags}


def test_whole_is_shared_changed_and_unshared_on_what_others_name_alone(
    asked: Properties,
) -> None:
    first = shares(asked, DatabaseSharedWithStacks=["team-c", "team-b"])
    assert first == dict.fromkeys(OF_DATABASE, "team-b team-c")
    more = {"DatabaseSharedWithStacks": ["team-b"], "ArtifactBucketSharedWithStacks": ["@all"]}
    assert shares(asked, **more) == {**dict.fromkeys(OF_DATABASE, "team-b"), "bucket": "@all"}
    with watched() as calls:
        assert shares(asked, **more)
    assert calls.writes == []
    assert shares(asked) == {}


def test_bucket_that_is_left_is_shared_with_nobody(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del aws
    buckets.install(monkeypatch)
    whose = owner(prefix="mlflow-bucket")
    properties = parse(BucketProperties, {"SharedWithStacks": ["team-b"]})
    converge(bucket._graph(whose, properties))
    name = whose.name("artifacts")
    boto("s3").put_object(Bucket=name, Key="a", Body=b"x")
    remove(bucket._graph(whose, properties))
    tags = {t["Key"]: t["Value"] for t in boto("s3").get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags["cfn-mlflow:left-by"] == whose.tag
    assert SHARED not in tags
