"""A custom resource as crhelper's readme has it: what users write today. Zipped, never imported.

It waits for the same AWS objects as ours: it is done when every ECS service's deployment is.
"""

from __future__ import annotations

from typing import Any

import boto3
from crhelper import CfnResource

# In minutes: 1 is the least that EventBridge takes, crhelper's default is 2.
helper = CfnResource(polling_interval=1, sleep_on_delete=0)


@helper.create
def create(_event: dict[str, Any], _context: object) -> None:
    """Begin nothing: what is waited for is made by the other stack."""


@helper.poll_create
def is_ready(_event: dict[str, Any], _context: object) -> bool:
    """Tell whether the deployments of all services have completed."""
    ecs = boto3.client("ecs")
    deployments = [
        deployment
        for cluster in ecs.list_clusters()["clusterArns"]
        for name in ecs.list_services(cluster=cluster)["serviceArns"]
        for service in ecs.describe_services(cluster=cluster, services=[name])["services"]
        for deployment in service["deployments"]
    ]
    return bool(deployments) and all(d["rolloutState"] == "COMPLETED" for d in deployments)


@helper.update
@helper.delete
def nothing(_event: dict[str, Any], _context: object) -> None:
    """Do nothing."""


def handler(event: dict[str, Any], context: object) -> None:
    """Serve a request, or a poll."""
    helper(event, context)
