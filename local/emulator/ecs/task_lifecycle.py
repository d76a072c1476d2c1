"""How ECS starts and stops a task, where ministack does it otherwise.

ministack runs containers; this file gives it the whole container definition, ECS's words for what
goes wrong, and a StopTask that answers at once while the task leaves its target groups, gets
SIGTERM and ends.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs, ecs, ecs_metadata

from local.emulator.containers import images
from local.emulator.containers.docker import NotFound
from local.emulator.core import journal, patching
from local.emulator.core.patching import Function
from local.emulator.ecs.container_plan import ContainerPlan, StartError

_BY_SCHEDULER = {
    "Service deleted",
    "Service scaling down",
    "Deployment completed",
    "Deployment capacity limit",
    "Task definition updated",
}
"""The reasons by which ministack's own scheduler calls StopTask."""
_NO_LOG_GROUP = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
    "times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log "
    "group does not exist. : exit status 1"
)
Task = dict[str, Any]
Leave = Callable[[Task], None]
"""Waits until the task's targets have left their groups."""


def install(leave: Leave) -> None:
    """Put this into ministack's ECS."""
    patching.require(
        ecs, "_docker", "_ImagePullError", "_SecretResolutionError", "_bump_task_version",
        "_cluster_name_from_arn", "_clusters", "_iso", "_recount_cluster", "_refresh_service_state",
        "_resolve_cluster_name", "_resolve_task", "_resolve_td_key", "_sanitize",
        "_services", "_tags", "_task_defs", "_tasks",
    )  # fmt: skip
    patching.require(cloudwatch_logs, "_log_groups")
    patching.replace(ecs, "_resolve_td_key", _newest_active)
    patching.replace(ecs, "_build_run_kwargs", _with_plan)
    patching.replace(ecs, "_run_docker_container", _with_pull_error)
    patching.replace(ecs, "_fail_task_start", _in_words_of_ecs)
    patching.replace(ecs, "_cleanup_task_resources", _with_containers)
    patching.wrap_action(ecs, "StopTask", lambda old: _stop(old, leave))
    patching.wrap_action(ecs, "RunTask", _run)
    for action in ("DescribeServices", "DescribeTaskDefinition"):
        patching.wrap_action(ecs, action, _with_tags_when_asked)


def _newest_active(old: Function) -> Function:
    """A family alone means its newest ACTIVE revision (ECS API, DescribeTaskDefinition)."""

    def resolve(reference: str) -> Any:
        family = (reference or "").rsplit("task-definition/", maxsplit=1)[-1]
        if not family or ":" in family:
            return old(reference)
        active = [
            one["revision"]
            for one in list(ecs._task_defs.values())
            if one["family"] == family and one["status"] == "ACTIVE"
        ]
        return f"{family}:{max(active)}" if active else family

    return resolve


def _with_plan(old: Function) -> Function:
    def build(definition: Task, task_definition: Task, *rest: Any) -> dict[str, Any]:
        options: dict[str, Any] = old(definition, task_definition, *rest)
        _check_log_group(definition)
        task_arn = options["labels"]["com.amazonaws.ecs.task-arn"]
        image = next(
            one["image"]
            for one in task_definition["containerDefinitions"]
            if one["name"] == definition["name"]
        )
        overrides = (ecs._tasks.get(task_arn) or {}).get("overrides") or {}
        role = overrides.get("taskRoleArn") or task_definition.get("taskRoleArn") or ""
        options["plan"] = ContainerPlan(image, definition, task_arn, role)
        # With a platform ministack would try a second time without it.
        options.pop("platform", None)
        return options

    return build


def _check_log_group(definition: Task) -> None:
    logs = definition.get("logConfiguration") or {}
    options = logs.get("options") or {}
    if logs.get("logDriver") != "awslogs" or options.get("awslogs-create-group") == "true":
        return
    if options.get("awslogs-group") not in cloudwatch_logs._log_groups:
        raise StartError(_NO_LOG_GROUP)


def _with_pull_error(old: Function) -> Function:
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return old(*arguments, **options)
        except images.PullError as error:
            raise ecs._ImagePullError(str(error)) from error

    return run


def _in_words_of_ecs(old: Function) -> Function:
    ours = re.compile(r"^ResourceInitializationError: unable to pull .*?: (?=\w+Error: )")

    def fail(task: Task, client: Any, reason: str) -> None:
        journal.note(f"stopped reason of {task['taskArn']}", reason)
        old(task, client, ours.sub("", reason))

    return fail


def _with_containers(old: Function) -> Function:
    def clean(task: Task, client: Any, extra: Any = None) -> None:
        # ministack leaves the side containers of a task that ended by itself running.
        old(task, client or ecs._docker, extra)

    return clean


def _run(old: Function) -> Function:
    def run(data: dict[str, Any]) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
        if cluster not in ecs._clusters:
            return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
        refusal = _override_refusal(data)
        if refusal:
            return refusal
        if data.get("_deploymentId"):
            # A service's task is started by its deployment.
            data = {**data, "startedBy": data["_deploymentId"]}
        tags = _tags(data, cluster)
        if tags:
            data = {**data, "tags": tags}
        return _note_security_groups(data, old(data))

    return run


