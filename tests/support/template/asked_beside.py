"""What AWS asks of a caller beside the action that it called, and what of it the provider spares.

The Service Authorization Reference tells a part of it (`service_authorization.json`); the rest
stands in the user guides of the services, and in what other projects were denied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "template" / "service_authorization.json").read_text()
)

ELB = "Elastic Load Balancing user guide, Elastic Load Balancing API permissions"
ELB_ROLE = "kubernetes-sigs/aws-load-balancer-controller#3917: denied without it since 2024"
ELB_GROUPS = "on no page: held to what CreateLoadBalancer asks for, which takes groups too"
ECS = "ECS developer guide, Amazon ECS task execution IAM role and service-linked roles"
ECS_TAGS = "ECS developer guide, Tag resources during creation"
SCALING = "Application Auto Scaling user guide, Identity-based policy examples"
SCALING_ROLE = "Application Auto Scaling user guide, Service-linked roles"
RDS_ROLE = "Aurora user guide, Using service-linked roles for Amazon Aurora"
RDS_PASSWORD = "Aurora user guide, Password management with Secrets Manager"
RDS_KEY = "Aurora user guide, Encrypting Amazon Aurora resources; schema of AWS::RDS::DBInstance"
DATA_API = "Aurora user guide, Authorizing access to the Amazon RDS Data API"
SECRETS = "Secrets Manager user guide, Secret encryption and decryption"
EVENTS_ROLE = "EventBridge user guide, Using IAM roles for targets: who gives one must pass it"
TAGS = "the page of the operation: with tags it asks for the right to tag"

DOCUMENTED: dict[str, dict[str, str]] = {
    "application-autoscaling:DeleteScalingPolicy": {"cloudwatch:DeleteAlarms": SCALING},
    "application-autoscaling:PutScalingPolicy": {
        "cloudwatch:DescribeAlarms": SCALING,
        "cloudwatch:PutMetricAlarm": SCALING,
        "ecs:DescribeServices": SCALING,
        "ecs:UpdateService": SCALING,
    },
    "application-autoscaling:RegisterScalableTarget": {
        "ecs:DescribeServices": SCALING,
        "ecs:UpdateService": SCALING,
        "iam:CreateServiceLinkedRole": SCALING_ROLE,
    },
    "cloudwatch:PutMetricAlarm": {"cloudwatch:TagResource": TAGS},
    "ecs:CreateCluster": {"ecs:TagResource": ECS_TAGS, "iam:CreateServiceLinkedRole": ECS},
    "ecs:CreateService": {
        "ecs:TagResource": ECS_TAGS,
        "iam:CreateServiceLinkedRole": ECS,
        "iam:PassRole": ECS,
    },
    "ecs:RegisterTaskDefinition": {"ecs:TagResource": ECS_TAGS, "iam:PassRole": ECS},
    "ecs:RunTask": {"ecs:TagResource": ECS_TAGS},
    "ecs:UpdateService": {"iam:PassRole": ECS},
    "elasticloadbalancing:CreateLoadBalancer": {
        "ec2:DescribeAccountAttributes": ELB,
        "ec2:DescribeAddresses": ELB,
        "ec2:DescribeInternetGateways": ELB,
        "ec2:DescribeSecurityGroups": ELB,
        "ec2:DescribeSubnets": ELB,
        "ec2:DescribeVpcs": ELB,
        "ec2:GetSecurityGroupsForVpc": ELB_ROLE,
        "iam:CreateServiceLinkedRole": ELB,
    },
    "elasticloadbalancing:CreateTargetGroup": {
        "ec2:DescribeInternetGateways": ELB,
        "ec2:DescribeVpcs": ELB,
    },
    "elasticloadbalancing:SetSecurityGroups": {
        "ec2:DescribeSecurityGroups": ELB_GROUPS,
        "ec2:GetSecurityGroupsForVpc": ELB_GROUPS,
    },
    "elasticloadbalancing:SetSubnets": {"ec2:DescribeSubnets": ELB},
    "events:PutRule": {"events:TagResource": TAGS},
    "events:PutTargets": {"iam:PassRole": EVENTS_ROLE},
    "iam:CreateRole": {"iam:TagRole": TAGS},
    "logs:CreateLogGroup": {"logs:TagResource": TAGS},
    "rds-data:BeginTransaction": {"secretsmanager:GetSecretValue": DATA_API},
    "rds-data:ExecuteStatement": {
        "secretsmanager:GetSecretValue": DATA_API,
        "kms:Decrypt": SECRETS,
    },
    "rds-data:RollbackTransaction": {"secretsmanager:GetSecretValue": DATA_API},
    "rds:CreateDBCluster": {
        "iam:CreateServiceLinkedRole": RDS_ROLE,
        "kms:DescribeKey": RDS_PASSWORD,
        "secretsmanager:CreateSecret": RDS_PASSWORD,
        "secretsmanager:TagResource": RDS_PASSWORD,
    },
    "rds:CreateDBInstance": {
        "iam:CreateServiceLinkedRole": RDS_ROLE,
        "kms:CreateGrant": RDS_KEY,
        "kms:DescribeKey": RDS_KEY,
    },
    "rds:ModifyDBCluster": {
        "kms:DescribeKey": RDS_PASSWORD,
        "secretsmanager:CreateSecret": RDS_PASSWORD,
        "secretsmanager:TagResource": RDS_PASSWORD,
    },
    "rds:RestoreDBClusterToPointInTime": {"kms:CreateGrant": RDS_KEY, "kms:DescribeKey": RDS_KEY},
    "s3:CreateBucket": {"s3:TagResource": TAGS},
    "secretsmanager:CreateSecret": {
        "kms:Decrypt": SECRETS,
        "kms:GenerateDataKey": SECRETS,
        "secretsmanager:TagResource": TAGS,
    },
    "secretsmanager:GetSecretValue": {"kms:Decrypt": SECRETS},
    "secretsmanager:PutSecretValue": {"kms:Decrypt": SECRETS, "kms:GenerateDataKey": SECRETS},
    "sts:AssumeRole": {"sts:TagSession": "IAM user guide, Passing session tags in AWS STS"},
    "ssm:PutParameter": {"ssm:AddTagsToResource": TAGS},
}
"""By action: what else its caller must be allowed, with where that is told.

