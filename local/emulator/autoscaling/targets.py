"""Application Auto Scaling for ECS services, which ministack lacks: its control plane.

Targets, target-tracking policies with their alarms, scheduled actions, suspensions and tags are
kept, checked and given back. Bounds act at once on the service, as on AWS; policies never fire
here, scheduled actions when a test says so.
"""

import asyncio
import copy
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import ecs

from local.emulator.core import controls, patching
from local.emulator.core.controls import ControlError
from local.emulator.core.own_client import own_client
from local.emulator.core.patching import PatchError

SERVICE = "application-autoscaling"
_MODULE = "application_autoscaling"
_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_BOUNDS = ("MinCapacity", "MaxCapacity")
Record = dict[str, Any]
TargetKey = tuple[str, str, str]


class RefusedError(Exception):
    """A refusal: the name of the exception and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


@dataclass
class Region:
    """What one account has in one Region."""

    targets: dict[TargetKey, Record] = field(default_factory=dict)
    policies: dict[tuple[TargetKey, str], Record] = field(default_factory=dict)
    actions: dict[tuple[TargetKey, str], Record] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


class ApplicationAutoScaling:
    """The API."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._lock = threading.Lock()
        self._regions: dict[tuple[str, str], Region] = {}
        self._operations: dict[str, Callable[[Record], Record]] = {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
            "DeleteScalingPolicy": self._delete_policy,
            "PutScheduledAction": self._put_action,
            "DescribeScheduledActions": self._describe_actions,
            "DeleteScheduledAction": self._delete_action,
            "DescribeScalingActivities": lambda _data: {"ScalingActivities": []},
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": lambda data: {"Tags": dict(self._tags_of(data))},
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
        self._regions.clear()

    def _answer(self, operation: str, data: Record) -> Any:
        if operation not in self._operations:
            return error_response_json("UnknownOperationException", operation, 400)
        try:
            with self._lock:
                return json_response(self._operations[operation](data))
        except RefusedError as refusal:
            return error_response_json(refusal.name, refusal.text, 400)

    @property
    def _here(self) -> Region:
        return self._regions.setdefault((get_account_id(), get_region()), Region())

    # --- targets

    def _register(self, data: Record) -> Record:
        key, here = _key(data), self._here
        service = _service(data["ResourceId"])
        target = copy.deepcopy(here.targets.get(key))
        if target is None:
            for name in _BOUNDS:
                if name not in data:
                    raise RefusedError("ValidationException", f"{name} is required.")
            target = {
                **dict(
                    zip(("ServiceNamespace", "ResourceId", "ScalableDimension"), key, strict=True)
                ),
                "CreationTime": time.time(),
                "ScalableTargetARN": _arn("scalable-target", uuid.uuid4().hex[:24]),
                "RoleARN": _service_role(),
                "SuspendedState": dict(_SUSPENDED),
            }
        target.update({name: int(data[name]) for name in _BOUNDS if name in data})
        if target["MinCapacity"] > target["MaxCapacity"]:
            raise RefusedError(
                "ValidationException", "Maximum capacity cannot be less than minimum capacity"
            )
        target["SuspendedState"].update(data.get("SuspendedState") or {})
        here.targets[key] = target
        if data.get("Tags"):
            here.tags.setdefault(target["ScalableTargetARN"], {}).update(data["Tags"])
        self._keep_within(service, target)
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def _keep_within(self, service: Record, target: Record) -> None:
        """Bring the service's desired count between the bounds, unless that way is suspended."""
        suspended, count = target["SuspendedState"], int(service["desiredCount"])
        wanted = count
        if not suspended["DynamicScalingOutSuspended"]:
            wanted = max(wanted, int(target["MinCapacity"]))
        if not suspended["DynamicScalingInSuspended"]:
            wanted = min(wanted, int(target["MaxCapacity"]))
        if wanted != count:
            self._client("ecs").update_service(
                cluster=service["clusterArn"],
                service=service["serviceArn"],
                desiredCount=wanted,
            )

    def _describe_targets(self, data: Record) -> Record:
        return {"ScalableTargets": _selected(self._here.targets.values(), data, "ResourceIds", "")}

    def _deregister(self, data: Record) -> Record:
        key = self._registered(data)
        for one, name in [one for one in self._here.policies if one[0] == key]:
            self._remove_policy((one, name))
        for action in [action for action in self._here.actions if action[0] == key]:
            del self._here.actions[action]
        target = self._here.targets.pop(key)
        self._here.tags.pop(target["ScalableTargetARN"], None)
        return {}

    def _registered(self, data: Record) -> TargetKey:
        key = _key(data)
        if key not in self._here.targets:
            namespace, resource, dimension = key
            raise RefusedError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {namespace}, resource ID: "
                f"{resource}, scalable dimension: {dimension}",
            )
        return key

    # --- policies

    def _put_policy(self, data: Record) -> Record:
        key, name = self._registered(data), data["PolicyName"]
        known = self._here.policies.get((key, name))
        kind = data.get("PolicyType") or (known or {}).get("PolicyType") or "StepScaling"
        if (
            kind == "TargetTrackingScaling"
            and "TargetTrackingScalingPolicyConfiguration" not in data
        ):
            raise RefusedError(
                "ValidationException",
                "TargetTrackingScalingPolicyConfiguration is required for TargetTrackingScaling.",
            )
        path = f"{uuid.uuid4()}:resource/{key[0]}/{key[1]}:policyName/{name}"
        policy = known or {
            "PolicyARN": _arn("scalingPolicy", path, service="autoscaling", separator=":"),
            "CreationTime": time.time(),
            "Alarms": self._make_alarms(key[1], data) if kind == "TargetTrackingScaling" else [],
        }
        policy.update(data, PolicyType=kind)
        self._here.policies[key, name] = policy
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def _make_alarms(self, resource: str, data: Record) -> list[Record]:
        cloudwatch = self._client("cloudwatch")
        wanted = float(data["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
        _, cluster, service = resource.split("/")
        alarms = []
        for kind, comparison, periods, share in (
            ("AlarmHigh", "GreaterThanThreshold", 3, 1.0),
            ("AlarmLow", "LessThanThreshold", 15, 0.9),
        ):
            name = f"TargetTracking-{resource}-{kind}-{uuid.uuid4()}"
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace="AWS/ECS",
                MetricName="CPUUtilization",
                Dimensions=[
                    {"Name": "ClusterName", "Value": cluster},
                    {"Name": "ServiceName", "Value": service},
                ],
                Statistic="Average",
                Period=60,
                EvaluationPeriods=periods,
                Threshold=wanted * share,
                ComparisonOperator=comparison,
            )
            alarms.append({"AlarmName": name, "AlarmARN": _arn("alarm", name, "cloudwatch", ":")})
        return alarms

    def _describe_policies(self, data: Record) -> Record:
        found = _selected(self._here.policies.values(), data, "PolicyNames", "PolicyName")
        return {"ScalingPolicies": found}

    def _delete_policy(self, data: Record) -> Record:
        key = (_key(data), data["PolicyName"])
        if key not in self._here.policies:
            raise _not_found("scaling policy", data)
        self._remove_policy(key)
        return {}

    def _remove_policy(self, key: tuple[TargetKey, str]) -> None:
        policy = self._here.policies.pop(key)
        names = [alarm["AlarmName"] for alarm in policy["Alarms"]]
        if names:
            self._client("cloudwatch").delete_alarms(AlarmNames=names)

    # --- scheduled actions

    def _put_action(self, data: Record) -> Record:
        key, name = self._registered(data), data["ScheduledActionName"]
        known = self._here.actions.get((key, name))
        if known is None and "Schedule" not in data:
            raise RefusedError("ValidationException", "Schedule is required.")
        schedule = data.get("Schedule") or (known or {})["Schedule"]
        if not schedule.startswith(("cron(", "rate(", "at(")):
            raise RefusedError("ValidationException", f"Invalid schedule expression: {schedule}")
        path = f"{uuid.uuid4()}:resource/{key[0]}/{key[1]}:scheduledActionName/{name}"
        action = known or {
            "ScheduledActionARN": _arn("scheduledAction", path, "autoscaling", ":"),
            "CreationTime": time.time(),
        }
        action.update(data)
        self._here.actions[key, name] = action
        return {}

    def _describe_actions(self, data: Record) -> Record:
        actions = self._here.actions.values()
        found = _selected(actions, data, "ScheduledActionNames", "ScheduledActionName")
        return {"ScheduledActions": found}

    def _delete_action(self, data: Record) -> Record:
        key = (_key(data), data["ScheduledActionName"])
        if key not in self._here.actions:
            raise _not_found("scheduled action", data)
        del self._here.actions[key]
        return {}

    def run_action(self, asked: Mapping[str, Any]) -> Record:
        """Do what a scheduled action does at its time: set the bounds, and keep within them."""
        with self._lock:
            for (key, name), action in self._here.actions.items():
                if (key[1], name) == (asked["resource"], asked["name"]):
                    return self._run_action(key, action)
        raise ControlError(f"{asked['resource']} has no scheduled action {asked['name']}.")

    def _run_action(self, key: TargetKey, action: Record) -> Record:
        target = self._here.targets[key]
        if target["SuspendedState"]["ScheduledScalingSuspended"]:
            return {"fired": False}
        target.update(action.get("ScalableTargetAction") or {})
        self._keep_within(_service(key[1]), {**target, "SuspendedState": _SUSPENDED})
        return {"fired": True}

    # --- tags

    def _tags_of(self, data: Record) -> dict[str, str]:
        arn = data["ResourceARN"]
        if arn not in [one["ScalableTargetARN"] for one in self._here.targets.values()]:
            raise RefusedError("ResourceNotFoundException", f"The resource {arn} was not found.")
        return self._here.tags.setdefault(arn, {})

    def _tag(self, data: Record) -> Record:
        self._tags_of(data).update(data["Tags"])
        return {}

    def _untag(self, data: Record) -> Record:
        tags = self._tags_of(data)
        for name in data["TagKeys"]:
            tags.pop(name, None)
        return {}

    def _client(self, service: str) -> Any:
        return own_client(service, self._gateway, get_region())


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


def _key(data: Record) -> TargetKey:
    return data["ServiceNamespace"], data["ResourceId"], data["ScalableDimension"]


def _service(resource: str) -> Record:
    service: Record | None = ecs._services.get(resource.removeprefix("service/"))
    if service is None or service["status"] != "ACTIVE":
        raise RefusedError("ValidationException", f"ECS service doesn't exist: {resource}")
    return service


def _selected(records: Iterable[Record], data: Record, names: str, name: str) -> list[Record]:
    wanted = data.get(names)
    return [
        record
        for record in records
        if all(
            data.get(part) in (None, record[part])
            for part in ("ServiceNamespace", "ResourceId", "ScalableDimension")
        )
        and (not wanted or record[name or "ResourceId"] in wanted)
    ]


def _not_found(what: str, data: Record) -> RefusedError:
    return RefusedError(
        "ObjectNotFoundException",
        f"No {what} found for service namespace: {data['ServiceNamespace']}, resource ID: "
        f"{data['ResourceId']}, scalable dimension: {data['ScalableDimension']}",
    )


def _arn(kind: str, name: str, service: str = SERVICE, separator: str = "/") -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{kind}{separator}{name}"


def _service_role() -> str:
    role = "AWSServiceRoleForApplicationAutoScaling_ECSService"
    path = "aws-service-role/ecs.application-autoscaling.amazonaws.com"
    return f"arn:aws:iam::{get_account_id()}:role/{path}/{role}"
