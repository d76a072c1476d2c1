"""EC2 in the local AWS refuses what it refuses on AWS while something is in use."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.waiting import until


def make_group(lab: Lab, name: str) -> str:
    found = lab.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=lab.vpc)
    return str(found["GroupId"])


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def rule(**source: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **source}


def test_given_a_rule_that_names_a_group_then_the_group_stays(lab: Lab) -> None:
    ec2 = lab.client("ec2")
    named, naming = make_group(lab, "named"), make_group(lab, "naming")
    rules = [rule(UserIdGroupPairs=[{"GroupId": named}])]
    ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=rules)
    with pytest.raises(ClientError) as error:
        ec2.delete_security_group(GroupId=named)
    assert code(error) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=rules)
    ec2.delete_security_group(GroupId=named)


def test_the_same_rule_twice_is_refused_and_another_source_is_not(lab: Lab) -> None:
    ec2, group = lab.client("ec2"), make_group(lab, "twice")
    first = rule(IpRanges=[{"CidrIp": "10.0.0.0/8"}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[first])
    with pytest.raises(ClientError) as error:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[first])
    assert code(error) == "InvalidPermission.Duplicate"
    second = rule(IpRanges=[{"CidrIp": "172.16.0.0/12"}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[second])
    with pytest.raises(ClientError) as error:
        ec2.authorize_security_group_egress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
    assert code(error) == "InvalidPermission.Duplicate"


def test_given_a_load_balancer_a_cluster_or_a_task_then_its_groups_and_subnets_stay(
    lab: Lab,
) -> None:
    ec2, elb, ecs = lab.client("ec2"), lab.client("elbv2"), lab.client("ecs")
    groups = {name: make_group(lab, name) for name in ("balancer", "cluster", "task")}
    balancer = elb.create_load_balancer(
        Name="uses", Subnets=lab.subnets, SecurityGroups=[groups["balancer"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    Database.create(lab, "uses", VpcSecurityGroupIds=[groups["cluster"]])
    sleep = {"command": ["python", "-c", "import time; time.sleep(600)"], "stopTimeout": 2}
    network = {"subnets": lab.subnets[:1], "securityGroups": [groups["task"]]}
    task = ecs.run_task(
        cluster="lab",
        taskDefinition=lab.define("uses", sleep),
        networkConfiguration={"awsvpcConfiguration": network},
    )["tasks"][0]["taskArn"]
    for group in groups.values():
        with pytest.raises(ClientError) as error:
            ec2.delete_security_group(GroupId=group)
        assert code(error) == "DependencyViolation"
    with pytest.raises(ClientError) as error:
        ec2.delete_subnet(SubnetId=lab.subnets[0])
    assert code(error) == "DependencyViolation"

    elb.delete_load_balancer(LoadBalancerArn=balancer)
    lab.client("rds").delete_db_cluster(DBClusterIdentifier="uses", SkipFinalSnapshot=True)
    ecs.stop_task(cluster="lab", task=task)
    until(lambda: lab.task(task)["lastStatus"], lambda status: status == "STOPPED")

    def left() -> set[str]:
        for group in groups.values():
            try:
                ec2.delete_security_group(GroupId=group)
            except ClientError as refused:
                known = ("DependencyViolation", "InvalidGroup.NotFound")
                assert refused.response["Error"]["Code"] in known
        found = ec2.describe_security_groups()["SecurityGroups"]
        return {one["GroupId"] for one in found} & set(groups.values())

    until(left, lambda found: not found)
    ec2.delete_subnet(SubnetId=lab.subnets[0])
