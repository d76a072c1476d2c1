"""The user's tags on all that a Custom::MLflow makes: set, changed, and taken off again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cfn_mlflow.aws.autoscaling.target import ScalableTarget
from cfn_mlflow.aws.cloudwatch.alarm import Alarm
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owned_object import OwnedObject
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG
from cfn_mlflow.aws.ec2.security_group import SecurityGroup
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.ecs.service import Service
from cfn_mlflow.aws.ecs.task_definition import TaskDefinition
from cfn_mlflow.aws.elbv2.listener import Listener
from cfn_mlflow.aws.elbv2.load_balancer import LoadBalancer
from cfn_mlflow.aws.elbv2.target_group import TargetGroup
from cfn_mlflow.aws.events.rule import Rule
from cfn_mlflow.aws.iam.role import Role
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.aws.rds.client import DatabaseLogGroup
from cfn_mlflow.aws.rds.cluster import DBCluster
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.aws.rds.parameter_group import DBClusterParameterGroup
from cfn_mlflow.aws.rds.subnet_group import DBSubnetGroup
from cfn_mlflow.aws.s3.bucket import Bucket
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.aws.secretsmanager.password_secret import MirroredSecret
from cfn_mlflow.aws.secretsmanager.secret import Secret
from cfn_mlflow.aws.secretsmanager.server_secret import ServerSecret
from cfn_mlflow.aws.ssm.name_reservation import NameReservation
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.outcome import Done
from cfn_mlflow.rotation.logins import RotatedLoginSecret
from cfn_mlflow.upgrade.migration.definition import MigrationDefinition
from cfn_mlflow.upgrade.rehearsal_clone import RehearsalClone, RehearsalRemains
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.mlflow_kit import Properties, asked, graph_of
from tests.support.objects.service_kit import boto, owner

__all__ = ["asked"]

LOOKS = 200
AT_FIRST = {"team": "a", "cost centre": "12", "Größe": "klein"}
AFTER = {"team": "b", "stage": "test"}
THEIRS = {"theirs": "kept"}
IN_PASSING = {RehearsalClone, RehearsalRemains}
"""They live within one update: nobody changes their tags."""


def _pairs(key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in THEIRS.items()]


def _tag_bucket(view: Any) -> None:
    kept = [{"Key": key, "Value": value} for key, value in view.tags.items()]
    boto("s3").put_bucket_tagging(Bucket=view.name, Tagging={"TagSet": [*kept, *_pairs()]})


def _tag_parameter(_: Any) -> None:
    boto("ssm").add_tags_to_resource(
        ResourceType="Parameter", ResourceId="/cfn-mlflow/names/mlflow", Tags=_pairs()
    )


def _ecs(view: Any) -> None:
    boto("ecs").tag_resource(resourceArn=view.arn, tags=_pairs("key", "value"))


def _elb(view: Any) -> None:
    boto("elbv2").add_tags(ResourceArns=[view.arn], Tags=_pairs())


def _rds(view: Any) -> None:
    boto("rds").add_tags_to_resource(ResourceName=view.arn, Tags=_pairs())


def _secret(view: Any) -> None:
    boto("secretsmanager").tag_resource(SecretId=view.arn, Tags=_pairs())


def _logs(view: Any) -> None:
    boto("logs").tag_resource(resourceArn=view.arn, tags=THEIRS)


BY_OTHERS: Mapping[type[Any], Callable[[Any], object]] = {
    Alarm: lambda view: boto("cloudwatch").tag_resource(ResourceARN=view.arn, Tags=_pairs()),
    Bucket: _tag_bucket,
    Cluster: _ecs,
    DatabaseLogGroup: _logs,
    DBCluster: _rds,
    DBClusterParameterGroup: _rds,
    DBInstance: _rds,
    DBSubnetGroup: _rds,
    Listener: _elb,
    LoadBalancer: _elb,
    LoginSecret: _secret,
    LogGroup: _logs,
    MigrationDefinition: _ecs,
    MirroredSecret: _secret,
    NameReservation: _tag_parameter,
    Role: lambda view: boto("iam").tag_role(RoleName=view.name, Tags=_pairs()),
    Rule: lambda view: boto("events").tag_resource(ResourceARN=view.arn, Tags=_pairs()),
    ScalableTarget: lambda view: boto("application-autoscaling").tag_resource(
        ResourceARN=view.arn, Tags=THEIRS
    ),
    SecurityGroup: lambda view: boto("ec2").create_tags(Resources=[view.id], Tags=_pairs()),
    ServerSecret: _secret,
    Service: _ecs,
    TargetGroup: _elb,
    TaskDefinition: _ecs,
    RotatedLoginSecret: _secret,
}
"""Every class of what carries tags, and how somebody else sets one on it."""


def _not_ours(view: Any) -> dict[str, str]:
    return {k: v for k, v in view.tags.items() if not k.startswith("cfn-mlflow:")}


@dataclass
class Whole:
    """A Custom::MLflow whose stack asks for other tags each time."""

    asked: Properties

    def converge(self, tags: Mapping[str, str]) -> dict[str, tuple[type[Any], Any]]:
        """Converge; return the class and the view of each object that carries tags, by label."""
        whose = owner(user_tags=dict(tags), named=True)
        graph = graph_of(self.asked, whose)
        convergence = Convergence(graph, explain)
        for _ in range(LOOKS):
            if isinstance(convergence.step(), Done):
                break
        else:
            raise AssertionError("it does not end")
        return {
            f"{managed.label} {place}": (type(managed), managed.last_view())
            for place, managed in enumerate(graph.wanted)
            if isinstance(managed, OwnedObject | NameReservation)
            and type(managed) not in IN_PASSING
        }

    def tags(self, asked: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Converge, and return of each object but the roles the tags that are not ours."""
        return {
            label: _not_ours(view)
            for label, (kind, view) in self.converge(asked).items()
            if kind is not Role
        }


