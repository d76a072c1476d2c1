"""Scaling policies, and the alarms of those that track a target; none ever fires here."""

import time
import uuid

from local.emulator.autoscaling.records import (
    Record,
    RefusedError,
    Regions,
    TargetKey,
    arn_of,
    key_of,
    not_found,
    selected,
)
from local.emulator.autoscaling.targets import Targets


class Policies:
    """The operations on policies."""

    def __init__(self, regions: Regions, targets: Targets) -> None:
        self._regions = regions
        self._targets = targets

    def remove_of(self, target: TargetKey) -> None:
        """Remove all policies of a target."""
        for key in [key for key in self._regions.here.policies if key[0] == target]:
            self._remove(key)

    def put(self, data: Record) -> Record:
        """Make a policy, with its alarms, or change it."""
        key, name = self._targets.registered(data), data["PolicyName"]
        known = self._regions.here.policies.get((key, name))
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
            "PolicyARN": arn_of("scalingPolicy", path, service="autoscaling", separator=":"),
            "CreationTime": time.time(),
            "Alarms": self._make_alarms(key[1], data) if kind == "TargetTrackingScaling" else [],
        }
        policy.update(data, PolicyType=kind)
        self._regions.here.policies[key, name] = policy
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

    def _make_alarms(self, resource: str, data: Record) -> list[Record]:
        cloudwatch = self._regions.client("cloudwatch")
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
            alarms.append({"AlarmName": name, "AlarmARN": arn_of("alarm", name, "cloudwatch", ":")})
        return alarms

    def describe(self, data: Record) -> Record:
        """Return the policies asked for."""
        found = selected(self._regions.here.policies.values(), data, "PolicyNames", "PolicyName")
        return {"ScalingPolicies": found}

    def delete(self, data: Record) -> Record:
        """Remove one policy and its alarms."""
        key = (key_of(data), data["PolicyName"])
        if key not in self._regions.here.policies:
            raise not_found("scaling policy", data)
        self._remove(key)
        return {}

    def _remove(self, key: tuple[TargetKey, str]) -> None:
        policy = self._regions.here.policies.pop(key)
        names = [alarm["AlarmName"] for alarm in policy["Alarms"]]
        if names:
            self._regions.client("cloudwatch").delete_alarms(AlarmNames=names)
