"""Does a ServiceToken name this function, with or without a version or an alias?

Lambda takes shorter forms than the ARN as well, such as the name alone. AWS does not say that
CloudFormation refuses them, so they count too. A part that a token leaves out is not compared.
"""

from __future__ import annotations

import re

_FORM = re.compile(
    r"(?:arn:(?P<partition>[^:]+):lambda:)?"
    r"(?:(?P<region>[a-z]{2,}(?:-[a-z0-9]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]+)"
    r"(?::(?:\$LATEST|[A-Za-z0-9_-]+))?"
)


def names(token: str, function_arn: str) -> bool:
    """Return whether a token names the function with this ARN."""
    asked, own = _FORM.fullmatch(token), _FORM.fullmatch(function_arn)
    if asked is None or own is None:
        return False
    told = {part: value for part, value in asked.groupdict().items() if value is not None}
    return told.items() <= own.groupdict().items()
