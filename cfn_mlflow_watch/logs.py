"""What is read of the functions' logs: the lines about the resources of the watched stacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cfn_mlflow_watch.errors import code, is_denied
from cfn_mlflow_watch.items import Line, Notice, Wait

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

LATE_SECONDS = 15
"""A line can be found so much later than it was written, behind younger ones."""


@dataclass(frozen=True)
class Source:
    """One resource, and the log group that tells of it."""

    stack_id: str
    stack_name: str
    logical_id: str
    path: str
    log_group: str


@dataclass
class Logs:
    """Reads the functions' logs (logs:FilterLogEvents) from the time `since`.

    Without the right to read a log it says so once, and gives nothing more of it.
    """

    client: CloudWatchLogsClient
    since: datetime
    _sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    _from: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)

    def add(self, source: Source) -> None:
        """Read of this resource from now on."""
        self._sources[source.stack_id, source.logical_id] = source

    def new(self) -> Iterator[Line | Notice]:
        """Give every line that was not given before, and what keeps a log from being read."""
        for group, stack_name in sorted({(s.log_group, s.stack_name) for s in self._all()}):
            if group in self._closed:
                continue
            try:
                yield from self._of(group, stack_name)
            except ClientError as error:
                words = _why_closed(error, group)
                if not words:
                    raise
                self._closed.add(group)
                yield Notice(words)

    def _all(self) -> list[Source]:
        return list(self._sources.values())

    def _of(self, group: str, stack_name: str) -> Iterator[Line]:
        start = self._from.get((group, stack_name), self.since)
        pages = self.client.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int(start.timestamp() * 1000),
            filterPattern=f'{{ $.stack = "{stack_name}" }}',
        )
        newest = start
        for page in pages:
            for found in page["events"]:
                if found["eventId"] in self._seen:
                    continue
                self._seen.add(found["eventId"])
                newest = max(newest, _time(found["timestamp"]))
                line = self._line(found, group)
                if line:
                    yield line
        # Set back by what can come late; what was seen is known by its id.
        late = datetime.fromtimestamp(newest.timestamp() - LATE_SECONDS, UTC)
        self._from[group, stack_name] = max(start, late)

    def _line(self, found: FilteredLogEventTypeDef, group: str) -> Line | None:
        told = _json(found["message"])
        source = self._sources.get((str(told.get("stack_id")), str(told.get("logical_id"))))
        if source is None or source.log_group != group or "message" not in told:
            return None
        return Line(
            id=found["eventId"],
            time=_time(found["timestamp"]),
            stack_id=source.stack_id,
            path=source.path,
            logical_id=source.logical_id,
            level=str(told.get("level", "INFO")),
            message=str(told["message"]),
            wait=_wait(told),
            faults=tuple(str(fault) for fault in told.get("faults") or ()),
        )


def _wait(told: dict[str, Any]) -> Wait | None:
    try:
        since = datetime.fromisoformat(told["since"])
        return Wait(str(told["waits_for"]), str(told["state"]), since)
    except (KeyError, TypeError, ValueError):
        return None


def _json(message: str) -> dict[str, Any]:
    """Return a line of ours as it was written; empty for a line of the platform's own."""
    try:
        told = json.loads(message)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _why_closed(error: ClientError, group: str) -> str:
    what = "The stack's events go on, without what each resource waits for."
    if is_denied(error):
        return f"The log {group} is not shown: you may not read it (logs:FilterLogEvents). {what}"
    if code(error) == "ResourceNotFoundException":
        return (
            f"The log {group} is not there. If the provider has another name than cfn-mlflow, "
            f"give --provider-name. {what}"
        )
    return ""