@pytest.fixture
def whole(asked: Properties) -> Whole:
    """One of which every kind of object is made."""
    made = boto("secretsmanager").create_secret(
        Name="master",
        SecretString="a-master-password",
        Tags=[{"Key": "cfn-mlflow:allow", "Value": ""}],
    )
    return Whole(
        asked
        | {"DatabasePasswordSecretArn": made["ARN"], "DatabaseRotationSchedule": "rate(30 days)"}
    )


def _kinds(of: type[Any] = OwnedObject) -> Iterator[type[Any]]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_object_has_the_asked_and_foreign_tags_after_a_change_of_tags(
    whole: Whole,
) -> None:
    made = whole.converge(AT_FIRST).values()
    ours = {kind for kind in _kinds() if kind.__module__.startswith("cfn_mlflow.")}
    assert ours - IN_PASSING - {Secret} | {NameReservation} == {kind for kind, _ in made}
    for kind, view in made:
        assert _not_ours(view) == ({} if kind is Role else AT_FIRST)
        BY_OTHERS[kind](view)
    for label, tags in whole.tags(AFTER).items():
        assert tags == AFTER | THEIRS, label
    for label, (_, view) in whole.converge({}).items():
        assert not (AFTER.keys() | {USER_KEYS_TAG}) & view.tags.keys(), label
        assert view.tags.items() >= THEIRS.items(), label
    with watched() as calls:
        whole.converge({})
    assert calls.writes == [], "there is nothing more to do"


def test_update_cut_off_anywhere_ends_or_goes_back_with_the_asked_tags_alone(
    whole: Whole,
) -> None:
    whole.converge(AT_FIRST)
    for last, then in ((1, AT_FIRST), (40, AT_FIRST), (15, AFTER)):
        with watched(last_write=last), pytest.raises(Killed):
            whole.converge(AFTER)
        for label, tags in whole.tags(then).items():
            assert tags == then, label


def test_given_a_key_that_somebody_else_set_then_it_is_not_among_those_that_go() -> None:
    whose = owner(user_tags={"team": "a"})
    found = whose.tags | {"theirs": "kept", "aws:cloudformation:stack-name": "team"}
    assert whose.no_longer_asked(found) == []
    assert not whose.lacks(found)
    assert owner().no_longer_asked(found) == ["team", USER_KEYS_TAG]
    assert owner().no_longer_asked({"theirs": "kept"}) == []


def test_longest_logical_ids_have_each_an_owner_tag_of_their_own_that_fits() -> None:
    one, other = (
        replace(owner(), logical_id="L" * 254 + end, digest=f"abcdefghi{end}") for end in "ab"
    )
    assert len(one.tag) == len(other.tag) == 255
    assert one.tag != other.tag
    assert one.owns(one.tags)
    assert not one.owns(other.tags)


def test_given_forty_long_keys_then_their_list_fits_a_tag() -> None:
    whose = owner(user_tags={f"{place:0>128}": "x" for place in range(40)})
    assert len(whose.tags[USER_KEYS_TAG]) <= 255
    fewer = replace(whose, user_tags={})
    assert {*fewer.no_longer_asked(whose.tags)} == {*whose.user_tags, USER_KEYS_TAG}
