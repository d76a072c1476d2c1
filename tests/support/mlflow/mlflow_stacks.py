"""Templates of stacks with our types, and what the tests ask of the MLflow that they become."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from local.aws import LocalAws
from tests.support.waiting import PATIENCE_SECONDS, until

MIGRATION = "cfn-mlflow-migration"
"""Stands in the script of every migration task."""
DEEP = "/api/2.0/mlflow/experiments/get?experiment_id=0"
REGISTRY = "/api/2.0/mlflow/registered-models/search"


@dataclass(frozen=True)
class Network:
    """A VPC with subnets in two Availability Zones, as a platform team would have made it."""

    vpc_id: str
    subnet_ids: list[str]


def make_network(aws: LocalAws) -> Network:
    """Make the VPC and its subnets."""
    ec2 = aws.session().client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet_ids = [
        ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=f"10.7.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    return Network(vpc_id, subnet_ids)


def one_resource(
    network: Network, *, provider: str = "cfn-mlflow", **properties: Any
) -> dict[str, Any]:
    """Return a template with one Custom::MLflow: the required properties and those given."""
    return {
        "Resources": {
            "MLflow": {
                "Type": "Custom::MLflow",
                "Properties": {
                    "ServiceToken": {"Fn::ImportValue": f"{provider}-MLflow"},
                    "VpcId": network.vpc_id,
                    "SubnetIds": network.subnet_ids,
                    "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
                    **properties,
                },
            }
        },
        "Outputs": {
            name: {"Value": {"Fn::GetAtt": ["MLflow", name]}}
            for name in (
                "TrackingUri",
                "LoadBalancerArn",
                "ClusterId",
                "ServiceName",
                "ArtifactBucketId",
                "DatabaseClientSecurityGroupId",
                "DatabaseClusterArn",
                "DatabaseClusterId",
                "DatabaseMasterSecretArn",
                "SchemaRevision",
                "SchemaSnapshotId",
                "SchemaMigrations",
                "ServiceImage",
                "ServiceImageDigest",
                "ServiceAutoscalingTargetMaxCapacity",
            )
        },
    }


def answer_of(aws: LocalAws, tracking_uri: str, path: str = DEEP) -> int:
    """Return the HTTP status with which the MLflow behind TrackingUri answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": aws.proxy}))
    try:
        with opener.open(tracking_uri + path, timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def clients_of(aws: LocalAws, tracking_uri: str, number: int) -> Iterator[list[int]]:
    """Let so many clients ask one after the other to the end of the block; give their answers.

    Every other one asks the model registry, whose pools are others than the tracking store's.
    """
    answers: list[int] = []
    enough = threading.Event()

    def ask(path: str) -> None:
        while not enough.is_set():
            answers.append(answer_of(aws, tracking_uri, path))

    with ThreadPoolExecutor(number) as pool:
        asking = [pool.submit(ask, (DEEP, REGISTRY)[client % 2]) for client in range(number)]
        try:
            yield answers
        finally:
            enough.set()
    for each in asking:
        each.result()


def master_of(aws: LocalAws, prefix: str) -> Callable[[str], str]:
    """Return what asks the one cluster whose name begins so, as its master, for one value."""
    session = aws.session()
    found = session.client("rds").describe_db_clusters()["DBClusters"]
    [cluster] = [one for one in found if one["DBClusterIdentifier"].startswith(prefix)]

    def ask(sql: str) -> str:
        answer = session.client("rds-data").execute_statement(
            resourceArn=cluster["DBClusterArn"],
            secretArn=cluster["MasterUserSecret"]["SecretArn"],
            database="mlflow",
            sql=sql,
        )
        return str(next(iter(answer["records"][0][0].values())))

    return ask


def post(aws: LocalAws, tracking_uri: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what MLflow's API answers to a POST of this body, which must be 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": aws.proxy}))
    request = urllib.request.Request(  # noqa: S310 - a TrackingUri
        f"{tracking_uri}/api/2.0/mlflow/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def log_run(aws: LocalAws, tracking_uri: str, name: str) -> None:
    """Log a run of this name with a metric."""
    run = post(aws, tracking_uri, "runs/create", {"experiment_id": "0", "run_name": name})
    run_id = run["run"]["info"]["run_id"]
    metric = {"run_id": run_id, "key": "accuracy", "value": 0.9, "timestamp": 1, "step": 1}
    post(aws, tracking_uri, "runs/log-metric", metric)


def runs_of(aws: LocalAws, tracking_uri: str) -> dict[str, float]:
    """Return the metric of each run, by the run's name."""
    found = post(aws, tracking_uri, "runs/search", {"experiment_ids": ["0"]})
    return {
        run["info"]["run_name"]: run["data"]["metrics"][0]["value"] for run in found.get("runs", [])
    }


def program(folder: Path, name: str, *lines: str) -> None:
    """Write a shell script of these lines, for an image of a test's own."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)


def paused_migration(aws: LocalAws) -> psutil.Process:
    """Wait for the migration's task, stop its process as it stands, and return it."""

    def migrations() -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if _migrates(aws, process)]

    process = until(migrations, what="a migration task", pause=0.05)[0]
    process.suspend()
    return process


def _migrates(aws: LocalAws, process: psutil.Process) -> bool:
    try:
        ours = process.cwd().startswith(str(aws.state))
        return (
            ours
            and any(MIGRATION in word for word in process.cmdline())
            and "CFN_MLFLOW_ONLY_LOOK" not in process.environ()
        )
    except psutil.Error:
        return False  # it has ended


def wait_for_words(aws: LocalAws, function_name: str, words: str, *, after: int = 0) -> None:
    """Wait until a function has logged these words behind so many messages."""
    until(
        lambda: words_of(aws, function_name)[after:],
        lambda said: any(words in line for line in said),
        f"{function_name} to say {words!r}",
    )


def words_of(aws: LocalAws, function_name: str) -> list[str]:
    """Return the messages that a function has logged."""
    logs = aws.session().client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function_name}"
    )
    return [_message(event["message"]) for page in pages for event in page["events"]]


def calls_by(aws: LocalAws, caller: str) -> int:
    """Return how many AWS calls a function has made, but for what it asks CloudFormation."""
    return sum(
        call["count"]
        for call in aws.calls()
        if call["caller"] == caller and call["service"] != "cloudformation"
    )


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["message"])
    except (ValueError, KeyError, TypeError):
        return line
