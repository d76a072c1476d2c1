"""Given a read that AWS narrows for us, then AWS's pages say that it leaves out nothing of ours.

A filter is a promise of the service's. One that is new in the source is judged here first: by what
its page says of objects that were just made, changed back to a default, or are gone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name

from tests.template.test_rights_used import operations_in, parsed, sources

NAMED = "it names what is asked for, or where that is: nothing else is wanted"
JUDGED = {
    "application-autoscaling.DescribeScalableTargets.ResourceIds": NAMED,
    "application-autoscaling.DescribeScalableTargets.ScalableDimension": NAMED,
    "application-autoscaling.DescribeScalingPolicies.PolicyNames": NAMED,
    "application-autoscaling.DescribeScalingPolicies.ResourceId": NAMED,
    "application-autoscaling.DescribeScalingPolicies.ScalableDimension": NAMED,
    "cloudwatch.DescribeAlarms.AlarmTypes": "ours are metric alarms (CloudWatch API)",
    "ec2.DescribeSecurityGroups.Filters": "group-name: a group's name never changes (EC2 API)",
    "ec2.DescribeSecurityGroups.GroupIds": NAMED,
    "ecs.DescribeClusters.include": "adds tags, leaves nothing out (ECS API)",
    "ecs.DescribeServices.cluster": NAMED,
    "ecs.DescribeServices.include": "adds tags, leaves nothing out (ECS API)",
    "ecs.DescribeTaskDefinition.include": "adds tags, leaves nothing out (ECS API)",
    "ecs.DescribeTasks.cluster": NAMED,
    "ecs.ListTaskDefinitions.familyPrefix": "the full family name (ECS API)",
    "ecs.ListTaskDefinitions.status": "ACTIVE and INACTIVE are asked for, one after the other",
    "ecs.ListTasks.cluster": NAMED,
    "ecs.ListTasks.desiredStatus": "RUNNING or STOPPED: whoever wants both asks twice (ECS API)",
    "elbv2.DescribeListeners.LoadBalancerArn": NAMED,
    "logs.DescribeLogGroups.logGroupNamePrefix": "the whole name: it sorts before all it begins",
    "rds.DescribeDBClusterSnapshots.SnapshotType": "manual: a final one counts as such (RDS API)",
    "rds.DescribeDBClusterParameterGroups.Filters": "not given: that of parameters is",
    "rds.DescribeDBClusterParameters.Filters": "parameter-name: all of these names (RDS API)",
    "rds.DescribeDBInstances.Filters": "db-cluster-id: an instance never changes it (RDS API)",
    "rds.DescribeDBSubnetGroups.Filters": "not given: that of parameters is",
    "rds.ListTagsForResource.Filters": "not given: DescribeDBInstances of the same module is",
    "resourcegroupstaggingapi.GetResources.ResourceTypeFilters": "a service stays one",
    "resourcegroupstaggingapi.GetResources.TagFilters": "the service has the tag from its creation",
    "s3.ListMultipartUploads.ExpectedBucketOwner": "another account's bucket is refused",
    "s3.ListObjectVersions.ExpectedBucketOwner": "another account's bucket is refused",
}
"""What each filter may leave out, and why that is none of ours.

Two are not here and must not come back. `Source` of DescribeDBClusterParameters calls a parameter
that is set to its default `system`. `DBClusterIdentifier` of DescribeDBClusterSnapshots must be of
a cluster that exists (RDS API), and the snapshots are wanted once it is gone.
"""
SUFFIX = re.compile(r"(Identifier|Name|Id|Arn|ARN)?s?$")


def noun(name: str) -> str:
    """Return what a name stands for: `dbcluster` of DBClusterIdentifier and DescribeDBClusters."""
    return SUFFIX.sub("", re.sub(r"^(Describe|List|Get)", "", name)).lower()


def given(path: Path, operation: str) -> set[str]:
    """Return what a module gives to an operation, to a paginator, or puts into a map."""
    names = (xform_name(operation), "paginate")
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in names:
            found |= {keyword.arg for keyword in node.keywords if keyword.arg}
        if isinstance(node, ast.Dict):
            found |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    return found


def filters() -> Iterator[str]:
    """Yield what may narrow a read of many: no parameter that it needs, nor what it is named by."""
    session = botocore.session.get_session()
    for path in sources():
        for service, operation in operations_in(path):
            model = session.get_service_model(service).operation_model(operation)
            shape = model.input_shape
            if not shape or not operation.startswith(("Describe", "List", "GetRes")):
                continue
            for name in given(path, operation) & set(shape.members) - set(shape.required_members):
                if noun(name) not in ("", noun(operation)):
                    yield f"{service}.{operation}.{name}"


def test_every_filter_is_one_that_is_judged() -> None:
    found = set(filters())
    assert "rds.DescribeDBInstances.Filters" in found
    assert not found - set(JUDGED)
