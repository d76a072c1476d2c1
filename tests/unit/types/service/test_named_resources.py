"""What a service's properties name: each is judged, under the property that names it."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.resource import Named
from cfn_mlflow.types.service.named_resources import named_by_settings, named_by_wiring
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import parse
from tests.support.objects.service_kit import owner
from tests.support.properties.properties_kit import ARN, KEY_ARN, SERVICE

SECRET = ARN.format("secretsmanager", "secret:agent-AbCdEf")
CLUSTER = ARN.format("rds", "cluster:mlflow")


def judged(**more: Any) -> set[str]:
    """Return what is judged of a service's properties, by kind and place."""
    asked = parse(ServiceProperties, {**SERVICE, **more})
    graph = Graph()
    named_by_settings(graph, owner(), asked)
    named_by_wiring(graph, owner(), asked)
    assert all(isinstance(one, Named) for one in graph.wanted)
    return {one.label for one in graph.wanted}


REQUIRED = {
    "VPC of VpcId",
    "image of Image",
    "secret of DatabaseSecretArn",
    "secret of DatabaseMigrationSecretArn",
    "security group of DatabaseClientSecurityGroupId",
    "bucket of ArtifactBucketId",
}


def test_service_of_the_required_properties_has_each_thing_judged_that_they_name() -> None:
    assert judged() == REQUIRED


def test_each_thing_that_an_optional_property_names_is_judged_too() -> None:
    topic = ARN.format("sns", "alarms")
    more = judged(
        AlarmTopicArn=topic,
        DatabaseClusterArn=CLUSTER,
        ArtifactBucketEncryptionKeyArn=KEY_ARN.format("aws"),
        ArtifactBucketsMlflowWillRead=["arn:aws:s3:::models"],
    )
    assert more - REQUIRED == {
        "topic of AlarmTopicArn",
        "database cluster of DatabaseClusterArn",
        "key of ArtifactBucketEncryptionKeyArn",
        "bucket of ArtifactBucketsMlflowWillRead",
    }


def test_image_and_secret_of_each_sidecar_are_judged_with_their_place() -> None:
    agent = {"Name": "a", "Image": "agent:7"}
    secrets = [{"Name": "TOKEN", "ValueFrom": f"{SECRET}:token::"}]
    more = judged(SidecarContainerDefinitions=[agent, {**agent, "Name": "b", "Secrets": secrets}])
    assert more - REQUIRED == {
        "image of SidecarContainerDefinitions[0].Image",
        "image of SidecarContainerDefinitions[1].Image",
        "secret of SidecarContainerDefinitions[1].Secrets[0].ValueFrom",
    }