EventBridge asks for iam:PassRole only where a target has a role (a function's has none), and
Lambda's own needs (its log, its queue) are looked at with the template's functions.
"""

PASSES_NO_ROLE = "for a role of Enhanced Monitoring or of a directory; none is passed"
NO_TENANTS = "for tenant databases, which Aurora has not"

SPARED: dict[tuple[str, str], str] = {
    ("cloudformation:DescribeStacks", "cloudformation:ListStacks"): "only without a stack's name",
    ("rds:CreateDBCluster", "iam:PassRole"): PASSES_NO_ROLE,
    ("rds:CreateDBInstance", "iam:PassRole"): PASSES_NO_ROLE,
    ("rds:CreateDBInstance", "rds:CreateTenantDatabase"): NO_TENANTS,
    ("rds:DeleteDBInstance", "rds:CreateDBSnapshot"): "an instance of Aurora leaves no snapshot",
    ("rds:DeleteDBInstance", "rds:DeleteTenantDatabase"): NO_TENANTS,
    ("rds:ModifyDBCluster", "iam:PassRole"): PASSES_NO_ROLE,
    ("rds:ModifyDBCluster", "secretsmanager:RotateSecret"): "only to rotate at once",
    ("rds:ModifyDBInstance", "iam:PassRole"): PASSES_NO_ROLE,
    ("rds:ModifyDBInstance", "rds:CreateTenantDatabase"): NO_TENANTS,
    ("rds:ModifyDBInstance", "secretsmanager:RotateSecret"): "only to rotate at once",
    ("rds:RestoreDBClusterToPointInTime", "iam:PassRole"): PASSES_NO_ROLE,
}
"""What serves features that the provider does not use, by action."""

SPARED_OF: dict[tuple[str, str, str], str] = {
    ("MLflowService", "rds:CreateDBInstance", "iam:CreateServiceLinkedRole"): (
        "it clones a cluster that is there, so the account has the role"
    ),
}
"""The same, for one function alone."""


def told(action: str) -> dict[str, str]:
    """Return all that AWS says an action asks for beside itself, each with its source."""
    named = REFERENCE["actions"].get(action, {}).get("beside", [])
    return {name: str(REFERENCE["source"]) for name in named} | DOCUMENTED.get(action, {})


def beside(action: str) -> dict[str, str]:
    """Return what an action asks of us beside itself, each with its source."""
    return {n: source for n, source in told(action).items() if (action, n) not in SPARED}
