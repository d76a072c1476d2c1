"""What the provider makes for one stack, and what is a user's own, as IAM sees it: ARN and tags."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.template.deployed_policies import ACCOUNT, REGION


@dataclass(frozen=True)
class Thing:
    """An object of AWS: what a request names, and the tags that it carries."""

    arn: str
    tags: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Stack:
    """A stack with one resource."""

    name: str
    guid: str
    digest: str

    @property
    def owner(self) -> str:
        """Return the owner tag."""
        return f"{self.guid}/MLflow"

    @property
    def principal_tags(self) -> dict[str, str]:
        """Return the session tags of its requests."""
        return {
            "cfn-mlflow:stack": self.guid,
            "cfn-mlflow:stack-name": self.name,
            "cfn-mlflow:digest": self.digest,
        }


A = Stack("team-a", "aaaaaaaa-2222-3333-4444-555555555555", "aaaaaaaaaa")
B = Stack("team-b", "bbbbbbbb-2222-3333-4444-555555555555", "bbbbbbbbbb")
FRIEND = Stack("team-a-friend", "cccccccc-2222-3333-4444-555555555555", "cccccccccc")
"""Another stack whose name begins as that of A."""


def arn(service: str, rest: str) -> str:
    """Return an ARN of this account and Region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def made_for(stack: Stack, shared_with: str = "") -> list[Thing]:
    """Return one object of each kind that the provider makes for a stack."""
    owner = {"cfn-mlflow:owner": stack.owner}
    shared = owner | ({"cfn-mlflow:shared-with": shared_with} if shared_with else {})
    database = f"mlflow-database-{stack.digest}"
    name = f"mlflow-{stack.digest}"
    service = owner | {"cfn-mlflow:database": database}
    cluster = arn("rds", f"cluster:{database}")
    group = f"log-group:/aws/ecs/{name}"
    role = owner | {"cfn-mlflow:stack": stack.guid, "cfn-mlflow:stack-name": stack.name}
    left = {"cfn-mlflow:left-by": stack.owner}
    return [
        Thing(cluster, shared),
        Thing(arn("rds", f"db:mlflow-database-1-{stack.digest}"), owner),
        Thing(arn("rds", f"cluster-pg:mlflow-postgresql17-{stack.digest}"), owner),
        Thing(arn("rds", f"subgrp:{database}"), owner),
        Thing(arn("rds", f"cluster-snapshot:{database}-final-cluster-abc"), left),
        Thing(arn("rds", f"cluster-snapshot:mlflow-before-dc11-1a2b-{stack.digest}"), left),
        Thing(arn("rds", f"cluster:mlflow-rehearsal-{stack.digest}"), owner),
        Thing(arn("rds", f"db:mlflow-rehearsal-{stack.digest}-1"), owner),
        Thing(arn("secretsmanager", f"secret:mlflow-mlflow-app-{stack.digest}-AbCdEf"), shared),
        Thing(arn("secretsmanager", f"secret:mlflow-server-{stack.digest}-AbCdEf"), owner),
        Thing(
            arn("secretsmanager", f"secret:rds!cluster-{stack.guid}-AbCdEf"),
            {"aws:rds:primaryDBClusterArn": cluster},
        ),
        Thing(arn("ecs", f"cluster/{name}"), owner),
        Thing(arn("ecs", f"service/{name}/{name}"), service),
        Thing(arn("ecs", f"task/{name}/0123456789abcdef"), owner),
        Thing(arn("ecs", f"task-definition/{name}:1"), owner),
        Thing(arn("ecs", f"task-definition/mlflow-migration-{stack.digest}:1"), owner),
        Thing(arn("elasticloadbalancing", f"loadbalancer/app/{name}-1a2b3c/50dc"), owner),
        Thing(arn("elasticloadbalancing", f"targetgroup/{name}-1a2b3c/6d0e"), owner),
        Thing(arn("elasticloadbalancing", f"listener/app/{name}-1a2b3c/50dc/f2f7"), owner),
        Thing(arn("logs", group), owner),
        Thing(arn("logs", f"{group}:log-stream:mlflow/mlflow/0123"), owner),
        Thing(arn("logs", f"log-group:/aws/rds/cluster/{database}/postgresql"), owner),
        Thing(arn("events", f"rule/mlflow-rotation-{stack.digest}"), owner),
        Thing(arn("events", f"rule/mlflow-schema-{stack.digest}"), owner),
        Thing(arn("cloudwatch", f"alarm:mlflow-schema-{stack.digest}"), owner),
        Thing(arn("cloudwatch", f"alarm:TargetTracking-service/{name}/{name}-AlarmHigh-1"), {}),
        Thing(arn("application-autoscaling", f"scalable-target/{stack.digest[:3]}123"), owner),
        Thing(arn("ec2", f"security-group/sg-{stack.digest}"), shared),
        Thing(f"arn:aws:s3:::mlflow-artifacts-{stack.digest}", owner),
        Thing(f"arn:aws:s3:::mlflow-artifacts-{stack.digest}/1/model.pkl"),
        Thing(f"arn:aws:iam::{ACCOUNT}:role/cfn-mlflow/mlflow-task-{stack.digest}", role),
        Thing(f"arn:aws:iam::{ACCOUNT}:role/cfn-mlflow/mlflow-execution-{stack.digest}", role),
        Thing(arn("ssm", f"parameter/cfn-mlflow/names/{stack.name}"), owner),
    ]


