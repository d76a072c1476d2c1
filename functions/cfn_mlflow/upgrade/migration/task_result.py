"""Reads the result of a task that inspected or migrated the database."""

from __future__ import annotations

from collections.abc import Sequence

from cfn_mlflow.aws.ecs.task import Task, cut, why
from cfn_mlflow.aws.ecs.task_definition import deregister
from cfn_mlflow.outcome import Cause, PermanentError
from cfn_mlflow.upgrade.image_task import Launcher, log_is_whole, running, worth_another
from cfn_mlflow.upgrade.migration.result import Result, parse

WORDS_BYTES = 290
FAULTS_NAMED = 3
NAMED_BYTES = 200


def result_of(launcher: Launcher, found: Sequence[Task]) -> Result | None:
    """Return the result of the last task; None while it runs or its log is incomplete.

    Rests on logs:GetLogEvents.
    """
    if not found or running(found):
        return None
    last = found[-1]
    result = parse(launcher.lines(last), last.exit_code)
    return result if result.expected or log_is_whole(last) else None


def state_of(found: Sequence[Task], result: Result | None) -> str | None:
    """Return the state of the task that has not ended; None if all have a result."""
    one = running(found)
    if one:
        return one.status.lower()
    return "waiting for its log" if result is None else None


def may_be_tried_again(found: Sequence[Task], result: Result) -> bool:
    """Tell whether another task may succeed where the last one failed."""
    return not result.done and worth_another(found, retryable=result.retryable)


def unfinished(
    launcher: Launcher, label: str, found: Sequence[Task], result: Result | None
) -> str | None:
    """Return the state of the task that has not ended; None if it succeeded or may be tried again.

    Raises PermanentError if the task failed for good. Before, it deregisters the revision, so that
    the next deployment is an attempt of its own.
    """
    state = state_of(found, result)
    if state or result is None:
        return state
    if not result.done and not may_be_tried_again(found, result):
        deregister(launcher.definition_arn)
        cause = cause_of(launcher, found[-1], result)
        raise PermanentError(cause.reason, f"{label}: {cause.words}")
    return None


def cause_of(launcher: Launcher, last: Task, result: Result) -> Cause:
    """Return how the last task ended, what to do, and its log group, in at most 345 bytes."""
    if last.exit_code is None or result.outcome == "silent":
        return why(last, launcher.log_group)
    words = f"{cut(result.words, WORDS_BYTES)}. Log group: {launcher.log_group}"
    return Cause(result.reason, words)


def words_of_faults(faults: Sequence[str]) -> str:
    """Return the first three faults of a schema, and how many more there are.

    The text has about 220 bytes at most.
    """
    rest = len(faults) - FAULTS_NAMED
    more = f"; and {rest} more" if rest > 0 else ""
    return cut("; ".join(faults[:FAULTS_NAMED]), NAMED_BYTES) + more
