"""The check of a schema beside CloudFormation: by hand, and on a schedule.

The function of Custom::MLflowSchema takes `{"Check": {...}}` and answers with the report. With a
`Resource` beside it, as a schedule sends it, the drift is published as a metric of that resource.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cfn_mlflow import releases
from cfn_mlflow.aws.cloudwatch.metric_name import Metric
from cfn_mlflow.aws.cloudwatch.publish import publish
from cfn_mlflow.aws.core.sharing import two_databases
from cfn_mlflow.aws.events.rule_names import SCHEMA_RULE
from cfn_mlflow.aws.rdsdata.database import Database
from cfn_mlflow.direct_invocation.caller import Caller
from cfn_mlflow.direct_invocation.cluster_tenant import act_for_owner_of, tags_of_secret
from cfn_mlflow.outcome import InvalidProperties, PermanentError, TemporaryError
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.invocation import Context, Invocation
from cfn_mlflow.runtime.log import log
from cfn_mlflow.schema_check.check import SchemaReport, State
from cfn_mlflow.schema_check.look import Watcher
from cfn_mlflow.schema_check.words import unknown_release
from cfn_mlflow.types.schema.properties import CHECK, METRIC, RESOURCE, CheckEvent
from cfn_mlflow.types.values.base import parse

SECONDS_TO_WAKE = 90
SECONDS_BETWEEN_LOOKS = 5
SECONDS_OF_A_LOOK = 20
"""What is left for the last look, and for its answer."""

Answer = dict[str, Any]
Serve = Callable[[object, Context], None]


def with_checks(serve: Serve, clock: Clock | None = None) -> Callable[[object, Context], object]:
    """Return the handler that answers checks, and leaves all else to `serve`."""
    checks = _Checks(clock or Clock())

    def handler(event: object, context: Context) -> object:
        if isinstance(event, Mapping) and CHECK in event and "RequestType" not in event:
            return checks.answer(event, Invocation(context))
        serve(event, context)
        return None

    return handler


def drift(report: SchemaReport) -> int | None:
    """Return how much the schema differs; None where that is not known, and nobody's fault.

    What passes by itself, and a cluster that somebody stopped, is no drift. A check that is
    refused is told like one: else nobody would hear that nothing is checked.
    """
    if report.retryable or report.state is State.STOPPED:
        return None
    return max(len(report.differences), 0 if report.state is State.CURRENT else 1)


class _Checks:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def answer(self, event: Mapping[str, Any], invocation: Invocation) -> Answer:
        """Return the report as JSON takes it, or what is wrong with the event."""
        caller = Caller(invocation.function_arn, event)
        try:
            caller.rule(SCHEMA_RULE, _named(event))
        except (TemporaryError, PermanentError) as error:
            # Whose metric it would be is what nobody has confirmed.
            log.error(f"Not checked: {error}")
            return {"error": str(error)}
        try:
            asked, resource = _parse(event)
        except InvalidProperties as error:
            return _wrong("; ".join(error.faults), event.get(RESOURCE))
        version = releases.version_of(asked.image_uri) or ""
        expected = asked.expected_revision or releases.head_of(version)
        if expected is None:
            return _wrong(unknown_release(asked.image_uri), resource)
        database = Database(asked.cluster_arn, asked.secret_arn, asked.database_name)
        report = self._look(Watcher(database, expected), caller, invocation)
        answer = _answer(report, "" if asked.expected_revision else version)
        tell = log.info if report.sound or report.retryable else log.warning
        tell(f"Schema of {asked.cluster_arn}: {report.state}", report=answer, resource=resource)
        value = drift(report)
        if resource and value is not None:
            publish(Metric(METRIC, resource), value)
        return answer

    def _look(self, watcher: Watcher, caller: Caller, invocation: Invocation) -> SchemaReport:
        """Look until a paused database is awake: it is woken once, and not for nothing."""
        try:
            _act_for_its_owner(watcher.database, caller)
        except (TemporaryError, PermanentError) as error:
            return watcher.not_begun(error)
        until = self._clock.now() + SECONDS_TO_WAKE
        while True:
            report = watcher.look()
            asleep = report.state in (State.PAUSED, State.WAKING)
            late = self._clock.now() >= until or invocation.left() < SECONDS_OF_A_LOOK
            if late or not asleep:
                return report
            self._clock.sleep(SECONDS_BETWEEN_LOOKS)


def _act_for_its_owner(database: Database, caller: Caller) -> None:
    """Act for the stack whose cluster and secret these are. Raises PermanentError if of two."""
    cluster = act_for_owner_of(database.cluster_arn)
    caller.check(SCHEMA_RULE, _named(caller.event), cluster)
    secret = tags_of_secret(database.secret_arn)
    two = two_databases((database.secret_arn, secret), (database.cluster_arn, cluster))
    if two:
        raise PermanentError(f"{two}, then check again")


def _named(event: Mapping[str, Any]) -> str:
    """Return the resource that an event names, as far as it names one."""
    resource = event.get(RESOURCE)
    return resource if isinstance(resource, str) else ""


def _parse(event: Mapping[str, Any]) -> tuple[CheckEvent, str]:
    """Return what is asked. Raises InvalidProperties with every fault, each by its property."""
    unknown = [f"{key}: no such property" for key in sorted(event.keys() - {CHECK, RESOURCE})]
    check, resource = event[CHECK], event.get(RESOURCE, "")
    if not isinstance(check, Mapping):
        raise InvalidProperties([f"{CHECK}: must be an object with ClusterArn and SecretArn"])
    if not isinstance(resource, str):
        unknown.append(f"{RESOURCE}: must be a single string")
    if unknown:
        raise InvalidProperties(unknown)
    return parse(CheckEvent, check), resource


def _answer(report: SchemaReport, version: str) -> Answer:
    return {
        "state": report.state.value,
        "retryable": report.retryable,
        "sound": report.sound,
        "revision": report.found,
        "expected": report.expected,
        "mlflow": version or None,
        "pending": list(report.pending),
        "differences": list(report.differences),
        "notes": list(report.notes),
        "reason": report.reason,
        "advice": report.advice,
    }


def _wrong(words: str, resource: object) -> Answer:
    """Tell what is wrong; on a schedule as a difference too, or nobody would hear of it."""
    log.error(f"Not a check that can be made: {words}")
    if resource and isinstance(resource, str):
        publish(Metric(METRIC, resource), 1)
    return {"error": words}
