"""What Fargate does with services and tasks, which moto only records: it runs them.

moto 5.2.5 never gives a service a task, answers RunTask with HTTP 500, describes a family by its
newest revision though it is inactive, and leaves half of a service's settings out of the answer.
Here those calls alone are answered by a small state machine that moves on with every look;
everything else is moto, and botocore checks every request and parses every answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.core.responses import ActionResult
from moto.ecs.exceptions import ClusterNotFoundException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend

from cfn_mlflow import releases
from cfn_mlflow.upgrade.migration.script import EXIT_CODES

OPERATIONS = (
    "run_task",
    "list_tasks",
    "describe_tasks",
    "create_service",
    "update_service",
    "describe_services",
    "delete_service",
)
ACCOUNT = "arn:aws:ecs:eu-west-1:123456789012"
IMAGE_DIGEST = "sha256:" + "c0ffee".rjust(64, "0")
"""What every image's tag stands for."""


@dataclass
class End:
    """How a task ends: its exit code (None if it never ran), its last log line, its reason."""

    exit_code: int | None = 0
    line: str = ""
    reason: str = ""
    stop_code: str = "EssentialContainerExited"


def migrated(to: str, outcome: str = "migrated", **more: Any) -> End:
    """Return the end of a task that migrates, or only looks, and answers so."""
    report = {"outcome": outcome, "from": None, "expected": to, "mlflow": "3.17.2", **more}
    return End(EXIT_CODES[outcome], json.dumps({"cfn-mlflow-migration": report}))


def behind(found: str, to: str) -> End:
    """Return the end of a task that looks and finds the database behind."""
    return migrated(to, "behind", **{"from": found, "pending": releases.pending(found, to)})


def checked(reason: str = "") -> End:
    """Return the end of a deep check: well, or with what a server did instead."""
    report = {"cfn-mlflow-check": {"healthy": not reason, "reason": reason}}
    return End(int(bool(reason)), json.dumps(report))


Ends = Callable[[dict[str, Any]], End | None]
"""Tells how a task of a task definition ends; None for one that runs on."""


