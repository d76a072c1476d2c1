"""What CloudFormation does with a stack when something goes wrong, where ministack does otherwise.

A failed resource is deleted in the rollback; what a failed deletion depends on is kept, and the
deletion can be repeated; DeleteStack during a Create cancels it; the state of a resource can be
asked for while it is being made; a resource that an update adds is created, not updated.
"""

import asyncio
import contextvars
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.concurrency import run_reentrant
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, handlers, provisioners
from ministack.services.cloudformation import stacks as ministack_stacks

from local.emulator.cloudformation import custom_resources
from local.emulator.cloudformation.stack_events import StackEvent, Tell, on_stack_event
from local.emulator.core.patching import PatchError, replace, require

Json = dict[str, Any]

_STACK_TYPE = "AWS::CloudFormation::Stack"

# Stacks whose Create or Update was cancelled by DeleteStack, and those being deleted.
_cancelled: set[str] = set()
_deleting: set[str] = set()
_operations: dict[str, asyncio.Event] = {}


def install() -> None:
    """Make the corrections of this module."""
    require(ministack_stacks, "_add_event", "_resource_policy", "_with_dependencies")
    require(ministack_stacks, "_runs_on_worker_thread", "_evaluate_conditions")
    on_stack_event(_create_of_what_an_update_adds)
    replace(ministack_stacks, "_provision_resource", _unless_cancelled)
    replace(ministack_stacks, "_delete_resource", _delete_custom)
    replace(ministack_stacks, "_roll_back_operation", _roll_back)
    _replace_everywhere("_deploy_stack_async", _tracked, handlers, changesets)
    _replace_everywhere("_delete_stack_async", _cancelling_delete, handlers)
    _show_resources_while_they_change()


def _replace_everywhere(name: str, make: Callable[[Any], Any], *importers: Any) -> None:
    replace(ministack_stacks, name, make)
    for module in importers:
        require(module, name)
        setattr(module, name, getattr(ministack_stacks, name))


def _stack(stack_name: str) -> Json:
    stack: Json = cloudformation._stacks.get(stack_name) or {}
    return stack


def _event(stack: Json, logical_id: str, record: Json, status: str, reason: str = "") -> None:
    ministack_stacks._add_event(
        stack["StackId"],
        stack["StackName"],
        logical_id,
        record["ResourceType"],
        status,
        reason,
        record["PhysicalResourceId"],
    )


def _stack_event(stack: Json, status: str, reason: str = "") -> None:
    stack["StackStatus"] = status
    record = {"ResourceType": _STACK_TYPE, "PhysicalResourceId": stack["StackId"]}
    _event(stack, stack["StackName"], record, status, reason)


# --- what an update adds ---


def _create_of_what_an_update_adds(tell: Tell, event: StackEvent) -> None:
    """Call the making of a resource CREATE in an update too: so its function's fence reads it."""
    if event.status == "UPDATE_IN_PROGRESS":
        known = _stack(event.stack_name).get("_resources", {})
        is_new = event.logical_id != event.stack_name and event.logical_id not in known
    else:
        is_new = event.status in {"UPDATE_COMPLETE", "UPDATE_FAILED"} and (
            _last_status(event.stack_id, event.logical_id) == "CREATE_IN_PROGRESS"
        )
    status = event.status.replace("UPDATE", "CREATE") if is_new else event.status
    tell(dataclasses.replace(event, status=status))


def _last_status(stack_id: str, logical_id: str) -> str:
    for event in reversed(cloudformation._stack_events.get(stack_id) or []):
        if event["LogicalResourceId"] == logical_id:
            return str(event["ResourceStatus"])
    return ""


# --- cancelling ---


