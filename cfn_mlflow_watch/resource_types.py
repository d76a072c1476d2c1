"""Our resource types, and where the function of each writes its log."""

from __future__ import annotations

import re

from cfn_mlflow_watch.items import Event

PROVIDER_NAME = "cfn-mlflow"
"""The provider's name, unless it was installed under another one."""

_TYPE = re.compile(r"Custom::(MLflow(?:Bucket|Database|Service|Schema)?)")
_FUNCTION = re.compile(r"[^:]+-MLflow(?:Bucket|Database|Service|Schema)?")
_ANY_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def log_group(event: Event, provider_name: str = PROVIDER_NAME) -> str:
    """Return the log group of the function behind an event's resource; empty if it is not ours.

    The event's ServiceToken names the function. Where an event has none, the type does.
    """
    function = event.service_token.rpartition(":function:")[2] or event.service_token
    if event.type.startswith(_ANY_CUSTOM) and _FUNCTION.fullmatch(function):
        return f"/aws/lambda/{function}"
    of_type = _TYPE.fullmatch(event.type)
    return f"/aws/lambda/{provider_name}-{of_type[1]}" if of_type else ""