@dataclass
class Fargate:
    """Services and tasks of all clusters, and how their tasks are to end."""

    migration_ends: list[End]
    inspection_ends: list[End] = field(default_factory=list)
    """How looks at the database end; without any, as the migrations so far leave it."""
    check_ends: list[End] = field(default_factory=lambda: [checked()])
    rehearsal_ends: list[End] = field(default_factory=list)
    server_ends: Ends = lambda definition: None
    looks_to_end: int = 2
    looks_to_stop: int = 0
    """Looks for which a task whose log is written still runs for ECS."""
    looks_to_deploy: int = 2
    image_digests: dict[str, str] = field(default_factory=lambda: {"mlflow": IMAGE_DIGEST})
    """What the tag of each container's image stands for."""
    on_migration: Callable[[], None] = lambda: None
    """What a migration does before it ends."""
    after_update: Callable[[], None] = lambda: None
    runs: list[dict[str, Any]] = field(default_factory=list)
    """Every task that RunTask has started."""
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    _looks: dict[str, int] = field(default_factory=dict)

    def runs_for(self, purpose: str) -> list[dict[str, Any]]:
        """Return the tasks that RunTask has started for this, in order."""
        return [run for run in self.runs if run["startedBy"].split("/")[1].startswith(purpose)]

    @property
    def migrations(self) -> list[dict[str, Any]]:
        """Return the tasks that were to migrate."""
        return self.runs_for("migrate")

    def servers(self, service: str) -> list[dict[str, Any]]:
        """Return the tasks of a service that run."""
        return [
            task
            for task in self.tasks.values()
            if task["_service"] == service and task["lastStatus"] == "RUNNING"
        ]

    def forget(self) -> None:
        """Forget all tasks: moto gives a deleted revision's number again, which AWS never does."""
        for known in (self.runs, self.tasks, self._looks):
            known.clear()

    def run_task(self, asked: dict[str, Any]) -> dict[str, Any]:
        for task in self.tasks.values():
            if asked.get("clientToken") and task.get("_token") == asked["clientToken"]:
                return {"tasks": [_shown(task)], "failures": []}
        task = self._start(asked["cluster"], asked["taskDefinition"], asked.get("startedBy", ""))
        task["_token"] = asked.get("clientToken")
        task["overrides"] = asked.get("overrides", {})
        self.runs.append(task)
        return {"tasks": [_shown(task)], "failures": []}

    def list_tasks(self, asked: dict[str, Any]) -> dict[str, Any]:
        stopped = asked.get("desiredStatus", "RUNNING") == "STOPPED"
        arns = [
            arn
            for arn, task in self.tasks.items()
            if task["_cluster"] == _name(asked["cluster"])
            and (task["lastStatus"] == "STOPPED") == stopped
            and asked.get("family", task["_family"]) == task["_family"]
            and asked.get("serviceName", task["_service"]) == task["_service"]
        ]
        return {"taskArns": arns}

    def describe_tasks(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [self.tasks[arn] for arn in asked["tasks"] if arn in self.tasks]
        for task in found:
            self._move_task(task)
        return {"tasks": [_shown(task) for task in found], "failures": []}

    def create_service(self, asked: dict[str, Any]) -> dict[str, Any]:
        service = {
            "serviceArn": f"{ACCOUNT}:service/{_name(asked['cluster'])}/{asked['serviceName']}",
            "clusterArn": f"{ACCOUNT}:cluster/{_name(asked['cluster'])}",
            "status": "ACTIVE",
            "runningCount": 0,
            "pendingCount": 0,
            "deployments": [],
            "_cluster": _name(asked["cluster"]),
            **{k: v for k, v in asked.items() if k not in ("cluster", "clientToken")},
        }
        self.services[asked["serviceName"]] = service
        self._deploy(service)
        return {"service": _shown(service)}

    def update_service(self, asked: dict[str, Any]) -> dict[str, Any]:
        service = self.services[_name(asked["service"])]
        changed = {k: v for k, v in asked.items() if k not in ("cluster", "service")}
        service.update(changed)
        if changed.keys() - {"desiredCount"}:
            self._deploy(service)
        elif service["deployments"]:
            self._let_run(service, service["deployments"][0]["taskDefinition"])
            service["runningCount"] = service["deployments"][0]["runningCount"] = len(
                self.servers(service["serviceName"])
            )
        self.after_update()
        return {"service": _shown(service)}

    def describe_services(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [self.services[n] for n in map(_name, asked["services"]) if n in self.services]
        for service in found:
            self._move_service(service)
        return {"services": [_shown(service) for service in found], "failures": []}

    def delete_service(self, asked: dict[str, Any]) -> dict[str, Any]:
        if _name(asked["service"]) not in self.services:
            raise ServiceNotFoundException
        service = self.services[_name(asked["service"])]
        service["status"] = "DRAINING"
        self._looks[service["serviceArn"]] = 0
        return {"service": _shown(service)}

    def _start(self, cluster: str, definition_arn: str, started_by: str) -> dict[str, Any]:
        arn = f"{ACCOUNT}:task/{_name(cluster)}/{len(self.tasks):032x}"
        task = {
            "taskArn": arn,
            "taskDefinitionArn": definition_arn,
            "lastStatus": "PROVISIONING",
            "startedBy": started_by,
            "createdAt": datetime.now(UTC),
            "_cluster": _name(cluster),
            "_family": definition_arn.rsplit("/", 1)[-1].rsplit(":", 1)[0],
            "_service": "",
        }
        self.tasks[arn] = task
        return task

    def _move_task(self, task: dict[str, Any]) -> None:
        looks = self._looks[task["taskArn"]] = self._looks.get(task["taskArn"], 0) + 1
        if task["lastStatus"] == "STOPPED":
            return
        if task["_service"]:
            return
        if looks >= self.looks_to_end + self.looks_to_stop:
            self._stop(task, self._end_of(task))
            return
        task["lastStatus"] = "RUNNING"
        if looks == self.looks_to_end:
            _say(task, self._end_of(task))

    def _end_of(self, task: dict[str, Any]) -> End:
        purpose = task["startedBy"].split("/")[1].split("-")[0]
        ends = {
            "migrate": self.migration_ends,
            "inspect": self.inspection_ends or [self._as_left()],
            "check": self.check_ends,
            "rehearse": self.rehearsal_ends,
        }[purpose]
        if purpose == "migrate":
            self.on_migration()
        place = [run["taskArn"] for run in self.runs_for(purpose)].index(task["taskArn"])
        return ends[min(place, len(ends) - 1)]

    def _as_left(self) -> End:
        """Return what a look finds after the migrations that have ended, before the next one."""
        so_far = sum(one["lastStatus"] == "STOPPED" for one in self.migrations)
        ends = [_expected(end) for end in self.migration_ends]
        expected = ends[min(so_far, len(ends) - 1)]
        ended = zip(self.migration_ends[:so_far], ends, strict=False)
        reached = [head for end, head in ended if not end.exit_code]
        if not reached:
            return migrated(expected, "empty")
        if reached[-1] == expected:
            return migrated(expected, "current", **{"from": expected})
        return behind(reached[-1], expected)

    def _stop(self, task: dict[str, Any], end: End) -> None:
        definition = _definition(task["taskDefinitionArn"])
        container = definition["containerDefinitions"][0]
        task["lastStatus"] = "STOPPED"
        task["stoppedAt"] = datetime.now(UTC)
        task["stopCode"], task["stoppedReason"] = end.stop_code, end.reason
        ended = {"name": container["name"], "reason": end.reason}
        if end.exit_code is not None:
            ended["exitCode"] = end.exit_code
        task["containers"] = [ended]
        if not self.looks_to_stop:
            _say(task, end)

    def _deploy(self, service: dict[str, Any]) -> None:
        self._looks[service["serviceArn"]] = 0
        for deployment in service["deployments"]:
            deployment["status"] = "ACTIVE"
        service["deployments"].insert(
            0,
            {
                "id": f"ecs-svc/{len(self.tasks)}{len(service['deployments'])}",
                "status": "PRIMARY",
                "taskDefinition": service["taskDefinition"],
                "rolloutState": "IN_PROGRESS",
                "rolloutStateReason": "ECS deployment in progress.",
                "failedTasks": 0,
                "runningCount": 0,
            },
        )

    def _move_service(self, service: dict[str, Any]) -> None:
        arn = service["serviceArn"]
        looks = self._looks[arn] = self._looks.get(arn, 0) + 1
        if service["status"] == "DRAINING":
            if looks >= 2:
                service["status"] = "INACTIVE"
                service["runningCount"] = service["desiredCount"] = 0
                self._let_run(service, "")
            return
        if service["status"] != "ACTIVE" or looks < self.looks_to_deploy:
            return
        primary = service["deployments"][0]
        end = self.server_ends(_definition(primary["taskDefinition"]))
        if end is None or not service["desiredCount"]:
            primary["rolloutState"] = "COMPLETED"
            primary["rolloutStateReason"] = f"ECS deployment {primary['id']} completed."
            primary["runningCount"] = service["runningCount"] = service["desiredCount"]
            del service["deployments"][1:]
            self._let_run(service, primary["taskDefinition"])
            return
        for _ in range(service["desiredCount"]):
            task = self._start(service["_cluster"], primary["taskDefinition"], primary["id"])
            task["_service"] = service["serviceName"]
            self._stop(task, end)
            primary["failedTasks"] += 1

    def _let_run(self, service: dict[str, Any], definition_arn: str) -> None:
        """Let as many tasks run of the definition as are asked, and none of another."""
        name, cluster = service["serviceName"], service["_cluster"]
        there = self.servers(name)
        wrong = [one for one in there if one["taskDefinitionArn"] != definition_arn]
        surplus = [one for one in there if one not in wrong][service["desiredCount"] :]
        for task in (*wrong, *surplus):
            task["lastStatus"] = "STOPPED"
            task["stoppedReason"] = "Scaling activity initiated by deployment"
            task["containers"] = []
        missing = service["desiredCount"] - len(self.servers(name))
        containers = _definition(definition_arn)["containerDefinitions"] if missing > 0 else []
        for _ in range(missing):
            task = self._start(cluster, definition_arn, "ecs-svc/1")
            task["_service"], task["lastStatus"] = name, "RUNNING"
            address = f"10.0.{len(self.tasks) // 250}.{len(self.tasks) % 250}"
            detail = {"name": "privateIPv4Address", "value": address}
            task["attachments"] = [{"type": "ElasticNetworkInterface", "details": [detail]}]
            task["containers"] = [
                {"name": one["name"], "imageDigest": self.image_digests.get(one["name"], "")}
                for one in containers
            ]


def _expected(end: End) -> str:
    """Return the revision that a migration which ends so was to reach; MLflow 3.17's, if untold."""
    if not end.line.startswith("{"):
        return "dc11669786a5"
    return str(json.loads(end.line)["cfn-mlflow-migration"]["expected"])


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if not key.startswith("_")}


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


@cache
def _client(service: str) -> Any:
    return boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload]