def _tracked(real: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def deploy(stack_name: str, stack_id: str, *args: Any, **options: Any) -> None:
        ended = _operations[stack_id] = asyncio.Event()
        try:
            await real(stack_name, stack_id, *args, **options)
        finally:
            _operations.pop(stack_id, None)
            ended.set()

    return deploy


def _unless_cancelled(real: Callable[..., Any]) -> Callable[..., Any]:
    def provision(resource_type: str, logical_id: str, props: Json, stack_name: str) -> Any:
        if _stack(stack_name).get("StackId") in _cancelled:
            raise RuntimeError(custom_resources.CANCELLED)
        return real(resource_type, logical_id, props, stack_name)

    return provision


def _cancelling_delete(real: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def delete(
        stack_name: str, stack_id: str, retain: Any = (), *, force: bool = False
    ) -> None:
        if stack_id in _deleting:
            return
        _deleting.add(stack_id)
        try:
            running = _operations.get(stack_id)
            if running is not None:
                _cancelled.add(stack_id)
                _stack(stack_name)["StackStatus"] = "DELETE_IN_PROGRESS"
                custom_resources.requests.cancel(stack_id)
                await running.wait()
            await real(stack_name, stack_id, retain, force=force)
            _put_back_kept(_stack(stack_name))
        finally:
            _cancelled.discard(stack_id)
            _deleting.discard(stack_id)

    return delete


# --- deleting ---


def _delete_custom(real: Callable[..., None]) -> Callable[..., None]:
    """Delete a resource; if that fails, hide what it depends on from the running operation."""

    def delete(
        resource_type: str,
        physical_id: str,
        props: Json,
        stack_name: str,
        logical_id: str,
    ) -> None:
        stack = _stack(stack_name)
        try:
            if custom_resources.is_custom(resource_type):
                provisioners._custom_resource_delete(
                    physical_id,
                    props,
                    stack_name=stack_name,
                    logical_id=logical_id,
                    resource_type=resource_type,
                )
            else:
                real(resource_type, physical_id, props, stack_name, logical_id)
        except Exception:
            if stack.get("StackId") in _deleting:
                _keep_dependencies(stack, logical_id)
            raise

    return delete


def _dependencies(stack: Json, logical_id: str) -> set[str]:
    definitions = (stack.get("_template") or {}).get("Resources", {})
    found: set[str] = ministack_stacks._with_dependencies(
        [logical_id], definitions, set(stack["_resources"])
    )
    return found - {logical_id}


def _keep_dependencies(stack: Json, logical_id: str) -> None:
    kept = stack.setdefault("_kept", {})
    for name in _dependencies(stack, logical_id):
        if name in stack["_resources"]:
            kept[name] = stack["_resources"].pop(name)


def _put_back_kept(stack: Json) -> None:
    stack.get("_resources", {}).update(stack.pop("_kept", {}))


# --- rolling back ---


def _roll_back(real: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def roll_back(
        stack_name: str, stack_id: str, stack: Json, operation: Json, reason_override: str = ""
    ) -> None:
        if stack_id in _cancelled:
            # The deletion that cancelled the operation removes everything.
            return
        _add_failed(stack, operation)
        if operation.get("is_update") or operation.get("imports"):
            await real(stack_name, stack_id, stack, operation, reason_override)
        else:
            await _roll_back_create(stack, operation, reason_override)

    return roll_back


def _add_failed(stack: Json, operation: Json) -> None:
    """Let the rollback delete the custom resource that failed, under the id it was left with."""
    logical_id = operation.get("failed_logical_id")
    record = stack["_resources"].get(logical_id) or {}
    if record.get("ResourceStatus") not in {"CREATE_FAILED", "UPDATE_FAILED"}:
        return
    operation["created"] = [*operation["created"], logical_id]
    failed_update = operation.get("failed_update")
    if failed_update and record["ResourceStatus"] == "UPDATE_FAILED":
        # A new id in a FAILED Update is a replacement: the old one stays, untouched, the new one
        # goes. So there is no Update back (aws-cdk issues 22670 and 13527).
        operation["replaced_ids"] = [*operation["replaced_ids"], logical_id]
        operation["failed_update"] = [*failed_update[:3], None, None, None]


async def _roll_back_create(stack: Json, operation: Json, reason: str) -> None:
    failed_id = operation.get("failed_logical_id")
    failed = f"The following resource(s) failed to create: [{failed_id}]. "
    stack.pop("_failed_operation", None)
    _stack_event(
        stack,
        "ROLLBACK_IN_PROGRESS",
        reason or failed + "Rollback requested by user.",
    )
    not_deleted: list[str] = []
    kept: set[str] = set()
    for logical_id in reversed(operation["created"]):
        record = stack["_resources"].get(logical_id)
        if record is None or logical_id in kept:
            continue
        if await _delete_or_retain(stack, operation, logical_id, record):
            stack["_resources"].pop(logical_id)
        else:
            not_deleted.append(logical_id)
            kept |= _dependencies(stack, logical_id)
    if not_deleted:
        names = ", ".join(sorted(not_deleted))
        stack["StackStatusReason"] = f"The following resource(s) failed to delete: [{names}]. "
        _stack_event(stack, "ROLLBACK_FAILED", stack["StackStatusReason"])
    else:
        _stack_event(stack, "ROLLBACK_COMPLETE")


async def _delete_or_retain(stack: Json, operation: Json, logical_id: str, record: Json) -> bool:
    template, params = operation["template"], operation["param_values"]
    policy = ministack_stacks._resource_policy(
        template.get("Resources", {}).get(logical_id),
        "DeletionPolicy",
        stack["_resources"],
        params,
        ministack_stacks._evaluate_conditions(template, params),
        template.get("Mappings", {}),
        stack["StackName"],
        stack["StackId"],
    )
    if policy == "Retain" and not operation.get("retain_except_on_create"):
        _event(stack, logical_id, record, "DELETE_SKIPPED")
        return True
    _event(stack, logical_id, record, "DELETE_IN_PROGRESS")
    target = (
        record["ResourceType"],
        record["PhysicalResourceId"],
        record["Properties"],
        stack["StackName"],
        logical_id,
    )
    try:
        if ministack_stacks._runs_on_worker_thread(record["ResourceType"]):
            await run_reentrant(ministack_stacks._delete_resource, *target)
        else:
            ministack_stacks._delete_resource(*target)
    except Exception as error:
        record.update(ResourceStatus="DELETE_FAILED", ResourceStatusReason=str(error))
        _event(stack, logical_id, record, "DELETE_FAILED", str(error))
        return False
    _event(stack, logical_id, record, "DELETE_COMPLETE")
    return True


# --- DescribeStackResource and its like, while a resource changes ---

_live: contextvars.ContextVar[bool] = contextvars.ContextVar("live_resources", default=False)


def _show_resources_while_they_change() -> None:
    replace(handlers, "_resolve_stack", _with_live_resources)
    for action in (
        "DescribeStackEvents",
        "DescribeStackResource",
        "DescribeStackResources",
        "ListStackResources",
    ):
        if action not in handlers._ACTION_HANDLERS:
            raise PatchError(f"ministack's CloudFormation has no {action}")
        handlers._ACTION_HANDLERS[action] = _live_only(handlers._ACTION_HANDLERS[action])


def _live_only(action: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(params: Any) -> Any:
        token = _live.set(True)
        try:
            return action(params)
        finally:
            _live.reset(token)

    return run


def _with_live_resources(real: Callable[[str], Json | None]) -> Callable[[str], Json | None]:
    def resolve(name: str) -> Json | None:
        stack = real(name)
        if not _live.get():
            return stack
        if stack is None:
            # A stack of this name was made anew: by its id the old one can still be described.
            if not cloudformation._stack_events.get(name):
                return None
            stack = {"StackName": name.split("/")[1], "StackId": name, "_resources": {}}
        return {**stack, "_resources": _resources_by_events(stack)}

    return resolve


def _resources_by_events(stack: Json) -> dict[str, Json]:
    """Return each resource as its last event has it, over what ministack has recorded."""
    found: dict[str, Json] = {}
    for event in cloudformation._stack_events.get(stack["StackId"]) or []:
        if event["PhysicalResourceId"] == stack["StackId"]:
            continue
        name = event["LogicalResourceId"]
        record = stack["_resources"].get(name) or {}
        known = found.get(name) or record
        physical_id = event["PhysicalResourceId"] or known.get("PhysicalResourceId", "")
        if event["ResourceStatus"].startswith("DELETE_") and (
            record.get("PhysicalResourceId", physical_id) != physical_id
        ):
            # What was replaced is deleted; the resource has another id.
            continue
        found[name] = {**known, **event, "PhysicalResourceId": physical_id}
    return {**stack["_resources"], **found}
