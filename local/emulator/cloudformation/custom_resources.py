"""Custom resources as CloudFormation treats them; ministack calls their function once, in line.

The rules are those of "Custom resource request and response reference" of the user guide, and of
what providers have recorded of AWS (docs/local-aws.md names them one by one).
"""

import secrets
import string
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource, provisioners, stacks

from local.emulator.cloudformation import resource_events
from local.emulator.cloudformation.response_url import ResponseUrls, read_answer
from local.emulator.core.patching import replace, require

Json = dict[str, Any]
Provisioned = tuple[str, Json]

DEFAULT_TIMEOUT_SECONDS = 3600
CANCELLED = "Resource creation cancelled"


class RequestFailedError(RuntimeError):
    """A request ended badly; `physical_id` is the one its answer gave, if any."""

    def __init__(self, reason: str, physical_id: str | None = None) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


@dataclass
class _Request:
    event: Json
    answer: Json | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Requests:
    """The requests that wait for their answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, _Request] = {}

    def open(self, token: str, event: Json) -> _Request:
        """Begin to wait for the answer to `event`."""
        request = _Request(event)
        with self._lock:
            self._waiting[token] = request
        return request

    def close(self, token: str) -> None:
        """Take no notice of later answers."""
        with self._lock:
            self._waiting.pop(token, None)

    def receive(self, token: str, body: bytes) -> None:
        """Take what was put to the ResponseURL `token`; only the first answer counts."""
        with self._lock:
            request = self._waiting.get(token)
            if request is None or request.ended.is_set():
                return
            request.answer = read_answer(body, request.event)
            if request.answer is not None:
                request.ended.set()
            else:
                print(f"no answer to {request.event['RequestId']}: {body[:200]!r}", flush=True)

    def cancel(self, stack_id: str) -> None:
        """Stop waiting for the Creates and Updates of a stack; their functions run on."""
        with self._lock:
            for request in self._waiting.values():
                if (
                    request.event["StackId"] == stack_id
                    and request.event["RequestType"] != "Delete"
                ):
                    request.ended.set()


requests = Requests()


def is_custom(resource_type: str) -> bool:
    """Tell whether a function of the user's makes resources of this type."""
    return resource_type.startswith("Custom::") or (
        resource_type == "AWS::CloudFormation::CustomResource"
    )


def made_up_id(stack_name: str, logical_id: str) -> str:
    """Return the physical id that CloudFormation makes up for a resource that has none."""
    letters = string.ascii_uppercase + string.digits
    return f"{stack_name}-{logical_id}-{''.join(secrets.choice(letters) for _ in range(13))}"


def install(urls: ResponseUrls) -> None:
    """Send the requests of custom resources through this module."""
    require(lambda_svc, "_get_func_record_for_ref", "_execution_record_for_config")
    require(custom_resource, "_normalise_resource_properties")
    require(provisioners, "_cr_stack_id")

    def invoke(  # noqa: PLR0913, PLR0917 - ministack's signature
        request_type: str,
        logical_id: str,
        props: Json,
        stack_name: str,
        stack_id: str,
        resource_type: str,
        physical_id: str | None = None,
        old_props: Json | None = None,
    ) -> Provisioned:
        event = {
            "RequestType": request_type,
            "ServiceToken": props.get("ServiceToken", ""),
            "ResponseURL": "",
            "StackId": stack_id,
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": logical_id,
            "ResourceType": resource_type,
            "ResourceProperties": custom_resource._normalise_resource_properties(props),
        }
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        if old_props is not None:
            event["OldResourceProperties"] = custom_resource._normalise_resource_properties(
                old_props
            )
        try:
            with resource_events.around(event):
                return _ask(urls, event)
        except RequestFailedError as error:
            _remember_failure(stack_name, event, error)
            raise

    replace(custom_resource, "invoke_custom_resource", lambda _: invoke)
    _give_the_plain_type_its_logical_id()


def _ask(urls: ResponseUrls, event: Json) -> Provisioned:
    token, event["ResponseURL"] = urls.issue(
        event["StackId"], event["LogicalResourceId"], event["RequestId"]
    )
    seconds = int(event["ResourceProperties"].get("ServiceTimeout", DEFAULT_TIMEOUT_SECONDS))
    request = requests.open(token, event)
    try:
        _start_function(event)
        if not request.ended.wait(seconds):
            raise RequestFailedError(
                "CloudFormation did not receive a response from your Custom Resource. "
                f"Please check your logs for requestId [{event['RequestId']}]."
            )
    finally:
        requests.close(token)
    if request.answer is None:
        raise RequestFailedError(CANCELLED)
    return _judge(request.answer, event)


def _start_function(event: Json) -> None:
    function, config, _name = lambda_svc._get_func_record_for_ref(event["ServiceToken"])
    if function is None or config is None:
        raise RequestFailedError(
            f"Lambda function not found: {event['ServiceToken']} "
            "(Service: Lambda, Status Code: 404)"
        )
    record = lambda_svc._execution_record_for_config(function, config)
    # A chain of invocations starts here, whoever called CloudFormation.
    depth = lambda_svc._invoke_depth.set(0)
    try:
        lambda_svc.invoke_async_with_retry(record, event)
    finally:
        lambda_svc._invoke_depth.reset(depth)


def _judge(answer: Json, event: Json) -> Provisioned:
    physical_id = answer.get("PhysicalResourceId")
    if answer["Status"] == "SUCCESS":
        data = custom_resource._normalise_resource_properties(answer.get("Data") or {})
        return str(physical_id), data
    reason = answer.get("Reason", "")
    if physical_id is None:
        raise RequestFailedError(reason)
    raise RequestFailedError(
        "Received response status [FAILED] from custom resource. Message returned: "
        f"{reason} (RequestId: {event['RequestId']})",
        physical_id,
    )


def _remember_failure(stack_name: str, event: Json, error: RequestFailedError) -> None:
    """Leave what the rollback must delete in the stack's record.

    That is a failed Create under the answered or a made-up id, and the new id of a failed Update.
    """
    from ministack.services.cloudformation import _stacks  # noqa: PLC0415  # scoped by request

    stack = _stacks.get(stack_name)
    if stack is None or event["RequestType"] == "Delete":
        return
    logical_id = event["LogicalResourceId"]
    if event["RequestType"] == "Update" and error.physical_id in (
        None,
        event["PhysicalResourceId"],
    ):
        return
    stack["_resources"][logical_id] = {
        "PhysicalResourceId": error.physical_id or made_up_id(stack_name, logical_id),
        "ResourceType": event["ResourceType"],
        "ResourceStatus": f"{event['RequestType'].upper()}_FAILED",
        "ResourceStatusReason": str(error),
        "LogicalResourceId": logical_id,
        "Properties": event["ResourceProperties"],
        "Attributes": {},
        "Timestamp": stacks.now_iso(),
    }


def _give_the_plain_type_its_logical_id() -> None:
    """AWS::CloudFormation::CustomResource: ministack sends the physical id as the logical one."""
    plain = "AWS::CloudFormation::CustomResource"

    def make(real: Any) -> Any:
        def update(  # noqa: PLR0913, PLR0917 - ministack's signature
            rtype: str,
            pid: str,
            old: Json,
            new: Json,
            stack: str,
            logical_id: str | None = None,
            attrs: Json | None = None,
        ) -> Any:
            if rtype != plain or old == new:
                return real(rtype, pid, old, new, stack, logical_id, attrs)
            return provisioners._custom_resource_update(
                pid, old, new, stack, logical_id=logical_id, resource_type=rtype
            )

        return update

    replace(stacks, "_update_resource", make)