def _definition(arn: str) -> dict[str, Any]:
    found: Any = _client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    return dict(found)


def _say(task: dict[str, Any], end: End) -> None:
    """Write a task's last line into its log."""
    if not end.line:
        return
    container = _definition(task["taskDefinitionArn"])["containerDefinitions"][0]
    options = container["logConfiguration"]["options"]
    stream = (
        f"{options['awslogs-stream-prefix']}/{container['name']}/"
        f"{task['taskArn'].rsplit('/', 1)[-1]}"
    )
    _write(options["awslogs-group"], stream, end.line)


def _write(group: str, stream: str, line: str) -> None:
    logs = _client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event: Any = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": line}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def install(fargate: Fargate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto answer the calls that it gets wrong by this Fargate."""
    for name in OPERATIONS:
        monkeypatch.setattr(EC2ContainerServiceResponse, name, _answering(fargate, name))
    tag = EC2ContainerServiceBackend.tag_resource

    def tag_service_or_other(backend: Any, resource_arn: str, tags: dict[str, str]) -> None:
        if ":service/" not in resource_arn:
            tag(backend, resource_arn, tags)
            return
        service = fargate.services[_name(resource_arn)]
        kept = {one["key"]: one["value"] for one in service.get("tags", [])} | tags
        service["tags"] = [{"key": key, "value": value} for key, value in kept.items()]

    monkeypatch.setattr(EC2ContainerServiceBackend, "tag_resource", tag_service_or_other)
    untag = EC2ContainerServiceBackend.untag_resource

    def untag_service_or_other(backend: Any, resource_arn: str, tag_keys: list[str]) -> None:
        if ":service/" not in resource_arn:
            untag(backend, resource_arn, tag_keys)
            return
        service = fargate.services[_name(resource_arn)]
        service["tags"] = [one for one in service["tags"] if one["key"] not in tag_keys]

    monkeypatch.setattr(EC2ContainerServiceBackend, "untag_resource", untag_service_or_other)
    monkeypatch.setattr(
        ApplicationAutoscalingBackend,
        "_ecs_service_exists_for_target",
        lambda _, resource_id: _name(resource_id) in fargate.services,
    )
    monkeypatch.setattr(ResourceGroupsTaggingAPIBackend, "get_resources", _tagged(fargate))
    described = EC2ContainerServiceBackend.describe_task_definition

    def newest_active(backend: Any, task_definition_str: str) -> Any:
        family, _, revision = task_definition_str.rsplit("/", 1)[-1].partition(":")
        revisions = backend.task_definitions.get(family, {})
        active = [number for number, one in revisions.items() if one.status == "ACTIVE"]
        return described(backend, f"{family}:{revision or max(active, default=0)}")

    monkeypatch.setattr(EC2ContainerServiceBackend, "describe_task_definition", newest_active)


def _tagged(fargate: Fargate) -> Any:
    def get_resources(
        backend: Any, tag_filters: list[dict[str, Any]], **_: Any
    ) -> tuple[None, list[SimpleNamespace]]:
        del backend
        [asked] = tag_filters
        return None, [
            SimpleNamespace(arn=one["serviceArn"], tags={})
            for one in fargate.services.values()
            for tag in one.get("tags", [])
            if tag["key"] == asked["Key"] and tag["value"] in asked["Values"]
        ]

    return get_resources


def _answering(fargate: Fargate, name: str) -> Any:
    def answer(response: Any) -> ActionResult:
        asked = json.loads(response.body)
        cluster = _name(asked["cluster"])
        clusters = response.ecs_backend.clusters
        if cluster not in clusters or clusters[cluster].status == "INACTIVE":
            raise ClusterNotFoundException
        return ActionResult(getattr(fargate, name)(asked))

    return answer