def _override_refusal(data: dict[str, Any]) -> Any:
    definition = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", ""))) or {}
    known = {one["name"] for one in definition.get("containerDefinitions") or []}
    for override in (data.get("overrides") or {}).get("containerOverrides") or []:
        if known and override.get("name") not in known:
            return error_response_json(
                "InvalidParameterException",
                f"Override for container named {override.get('name')} is not a container in the "
                "TaskDefinition.",
                400,
            )
    return None


def _tags(data: dict[str, Any], cluster: str) -> list[dict[str, str]]:
    """Return the tags of a new task: its own, those it is to inherit, and those of ECS."""
    group = str(data.get("group") or "")
    name = group.removeprefix("service:")
    service = ecs._services.get(f"{cluster}/{name}") if group.startswith("service:") else None
    source = service or data
    tags = {one["key"]: one["value"] for one in data.get("tags") or []}
    inherited = {
        "SERVICE": (service or {}).get("serviceArn"),
        "TASK_DEFINITION": _definition_arn(data),
    }.get(source.get("propagateTags") or "")
    tags |= {one["key"]: one["value"] for one in ecs._tags.get(inherited or "") or []}
    if source.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = cluster
        if service:
            tags["aws:ecs:serviceName"] = name
    return [{"key": key, "value": value} for key, value in tags.items()]


def _definition_arn(data: dict[str, Any]) -> str:
    found = ecs._task_defs.get(ecs._resolve_td_key(data.get("taskDefinition", "")))
    return str(found["taskDefinitionArn"]) if found else ""


def _note_security_groups(data: dict[str, Any], answer: Any) -> Any:
    """Let EC2 know which groups the tasks' network interfaces carry."""
    network = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if answer[0] == 200:
        for task in json.loads(answer[2])["tasks"]:
            ecs._tasks[task["taskArn"]]["_security_groups"] = network.get("securityGroups") or []
    return answer


def _with_tags_when_asked(old: Function) -> Function:
    def describe(data: dict[str, Any]) -> Any:
        status, headers, body = old(data)
        if status != 200 or "TAGS" in (data.get("include") or []):
            return status, headers, body
        answer = json.loads(body)
        for found in (answer, *(answer.get("services") or [])):
            found.pop("tags", None)
        return json_response(answer)

    return describe


def _stop(old: Function, leave: Leave) -> Function:
    def stop(data: dict[str, Any]) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster") or "default")
        task = ecs._resolve_task(data.get("task", ""), cluster) if cluster else None
        if task is None or task["lastStatus"] == "STOPPED":
            return old(data)
        begin_stop(task, *_why(task, data.get("reason") or "Task stopped by user"), leave)
        return json_response({"task": ecs._sanitize(task)})

    return stop


def _why(task: Task, reason: str) -> tuple[str, str]:
    if reason in _BY_SCHEDULER:
        deployment = task.get("_deployment_id")
        words = f"Scaling activity initiated by (deployment {deployment})"
        return words, "ServiceSchedulerInitiated"
    return reason, "UserInitiated"


def begin_stop(task: Task, reason: str, code: str, leave: Leave) -> bool:
    """Let the task stop in the background; False if it does already."""
    with resource_lock("ecs-task", task["taskArn"]):
        if task["desiredStatus"] == "STOPPED":
            return False
        ecs._bump_task_version(task)
        task.update(
            desiredStatus="STOPPED",
            lastStatus="DEACTIVATING",
            stoppingAt=ecs._iso(),
            stoppedReason=reason,
            stopCode=code,
        )
    _tell(task)
    spawn_background(_finish_stop, task, leave, thread_name="ecs-stop")
    return True


def _finish_stop(task: Task, leave: Leave) -> None:
    leave(task)
    task["lastStatus"] = "STOPPING"
    # The worker that starts a container must have seen that it is not wanted any more.
    time.sleep(0.05)
    containers = list(_containers(task))
    if containers:
        with ThreadPoolExecutor(len(containers)) as pool:
            list(pool.map(lambda container: container.stop(), containers))
    task["lastStatus"] = "DEPROVISIONING"
    ecs._bump_task_version(task)
    now = ecs._iso()
    for shown, container in zip(task.get("containers") or [], containers, strict=False):
        shown["exitCode"] = container.exit_code
    for shown in task.get("containers") or []:
        shown["lastStatus"] = "STOPPED"
    ecs._cleanup_task_resources(task, ecs._docker)
    ecs._bump_task_version(task)
    task.update(lastStatus="STOPPED", executionStoppedAt=now, stoppedAt=ecs._iso())
    ecs_metadata.set_task_status(task["taskArn"], known_status="STOPPED", desired_status="STOPPED")
    _tell(task)


def _containers(task: Task) -> Iterator[Any]:
    for one in list(task.get("_docker_ids") or []):
        with suppress(NotFound):  # its worker was quicker
            yield ecs._docker.containers.get(one)


def _tell(task: Task) -> None:
    cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
    if cluster:
        ecs._recount_cluster(cluster)
        ecs._refresh_service_state(cluster, task.get("group", ""))
