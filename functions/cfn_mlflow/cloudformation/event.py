"""A CloudFormation request, parsed from an event and checked.

The fields are those of the custom resource request objects of the CloudFormation user guide
(crpg-ref-requests). The properties of an event include ServiceToken and ServiceTimeout, which are
CloudFormation's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cfn_mlflow.cloudformation.guard.address import answers_at
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.outcome import Cause
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.place import Place
from cfn_mlflow.runtime.progress import Wait

Event = Mapping[str, Any]

REQUEST_TYPES = ("Create", "Update", "Delete")
SERVICE_TIMEOUT = 3600
"""Seconds that CloudFormation waits for an answer at most, and if no ServiceTimeout is set."""
FRAMEWORK_PROPERTIES = ("ServiceToken", "ServiceTimeout")
LONGEST_ID = 1024
"""Bytes of the longest id. The answer must have room for every field that it repeats."""


@dataclass(frozen=True)
class Request:
    """One request; service_timeout in seconds, properties without CloudFormation's own.

    `old_properties` are the properties that an Update replaces, or None if they are not known.
    `event` is the event that it was parsed from. A hand-off sends it to the next invocation.
    """

    request_type: str
    response_url: str = field(repr=False)
    stack_id: str
    request_id: str
    resource_type: str
    logical_id: str
    physical_id: str | None
    properties: Mapping[str, Any] = field(repr=False)
    old_properties: Mapping[str, Any] | None = field(repr=False)
    service_timeout: int
    event: Event = field(repr=False)
    waited: Mapping[str, Wait] = field(default_factory=dict, repr=False)
    """What this request waited for when its previous invocation ended."""

    @property
    def identity(self) -> Identity:
        """Return the identity of the resource that this request is about."""
        return Identity(self.stack_id, self.logical_id)

    @property
    def echoed_id(self) -> str:
        """Return the physical id of every answer to this request.

        An Update or Delete must answer with the id of its event. CloudFormation takes any other id
        for a replacement of the resource.
        """
        return self.physical_id or self.identity.physical_id

    @property
    def has_invented_id(self) -> bool:
        """Return whether CloudFormation invented the physical id.

        CloudFormation invents one for a resource whose Create was never answered.
        """
        return self.echoed_id != self.identity.physical_id


@dataclass(frozen=True)
class Echo:
    """The fields that an answer repeats unchanged from its request, and the physical id."""

    stack_id: str
    request_id: str
    logical_id: str
    physical_id: str

    @classmethod
    def of(cls, request: Request) -> Echo:
        """Return the fields that every answer to this request repeats."""
        return cls(request.stack_id, request.request_id, request.logical_id, request.echoed_id)


class MalformedEventError(Exception):
    """The event is no request of CloudFormation. The message names the faults, never the values.

    `response_url` is CloudFormation's address for the answer, or None if the event has none.
    """

    def __init__(self, faults: list[str], event: object, place: Place) -> None:
        words = "not a valid CloudFormation request: " + "; ".join(faults)
        super().__init__(words)
        self.cause = Cause(Reason.InvalidRequest, words)
        known: Event = event if isinstance(event, Mapping) else {}
        self.response_url = known["ResponseURL"] if _has_address(known, place) else None
        self.echo = _echo_of_malformed(known)


def parse(event: object, place: Place) -> Request:
    """Return the request that an event contains.

    `place` is where the function runs. A request of another account or Region is a fault.
    Raises MalformedEventError with every fault of the event.
    """
    if not isinstance(event, Mapping):
        raise MalformedEventError(["it is not an object"], event, place)
    faults = [f"{name} {fault}" for name, check in _CHECKS.items() if (fault := check(event, name))]
    faults += _faults_of_origin(event, place)
    if faults:
        raise MalformedEventError(faults, event, place)
    properties = event.get("ResourceProperties") or {}
    return Request(
        request_type=event["RequestType"],
        response_url=event["ResponseURL"],
        stack_id=event["StackId"],
        request_id=event["RequestId"],
        resource_type=event["ResourceType"],
        logical_id=event["LogicalResourceId"],
        physical_id=None if event["RequestType"] == "Create" else event["PhysicalResourceId"],
        properties=own_properties(properties),
        old_properties=own_properties(event.get("OldResourceProperties") or {}),
        service_timeout=_service_timeout(properties.get("ServiceTimeout")),
        event=event,
    )


def own_properties(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties without CloudFormation's own."""
    return {key: value for key, value in properties.items() if key not in FRAMEWORK_PROPERTIES}


def _service_timeout(value: object) -> int:
    """Return the seconds of a ServiceTimeout, within 1 to 3600.

    CloudFormation itself refuses any other value, so none is reported as a fault here.
    """
    text = str(value)
    seconds = int(text) if text.isascii() and text.isdigit() else SERVICE_TIMEOUT
    return min(max(seconds, 1), SERVICE_TIMEOUT)


def _request_type(event: Event, name: str) -> str | None:
    return None if event.get(name) in REQUEST_TYPES else f"is none of {', '.join(REQUEST_TYPES)}"


def _has_address(event: Event, place: Place) -> bool:
    ids = (event.get(name) for name in ("StackId", "LogicalResourceId", "RequestId"))
    return answers_at(event.get("ResponseURL"), place, *ids)


def _faults_of_origin(event: Event, place: Place) -> Iterator[str]:
    """Yield each reason why CloudFormation cannot have sent the event to a function in `place`."""
    if not _has_address(event, place):
        yield "ResponseURL is not where CloudFormation takes the answer to this request"
    try:
        stack = Identity(str(event.get("StackId")), "any")
    except ValueError:
        return
    if Place(stack.partition, stack.region, stack.account) != place:
        yield "StackId is of another account or Region than this function"


def _stack_id(event: Event, name: str) -> str | None:
    try:
        Identity(str(event.get(name)), "any")
    except ValueError:
        return "is not the ARN of a stack"
    return _text(event, name)


def _text(event: Event, name: str) -> str | None:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        return "is missing" if value in (None, "") else "is not text"
    if value.encode("utf-8", "replace").decode() != value:
        return "is not text"  # an answer cannot repeat half a surrogate pair unchanged
    return f"is longer than {LONGEST_ID} bytes" if _size(value) > LONGEST_ID else None


def _physical_id(event: Event, name: str) -> str | None:
    return _text(event, name) if event.get("RequestType") in ("Update", "Delete") else None


def _mapping(event: Event, name: str) -> str | None:
    return None if isinstance(event.get(name) or {}, Mapping) else "is not an object"


_CHECKS: Mapping[str, Callable[[Event, str], str | None]] = {
    "RequestType": _request_type,
    "StackId": _stack_id,
    "RequestId": _text,
    "ResourceType": _text,
    "LogicalResourceId": _text,
    "PhysicalResourceId": _physical_id,
    "ResourceProperties": _mapping,
    "OldResourceProperties": _mapping,
}


def _echo_of_malformed(event: Event) -> Echo:
    """Return the usable fields of a malformed event, and a physical id in any case."""
    texts = {
        name: value
        for name, value in event.items()
        if isinstance(value, str) and value and _size(value) <= LONGEST_ID
    }
    stack_id, logical_id = texts.get("StackId", ""), texts.get("LogicalResourceId", "")
    try:
        derived = Identity(stack_id, logical_id).physical_id
    except ValueError:
        derived = "mlflow-malformed-request"
    return Echo(
        stack_id=stack_id,
        request_id=texts.get("RequestId", ""),
        logical_id=logical_id,
        physical_id=texts.get("PhysicalResourceId", derived),
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
