"""Rollback, where ministack does otherwise: the resource that failed is deleted, too.

What a failed deletion depends on is kept.
"""

from collections.abc import Awaitable, Callable

from ministack.core.concurrency import run_reentrant
from ministack.services.cloudformation import stacks as ministack_stacks

from local.emulator.cloudformation.deletion import dependencies, is_cancelled
from local.emulator.cloudformation.stack_events import Json, tell_of_resource, tell_of_stack
from local.emulator.core.patching import replace, require


def install() -> None:
    """Make the corrections of this module."""
    require(ministack_stacks, "_resource_policy", "_runs_on_worker_thread", "_evaluate_conditions")
    replace(ministack_stacks, "_roll_back_operation", _roll_back)


def _roll_back(real: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def roll_back(
        stack_name: str, stack_id: str, stack: Json, operation: Json, reason_override: str = ""
    ) -> None:
        if is_cancelled(stack_id):
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
    tell_of_stack(
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
            kept |= dependencies(stack, logical_id)
    if not_deleted:
        names = ", ".join(sorted(not_deleted))
        stack["StackStatusReason"] = f"The following resource(s) failed to delete: [{names}]. "
        tell_of_stack(stack, "ROLLBACK_FAILED", stack["StackStatusReason"])
    else:
        tell_of_stack(stack, "ROLLBACK_COMPLETE")


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
        tell_of_resource(stack, logical_id, record, "DELETE_SKIPPED")
        return True
    tell_of_resource(stack, logical_id, record, "DELETE_IN_PROGRESS")
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
        tell_of_resource(stack, logical_id, record, "DELETE_FAILED", str(error))
        return False
    tell_of_resource(stack, logical_id, record, "DELETE_COMPLETE")
    return True
