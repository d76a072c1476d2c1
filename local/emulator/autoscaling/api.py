"""Application Auto Scaling for ECS services, which ministack lacks: its control plane.

Targets, target-tracking policies with their alarms, scheduled actions, suspensions and tags are
kept, checked and given back. Bounds act at once on the service, as on AWS; policies never fire
here, scheduled actions when a test says so.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from local.emulator.autoscaling.policies import Policies
from local.emulator.autoscaling.records import SERVICE, Record, RefusedError, Regions
from local.emulator.autoscaling.scheduled_actions import ScheduledActions
from local.emulator.autoscaling.targets import Targets
from local.emulator.core import controls, patching
from local.emulator.core.patching import PatchError

_MODULE = "application_autoscaling"


class ApplicationAutoScaling:
    """The API."""

    def __init__(self, gateway: str) -> None:
        self._lock = threading.Lock()
        self._regions = Regions(gateway)
        self._targets = targets = Targets(self._regions)
        self._policies = policies = Policies(self._regions, targets)
        self._actions = actions = ScheduledActions(self._regions, targets)
        self._operations: dict[str, Callable[[Record], Record]] = {
            "RegisterScalableTarget": targets.register,
            "DescribeScalableTargets": targets.describe,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": policies.put,
            "DescribeScalingPolicies": policies.describe,
            "DeleteScalingPolicy": policies.delete,
            "PutScheduledAction": actions.put,
            "DescribeScheduledActions": actions.describe,
            "DeleteScheduledAction": actions.delete,
            "DescribeScalingActivities": lambda _data: {"ScalingActivities": []},
            "TagResource": targets.tag,
            "UntagResource": targets.untag,
            "ListTagsForResource": lambda data: {"Tags": dict(targets.tags_of(data))},
        }

    async def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        """Answer one request of ministack's gateway."""
        del method, path, query
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        return await asyncio.to_thread(self._answer, operation, json.loads(body or b"{}"))

    def reset(self) -> None:
        """Forget everything."""
        self._regions.forget()

    def run_action(self, asked: Mapping[str, Any]) -> Record:
        """Do what a scheduled action does at its time: set the bounds, and keep within them."""
        with self._lock:
            return self._actions.run(asked)

    def _answer(self, operation: str, data: Record) -> Any:
        if operation not in self._operations:
            return error_response_json("UnknownOperationException", operation, 400)
        try:
            with self._lock:
                return json_response(self._operations[operation](data))
        except RefusedError as refusal:
            return error_response_json(refusal.name, refusal.text, 400)

    def _deregister(self, data: Record) -> Record:
        key = self._targets.registered(data)
        self._policies.remove_of(key)
        self._actions.remove_of(key)
        self._targets.remove(key)
        return {}


def install(gateway_port: int) -> None:
    """Add the service to ministack's gateway."""
    patching.require(app, "SERVICE_HANDLERS", "SERVICE_REGISTRY", "_loaded_modules")
    patching.require(router, "SERVICE_PATTERNS")
    patching.require(ecs, "_services")
    if SERVICE in app.SERVICE_HANDLERS:
        raise PatchError(f"ministack has {SERVICE} by now: remove ours")
    api = ApplicationAutoScaling(f"http://127.0.0.1:{gateway_port}")
    module = ModuleType(f"ministack.services.{_MODULE}")
    vars(module).update(
        handle_request=api.handle,
        reset=api.reset,
        get_state=dict,
        load_persisted_state=lambda _state: None,
    )
    controls.add("run-scheduled-action", api.run_action)
    app._loaded_modules[_MODULE] = module
    app.SERVICE_HANDLERS[SERVICE] = api.handle
    app.SERVICE_REGISTRY[SERVICE] = {"module": _MODULE}
    router.SERVICE_PATTERNS[SERVICE] = {
        "host_patterns": [r"application-autoscaling\."],
        "target_prefixes": ["AnyScaleFrontendService"],
    }
