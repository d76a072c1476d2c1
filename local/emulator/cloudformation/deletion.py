"""DeleteStack, where ministack does otherwise.

During a Create or an Update it cancels that. What a failed deletion depends on is kept, and the
deletion can be repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services.cloudformation import changesets, handlers, provisioners
from ministack.services.cloudformation import stacks as ministack_stacks

from local.emulator.cloudformation import custom_resources
from local.emulator.cloudformation.stack_events import Json, stack_named
from local.emulator.core.patching import replace, require

# Stacks whose Create or Update was cancelled by DeleteStack, and those being deleted.
_cancelled: set[str] = set()

_deleting: set[str] = set()

_operations: dict[str, asyncio.Event] = {}


def install() -> None:
    """Make the corrections of this module."""
    require(ministack_stacks, "_with_dependencies")
    require(provisioners, "_custom_resource_delete")
    replace(ministack_stacks, "_provision_resource", _unless_cancelled)
    replace(ministack_stacks, "_delete_resource", _delete_custom)
    _replace_everywhere("_deploy_stack_async", _tracked, handlers, changesets)
    _replace_everywhere("_delete_stack_async", _cancelling_delete, handlers)


def is_cancelled(stack_id: str) -> bool:
    """Whether DeleteStack has cancelled what the stack was doing."""
    return stack_id in _cancelled


def _replace_everywhere(name: str, make: Callable[[Any], Any], *importers: Any) -> None:
    replace(ministack_stacks, name, make)
    for module in importers:
        require(module, name)
        setattr(module, name, getattr(ministack_stacks, name))


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
        if stack_named(stack_name).get("StackId") in _cancelled:
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
                stack_named(stack_name)["StackStatus"] = "DELETE_IN_PROGRESS"
                custom_resources.requests.cancel(stack_id)
                await running.wait()
            await real(stack_name, stack_id, retain, force=force)
            _put_back_kept(stack_named(stack_name))
        finally:
            _cancelled.discard(stack_id)
            _deleting.discard(stack_id)

    return delete


def _delete_custom(real: Callable[..., None]) -> Callable[..., None]:
    """Delete a resource; if that fails, hide what it depends on from the running operation."""

    def delete(
        resource_type: str,
        physical_id: str,
        props: Json,
        stack_name: str,
        logical_id: str,
    ) -> None:
        stack = stack_named(stack_name)
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


def dependencies(stack: Json, logical_id: str) -> set[str]:
    """Return the resources of `stack` that a resource depends on."""
    definitions = (stack.get("_template") or {}).get("Resources", {})
    found: set[str] = ministack_stacks._with_dependencies(
        [logical_id], definitions, set(stack["_resources"])
    )
    return found - {logical_id}


def _keep_dependencies(stack: Json, logical_id: str) -> None:
    kept = stack.setdefault("_kept", {})
    for name in dependencies(stack, logical_id):
        if name in stack["_resources"]:
            kept[name] = stack["_resources"].pop(name)


def _put_back_kept(stack: Json) -> None:
    stack.get("_resources", {}).update(stack.pop("_kept", {}))
