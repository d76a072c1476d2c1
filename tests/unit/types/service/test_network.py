"""The network of the service: who reaches what, and the way to another load balancer."""

from __future__ import annotations

import pytest

from cfn_mlflow.outcome import PermanentError
from tests.support.beside_moto.fargate import Fargate
from tests.support.graphs.served_kit import Properties, environment, graph_of, owned, server
from tests.support.objects.kill_points import watched
from tests.support.objects.service_kit import boto, converge

NAME = "mlflow-abcdefghij"


def test_given_another_scheme_then_the_service_moves_to_a_load_balancer_beside(
    fargate: Fargate, properties: Properties
) -> None:
    before = converge(graph_of(properties))
    after = converge(graph_of(properties | {"LoadBalancerIsInternal": "false"}))
    assert before["LoadBalancerArn"] != after["LoadBalancerArn"]
    assert before["ServiceName"] == after["ServiceName"]
    [used] = fargate.services[NAME]["loadBalancers"]
    assert used["targetGroupArn"] == after["LoadBalancerTargetGroupId"]
    names = environment(server())["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert after["LoadBalancerDnsName"] in names
    assert before["LoadBalancerDnsName"] not in names
    assert len(owned(fargate)["balancers"]) == len(owned(fargate)["targets"]) == 1


def test_given_another_vpc_then_it_is_refused_before_anything_changes(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    with watched() as calls, pytest.raises(PermanentError, match="VpcId: cannot change from"):
        converge(graph_of(properties | {"VpcId": "vpc-0123456789abcdef0"}))
    assert calls.writes == []


def test_given_the_two_groups_then_each_admits_no_more_than_the_other(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    outer, inner = given["LoadBalancerSecurityGroupId"], given["ServiceSecurityGroupId"]
    groups = {
        one["GroupId"]: one
        for one in boto("ec2").describe_security_groups(GroupIds=[outer, inner])["SecurityGroups"]
    }
    [http] = groups[outer]["IpPermissions"]
    assert (http["FromPort"], http["IpRanges"][0]["CidrIp"]) == (80, "10.0.0.0/8")
    [to_tasks] = groups[outer]["IpPermissionsEgress"]
    assert (to_tasks["FromPort"], to_tasks["UserIdGroupPairs"][0]["GroupId"]) == (5000, inner)
    admitted = {
        (rule["FromPort"], pair["GroupId"])
        for rule in groups[inner]["IpPermissions"]
        for pair in rule["UserIdGroupPairs"]
    }
    assert admitted == {(5000, outer), (5000, inner)}, "the balancer, and the deep check"
    network = fargate.services[NAME]["networkConfiguration"]["awsvpcConfiguration"]
    client = properties["DatabaseClientSecurityGroupId"]
    assert set(network["securityGroups"]) == {inner, client}
