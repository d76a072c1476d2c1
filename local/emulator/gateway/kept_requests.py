"""What the journal keeps of requests to AWS's APIs: all that changes something, without secrets.

Left out is what only reads, what a user's own template or object holds, and the values that belong
into the request: those of secrets, of a master's password, and a custom resource's own properties.
"""

import json
import urllib.parse
from typing import Any

from local.emulator.core import journal
from local.emulator.gateway.calls import Call

LONGEST = 1024 * 1024
_READING = ("Describe", "List", "Get", "Head", "BatchGet", "Filter", "Receive", "Lookup")
_OF_THE_USER = {"s3", "sts", "kms", "cloudformation"}
_SECRET_HERE = {"SecretString", "SecretBinary"}
_PASSWORD = "MasterUserPassword"  # noqa: S105 - the name of a parameter
_OWN_PROPERTIES = {"ResourceProperties", "OldResourceProperties"}
_CODE = {"ZipFile"}


def wanted(call: Call | None, length: int) -> bool:
    """Whether the body of a request is kept."""
    return (
        call is not None
        and call.service not in _OF_THE_USER
        and not call.action.startswith(_READING)
        and length <= LONGEST
    )


def keep(call: Call, body: bytes) -> None:
    """Keep the body of a request, and apart from it the secrets in it."""
    text = body.decode(errors="replace")
    try:
        kept = json.dumps(_without(json.loads(text), call))
    except ValueError:
        kept = _of_form(text, call)
    journal.note(f"{call.service}:{call.action} by {call.caller or 'anybody'}", kept)


def _of_form(text: str, call: Call) -> str:
    fields = urllib.parse.parse_qsl(text)
    for name, value in fields:
        if name == _PASSWORD:
            journal.secret(f"{call.service}:{call.action}", value)
    return "\n".join(f"{name}={value}" for name, value in fields if name != _PASSWORD)


def _without(value: Any, call: Call) -> Any:
    if isinstance(value, list):
        return [_without(one, call) for one in value]
    if not isinstance(value, dict):
        return value
    left_out = _SECRET_HERE | _OWN_PROPERTIES | _CODE | {_PASSWORD}
    if value.get("Type") == "SecureString":
        journal.secret(f"{call.service}:{call.action}", value.get("Value"))
        left_out |= {"Value"}
    return {name: _without(one, call) for name, one in value.items() if name not in left_out}
