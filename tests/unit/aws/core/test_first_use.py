"""What AWS does not know or show yet is waited for, and not for ever.

The first use of a service in an account makes a role for it, and AWS says no until it is there. The
same answer comes where nobody may make the role. What an invocation made that died is there, and
may not be visible yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.autoscaling.target import ScalableTarget
from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.ec2.security_group import SecurityGroup, SecurityGroupRules, tcp
from cfn_mlflow.aws.ecs.cluster import Cluster
from cfn_mlflow.aws.elbv2.load_balancer import LoadBalancer
from cfn_mlflow.aws.elbv2.target_group import TargetGroup
from cfn_mlflow.aws.iam.role import Role
from cfn_mlflow.aws.logs.log_group import LogGroup
from cfn_mlflow.aws.rds.cluster import DBCluster
from cfn_mlflow.aws.rds.instance import DBInstance
from cfn_mlflow.aws.rds.parameter_group import DBClusterParameterGroup
from cfn_mlflow.aws.rds.subnet_group import DBSubnetGroup
from cfn_mlflow.aws.s3.bucket import Bucket
from cfn_mlflow.aws.secretsmanager.login_secret import LoginSecret
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.patience import SECONDS
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import PermanentError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.objects.service_kit import BOUNDARY, owner

pytestmark = pytest.mark.usefixtures("aws")

RDS = (
    "InvalidParameterValue",
    "Unable to create the resource. Verify that you have permission to create service linked role. "
    "Otherwise wait and try again later",
)
"""aws-samples/eks-workshop-v2#1609, of CreateDBInstance."""
ECS = (
    "InvalidParameterException",
    "Unable to assume the service linked role. Please verify that the ECS service linked role "
    "exists",
)
ELB = ("ValidationError", "The service linked role is being created; try again later")
SCALING = ("ValidationException", "Unable to assume IAM role: arn:aws:iam::123456789012:role/x")

CLUSTER = DBCluster(
    owner(),
    engine_version="17.7",
    subnet_group="subnets",
    parameter_group="parameters",
    security_group_id="sg-1",
    min_capacity=0.5,
    max_capacity=2.0,
    seconds_until_auto_pause=None,
    backup_retention_period=14,
    instance_count=1,
    kms_key_arn=None,
    password_secret_arn=None,
    skip_final_snapshot=False,
)
RULES = SecurityGroupRules("service", "sg-1", ingress=(tcp(80, "10.0.0.0/8"),))
GROUP = ("InvalidGroup.NotFound", "The security group 'sg-1' does not exist")
FIRST_USES = [
    (DBSubnetGroup(owner(), "vpc-1", ("subnet-1",)), "rds.CreateDBSubnetGroup", RDS),
    (DBClusterParameterGroup(owner(), "17"), "rds.CreateDBClusterParameterGroup", RDS),
    (CLUSTER, "rds.CreateDBCluster", RDS),
    (DBInstance(owner(), 1, cluster="c"), "rds.CreateDBInstance", RDS),
    (Cluster(owner()), "ecs.CreateCluster", ECS),
    (
        LoadBalancer(owner(), True, "vpc-1", ("subnet-1",), "sg-1"),
        *("elastic-load-balancing-v2.CreateLoadBalancer", ELB),
    ),
    (
        TargetGroup(owner(), "balancer", "vpc-1", 8080),
        *("elastic-load-balancing-v2.CreateTargetGroup", ELB),
    ),
    (
        ScalableTarget(owner(), "service/a/b", 1, 2),
        *("application-auto-scaling.RegisterScalableTarget", SCALING),
    ),
    (RULES, "ec2.AuthorizeSecurityGroupIngress", GROUP),
]


ALREADY_THERE = [
    (
        SecurityGroup(owner(), "service", "vpc-1", "d"),
        "ec2.CreateSecurityGroup",
        "InvalidGroup.Duplicate",
    ),
    (Role(owner(), "task", "", {}, BOUNDARY), "iam.CreateRole", "EntityAlreadyExists"),
    (LogGroup(owner(), 30), "cloudwatch-logs.CreateLogGroup", "ResourceAlreadyExistsException"),
    (LoginSecret(owner(), None, "a"), "secrets-manager.CreateSecret", "ResourceExistsException"),
    (Bucket(owner()), "s3.CreateBucket", "BucketAlreadyOwnedByYou"),
    (FIRST_USES[0][0], "rds.CreateDBSubnetGroup", "DBSubnetGroupAlreadyExists"),
    (FIRST_USES[1][0], "rds.CreateDBClusterParameterGroup", "DBParameterGroupAlreadyExists"),
    (CLUSTER, "rds.CreateDBCluster", "DBClusterAlreadyExistsFault"),
    (FIRST_USES[3][0], "rds.CreateDBInstance", "DBInstanceAlreadyExists"),
    (FIRST_USES[5][0], "elastic-load-balancing-v2.CreateLoadBalancer", "DuplicateLoadBalancerName"),
    (FIRST_USES[6][0], "elastic-load-balancing-v2.CreateTargetGroup", "DuplicateTargetGroupName"),
]


@pytest.fixture
def refused() -> Iterator[Any]:
    """Let an operation of the product's clients be answered by an error."""

    def refuse(operation: str, code: str, message: str) -> None:
        def before(**_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

        session.forget_clients()
        session._session().events.register(f"before-call.{operation}", before)

    yield refuse
    session.forget_clients()


def is_waited_for(node: Observed[Any], words: str, said: str) -> Reason:
    """Converge it: it is waited for in these words, until its two minutes are over.

    Return the code of the failure that follows.
    """
    graph, seconds = Graph(), [0.0]
    graph.add(node)
    convergence = Convergence(graph, explain, now=lambda: seconds[0])
    for seconds[0] in (0.0, SECONDS - 1):
        assert convergence.step() == Waiting({node.label: words})
    seconds[0] = SECONDS
    with pytest.raises(PermanentError, match=said) as raised:
        convergence.step()
    return raised.value.reason


@pytest.mark.parametrize(("node", "operation", "said"), FIRST_USES, ids=lambda one: str(one)[:40])
def test_service_whose_role_is_not_there_yet_is_waited_for_and_not_for_ever(
    node: Observed[Any], operation: str, said: tuple[str, str], refused: Any
) -> None:
    refused(operation, *said)
    is_waited_for(node, "AWS does not know yet what was just made", said[1][:30])


@pytest.mark.parametrize(
    ("node", "operation", "code"), ALREADY_THERE, ids=lambda one: str(one)[:40]
)
def test_object_that_a_dead_invocation_made_is_waited_for_and_not_for_ever(
    node: Observed[Any], operation: str, code: str, refused: Any
) -> None:
    refused(operation, code, "it is there")
    reason = is_waited_for(node, "created; not visible yet", code)
    assert reason is Reason.OwnershipConflict
