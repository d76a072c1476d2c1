"""Counts every AWS API call that reaches the gateway: service, action, who made it.

The action is read from the request as botocore's own models write it, so that it has the name that
the API reference and IAM policies know. The caller is the function that the user agent names
(lambda_/bootstrap.py gives each its name as the SDK's application id), "" for everybody else.
"""

import re
import threading
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import botocore.session

_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
_APPLICATION = re.compile(r"\bapp/(?P<name>\S+)")

# Signing names that differ from botocore's name of the service.
_MODELS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
}


class Call(NamedTuple):
    """One kind of call."""

    service: str
    action: str
    caller: str


class Calls:
    """The calls so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[Call] = Counter()

    def record(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Call | None:
        """Count the request if it is an AWS call (that is, signed), and return what it is."""
        service = _service(target, headers)
        if service is None:
            return None
        application = _APPLICATION.search(headers.get("user-agent", ""))
        caller = application["name"] if application else ""
        action = _action(service, method, target, headers, body)
        call = Call(service, action, caller)
        with self._lock:
            self._counts[call] += 1
        return call

    def listed(self) -> list[dict[str, Any]]:
        """Return the calls with their counts, by caller, service and action."""
        with self._lock:
            counts = dict(self._counts)
        ordered = sorted(counts, key=lambda call: (call.caller, call.service, call.action))
        return [{**call._asdict(), "count": counts[call]} for call in ordered]


def _service(target: str, headers: Mapping[str, str]) -> str | None:
    signed = _CREDENTIAL.search(headers.get("authorization", ""))
    if signed:
        return signed["service"]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(target).query)
    credential = query.get("X-Amz-Credential", [""])[0].split("/")
    return credential[3] if len(credential) == 5 else None


def _action(service: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rsplit(".", 1)[-1]
    path, _, query = target.partition("?")
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        query = body.decode(errors="replace")
    parameters = urllib.parse.parse_qs(query, keep_blank_values=True)
    if "Action" in parameters:
        return parameters["Action"][0]
    for operation in _rest_operations(_MODELS.get(service, service)):
        if operation.matches(method, path, set(parameters), headers):
            return operation.name
    return f"{method} {path}"


class _RestOperation(NamedTuple):
    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[str]
    headers: frozenset[str]

    def matches(self, method: str, path: str, query: set[str], headers: Mapping[str, str]) -> bool:
        return (
            method == self.method
            and self.query <= query
            and all(name in headers for name in self.headers)
            and self.path.fullmatch(path) is not None
        )


@cache
def _rest_operations(service: str) -> list[_RestOperation]:
    """Return the REST operations of `service`, the most particular first."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return []
    model = session.get_service_model(service)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.deprecated:
            # Of two names for one request (GetBucketLifecycle) the newer is the one in policies.
            continue
        path, _, fixed = operation.http["requestUri"].partition("?")
        members = operation.input_shape.members if operation.input_shape else {}
        required = operation.input_shape.required_members if operation.input_shape else []
        located = {
            place: frozenset(
                members[member].serialization["name"].lower()
                if place == "header"
                else members[member].serialization["name"]
                for member in required
                if members[member].serialization.get("location") == place
            )
            for place in ("querystring", "header")
        }
        query = frozenset(urllib.parse.parse_qs(fixed, keep_blank_values=True))
        found.append(
            _RestOperation(
                name,
                operation.http["method"],
                _path_pattern(path),
                query | located["querystring"],
                located["header"],
            )
        )
    return sorted(found, key=_particularity, reverse=True)


def _particularity(operation: _RestOperation) -> tuple[int, int, int]:
    pattern = operation.path.pattern
    return (
        len(operation.query) + len(operation.headers),
        pattern.count("/"),
        -pattern.count("("),
    )


def _path_pattern(template: str) -> re.Pattern[str]:
    """`/{Bucket}/{Key+}` as a pattern; a slash at the end may be there or not."""
    parts = re.split(r"(\{[^}]+\})", template.rstrip("/"))
    pattern = "".join(
        ("(.+)" if part.endswith("+}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in parts
    )
    return re.compile(pattern + "/?")
