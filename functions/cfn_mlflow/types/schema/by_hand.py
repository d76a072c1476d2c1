"""The check of a schema without CloudFormation: by hand, and on a schedule.

The function of Custom::MLflowSchema takes the event `{"Check": {...}}` and returns the report. A
schedule adds a `Resource` to the event. The drift is then published as a metric of that resource.
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
from cfn_mlflow.outcome import Cause, InvalidProperties, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.failures import failure
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
"""Seconds that the last check of the database needs, with its answer."""

Answer = dict[str, Any]
Serve = Callable[[object, Context], None]


def with_checks(serve: Serve, clock: Clock | None = None) -> Callable[[object, Context], object]:
    """Return the handler that answers checks, and passes every other event to `serve`."""
    checks = _Checks(clock or Clock())

    def handler(event: object, context: Context) -> object:
        if isinstance(event, Mapping) and CHECK in event and "RequestType" not in event:
            return checks.answer(event, Invocation(context))
        serve(event, context)
        return None

    return handler


def drift(report: SchemaReport) -> int | None:
    """Return the number of differences to publish as the metric, or None to publish nothing.

    Nothing is published for a state that passes by itself, or for a stopped cluster. A refused
    check counts as one difference, so that the alarm shows that nothing is checked.
    """
    if report.retryable or report.state is State.STOPPED:
        return None
    return max(len(report.differences), 0 if report.state is State.CURRENT else 1)


class _Checks:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def answer(self, event: Mapping[str, Any], invocation: Invocation) -> Answer:
        """Return the report as a JSON object, or an `error` with what is wrong with the event."""
        caller = Caller(invocation.function_arn, event)
        try:
            caller.rule(SCHEMA_RULE, _named(event))
        except (TemporaryError, PermanentError) as error:
            # No metric is published: the resource in the event is not confirmed.
            return _not_checked(error)
        try:
            asked, resource = _parse(event)
        except InvalidProperties as error:
            return _wrong(Cause(error.reason, "; ".join(error.faults)), event.get(RESOURCE))
        version = releases.version_of(asked.image_uri) or ""
        expected = asked.expected_revision or releases.head_of(version)
        if expected is None:
            unknown = Cause(Reason.ReleaseUnknown, unknown_release(asked.image_uri))
            return _wrong(unknown, resource)
        database = Database(asked.cluster_arn, asked.secret_arn, asked.database_name)
        report = self._look(Watcher(database, expected), caller, invocation)
        answer = _answer(report, "" if asked.expected_revision else version)
        found = f"Schema of {asked.cluster_arn}: {report.state}"
        if report.code:
            log.error(found, report=answer, resource=resource, **failure(report.code))
        else:
            log.info(found, report=answer, resource=resource)
        value = drift(report)
        if resource and value is not None:
            publish(Metric(METRIC, resource), value)
        return answer

    def _look(self, watcher: Watcher, caller: Caller, invocation: Invocation) -> SchemaReport:
        """Check the schema, and repeat the check until a paused database is awake."""
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
    """Act for the stack that owns the cluster and the secret.

    Raises PermanentError if they belong to two databases.
    """
    cluster = act_for_owner_of(database.cluster_arn)
    caller.check(SCHEMA_RULE, _named(caller.event), cluster)
    secret = tags_of_secret(database.secret_arn)
    two = two_databases((database.secret_arn, secret), (database.cluster_arn, cluster))
    if two:
        raise PermanentError(Reason.WrongDatabase, f"{two}, then check again")


def _named(event: Mapping[str, Any]) -> str:
    """Return the resource that an event names, or an empty text if it names none."""
    resource = event.get(RESOURCE)
    return resource if isinstance(resource, str) else ""


def _parse(event: Mapping[str, Any]) -> tuple[CheckEvent, str]:
    """Return the check and the resource of an event. Raises InvalidProperties with every fault."""
    faults = [f"{key}: no such property" for key in sorted(event.keys() - {CHECK, RESOURCE})]
    check, resource = event[CHECK], event.get(RESOURCE, "")
    if not isinstance(check, Mapping):
        faults = [f"{CHECK}: must be an object with ClusterArn and SecretArn"]
    elif not isinstance(resource, str):
        faults.append(f"{RESOURCE}: must be a single string")
    if faults:
        raise InvalidProperties([Cause(Reason.InvalidProperty, fault) for fault in faults])
    return parse(CheckEvent, check), resource


def _answer(report: SchemaReport, version: str) -> Answer:
    return {
        "state": report.state.value,
        "code": report.code.name if report.code else None,
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


def _not_checked(error: TemporaryError | PermanentError) -> Answer:
    """Return why nothing is checked: for now, or until somebody mends it."""
    code: Answer = {"code": error.reason.name} if isinstance(error, PermanentError) else {}
    log.error(f"Not checked: {error}", **code)
    return {"error": str(error), **code}


def _wrong(cause: Cause, resource: object) -> Answer:
    """Return the error. On a schedule publish it as a difference too, so that the alarm shows."""
    log.error(f"The check cannot be made: {cause.words}", **failure(cause.reason))
    if resource and isinstance(resource, str):
        publish(Metric(METRIC, resource), 1)
    return {"error": cause.words, "code": cause.reason.name}
