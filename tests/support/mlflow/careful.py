"""A provider as a careful account deploys it: a key of its own, reservations, lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local.aws import LocalAws
from tests.support.mlflow.mlflow_stacks import Network

RESERVED = 1
"""The fewest: a request is handed on by an invocation that waits for the end of the one before."""
RESERVED_FOR_THE_LAST_WORD = 2
IMAGES = "ghcr.io/mlflow/"


@dataclass(frozen=True)
class Careful:
    """The provider, and what its parameters name."""

    provider: str
    key: str
    network: Network

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters that a careful account sets."""
        return {
            "ProviderName": self.provider,
            "KmsKeyArn": self.key,
            "FunctionReservedConcurrency": str(RESERVED),
            "LastWordReservedConcurrency": str(RESERVED_FOR_THE_LAST_WORD),
            "AllowedVpcIds": self.network.vpc_id,
            "AllowedImagePrefixes": IMAGES,
        }


def made_by(aws: LocalAws, provider: str, kind: str) -> list[str]:
    """Return the physical ids of all resources of a type in the provider's stack."""
    pages = aws.session().client("cloudformation").get_paginator("list_stack_resources")
    return [
        str(found["PhysicalResourceId"])
        for page in pages.paginate(StackName=provider)
        for found in page["StackResourceSummaries"]
        if found["ResourceType"] == kind
    ]


def keys_of(aws: LocalAws, provider: str) -> dict[str, str | None]:
    """Return the key of each function, log group and queue of the provider, by its name."""
    clients = aws.session().client
    keys: dict[str, str | None] = {}
    for function in made_by(aws, provider, "AWS::Lambda::Function"):
        keys[function] = (
            clients("lambda").get_function_configuration(FunctionName=function).get("KMSKeyArn")
        )
    for group in made_by(aws, provider, "AWS::Logs::LogGroup"):
        listed = clients("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        [keys[group]] = [one.get("kmsKeyId") for one in listed if one["logGroupName"] == group]
    for queue in made_by(aws, provider, "AWS::SQS::Queue"):
        found = clients("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
        keys[queue.rpartition("/")[2]] = found["Attributes"].get("KmsMasterKeyId")
    return keys


def reservations_of(aws: LocalAws, provider: str) -> dict[str, Any]:
    """Return how many invocations are reserved for each function of the provider."""
    functions = aws.session().client("lambda")
    return {
        name: functions.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        )
        for name in made_by(aws, provider, "AWS::Lambda::Function")
    }
