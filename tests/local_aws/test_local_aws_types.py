"""CloudFormation types and tags that the local AWS adds to what ministack knows."""

from typing import Any

import pytest

from local.aws import LocalAws
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack

NETWORK: dict[str, Any] = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
    },
    "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
    "Nat": {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {
            "SubnetId": {"Ref": "Subnet"},
            "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]},
            "Tags": [{"Key": "owner", "Value": "network"}],
        },
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {
            "GroupDescription": "tasks",
            "VpcId": {"Ref": "Vpc"},
            "Tags": [{"Key": "owner", "Value": "network"}],
        },
    },
    "Ingress": {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Ref": "Group"},
            "IpProtocol": "tcp",
            "FromPort": 5432,
            "ToPort": 5432,
            "SourceSecurityGroupId": {"Ref": "Group"},
        },
    },
    "Egress": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {
            "GroupId": {"Ref": "Group"},
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "CidrIp": "0.0.0.0/0",
            "Description": "AWS",
        },
    },
    "Endpoint": {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "VpcId": {"Ref": "Vpc"},
            "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
        },
    },
}
NETWORK_OUTPUTS = {
    "Group": {"Value": {"Ref": "Group"}},
    "Nat": {"Value": {"Ref": "Nat"}},
    "Address": {"Value": {"Ref": "Address"}},
    "Block": {"Value": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}},
}


def test_a_network_with_nat_and_rules_is_made_and_removed(bare_aws: LocalAws) -> None:
    stack = Stack.create(bare_aws, "network", {"Resources": NETWORK, "Outputs": NETWORK_OUTPUTS})
    assert stack.status == "CREATE_COMPLETE"
    ec2 = bare_aws.session().client("ec2")
    outputs = stack.outputs
    (group,) = ec2.describe_security_groups(GroupIds=[outputs["Group"]])["SecurityGroups"]
    (ingress,) = group["IpPermissions"]
    assert (ingress["FromPort"], ingress["UserIdGroupPairs"][0]["GroupId"]) == (
        5432,
        outputs["Group"],
    )
    assert 443 in [rule.get("FromPort") for rule in group["IpPermissionsEgress"]]
    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[outputs["Nat"]])["NatGateways"]
    assert nat["State"] == "available"
    assert outputs["Block"] == "10.0.0.0/16"

    assert stack.delete() == "DELETE_COMPLETE"
    assert outputs["Address"] not in [
        address["PublicIp"] for address in ec2.describe_addresses()["Addresses"]
    ]


@pytest.mark.parametrize(
    ("logical_id", "prop", "code"),
    [
        ("Nat", "SubnetId", "InvalidSubnetID.NotFound"),
        ("Nat", "AllocationId", "InvalidAllocationID.NotFound"),
        ("Ingress", "GroupId", "InvalidGroup.NotFound"),
        ("Egress", "GroupId", "InvalidGroup.NotFound"),
    ],
)
def test_what_refers_to_nothing_fails_with_ec2s_own_error(
    bare_aws: LocalAws, logical_id: str, prop: str, code: str
) -> None:
    broken = {
        **NETWORK,
        logical_id: {
            "Type": NETWORK[logical_id]["Type"],
            "Properties": {**NETWORK[logical_id]["Properties"], prop: "none-such"},
        },
    }
    stack = Stack.create(bare_aws, f"broken-{logical_id}-{prop}", {"Resources": broken})

    assert stack.status == "ROLLBACK_COMPLETE"
    assert code in stack.failures()[logical_id]


def test_a_role_keeps_its_boundary_and_refuses_one_that_does_not_exist(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({})
    del template["Resources"]["Function"]
    role = template["Resources"]["Role"]["Properties"]
    role["PermissionsBoundary"] = {"Ref": "Boundary"}
    template["Resources"]["Boundary"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Path": "/edge/",
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            },
        },
    }
    template["Outputs"] = {"Role": {"Value": {"Ref": "Role"}}}
    stack = Stack.create(bare_aws, probe.name, template)
    found = bare_aws.session().client("iam").get_role(RoleName=stack.outputs["Role"])["Role"]
    assert ":policy/edge/" in found["PermissionsBoundary"]["PermissionsBoundaryArn"]

    role["PermissionsBoundary"] = "arn:aws:iam::123456789012:policy/none-such"
    broken = Stack.create(bare_aws, f"{probe.name}-broken", template)
    assert "does not exist or is not attachable" in broken.failures()["Role"]


def test_tags_are_found_over_all_services(bare_aws: LocalAws) -> None:
    session = bare_aws.session()
    tags: Any = [{"Key": "owner", "Value": "found"}]
    session.client("logs").create_log_group(logGroupName="/found/a", tags={"owner": "found"})
    session.client("secretsmanager").create_secret(
        Name="found/a-b", SecretString="nobody reads it", Tags=tags
    )
    session.client("ssm").put_parameter(Name="/found", Value="x", Type="String", Tags=tags)
    session.client("elbv2").create_target_group(
        Name="found", Protocol="HTTP", Port=80, VpcId="vpc-1", TargetType="ip", Tags=tags
    )
    session.client("rds").create_db_cluster_parameter_group(
        DBClusterParameterGroupName="found",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="found",
        Tags=tags,
    )
    session.client("ec2").create_security_group(
        GroupName="found",
        Description="found",
        TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
    )
    api = session.client("resourcegroupstaggingapi")

    def found(*types: str) -> set[str]:
        answer = api.get_resources(
            TagFilters=[{"Key": "owner", "Values": ["found"]}], ResourceTypeFilters=list(types)
        )
        return {mapping["ResourceARN"] for mapping in answer["ResourceTagMappingList"]}

    services = sorted(arn.split(":")[2] for arn in found())
    assert services == ["ec2", "elasticloadbalancing", "logs", "rds", "secretsmanager", "ssm"]
    assert len(found("secretsmanager:secret")) == 1
    assert len(found("logs:log-group")) == 1
    assert len(found("ec2:security-group", "rds")) == 2