USERS_OWN = [
    Thing(arn("rds", "cluster:production")),
    Thing(arn("rds", "db:production-1")),
    Thing(arn("rds", "cluster-pg:production")),
    Thing(arn("rds", "subgrp:production")),
    Thing(arn("rds", "cluster-snapshot:production-before-christmas")),
    Thing(arn("secretsmanager", "secret:production-AbCdEf")),
    Thing(
        arn("secretsmanager", "secret:rds!cluster-production-AbCdEf"),
        {"aws:rds:primaryDBClusterArn": arn("rds", "cluster:production")},
    ),
    Thing(arn("ecs", "cluster/production")),
    Thing(arn("ecs", "service/production/production")),
    Thing(arn("ecs", "task-definition/production:1")),
    Thing(arn("elasticloadbalancing", "loadbalancer/app/production/50dc")),
    Thing(arn("elasticloadbalancing", "targetgroup/production/6d0e")),
    Thing(arn("elasticloadbalancing", "listener/app/production/50dc/f2f7")),
    Thing(arn("logs", "log-group:/aws/ecs/production")),
    Thing(arn("logs", "log-group:/aws/ecs/production:log-stream:web/web/0123")),
    Thing(arn("events", "rule/nightly-rotation-production")),
    Thing(arn("cloudwatch", "alarm:production")),
    Thing(arn("application-autoscaling", "scalable-target/prod123")),
    Thing(arn("ec2", "security-group/sg-production")),
    Thing("arn:aws:s3:::production"),
    Thing("arn:aws:s3:::production/orders.csv"),
    Thing(f"arn:aws:iam::{ACCOUNT}:role/admin"),
    Thing(arn("ssm", "parameter/production")),
    Thing(arn("kms", "key/production")),
]
"""What a user has, and has given to nobody."""


def allowed_for(value: str) -> list[Thing]:
    """Return what a user gives to stacks by the tag, with a value."""
    tags = {"cfn-mlflow:allow": value}
    return [
        Thing(arn("rds", "cluster:mine"), tags),
        Thing(arn("secretsmanager", "secret:mine-AbCdEf"), tags),
        Thing(arn("kms", "key/mine"), tags),
        Thing("arn:aws:s3:::mine", tags),
        Thing("arn:aws:s3:::mine/model.pkl", tags),
    ]
