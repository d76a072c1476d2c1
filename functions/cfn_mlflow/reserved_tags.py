"""The beginnings of tags that AWS or the provider reserves. A user's tag may not have them."""

from __future__ import annotations

RESERVED_VALUES = ("aws:", "rds:")
RESERVED_KEYS = (*RESERVED_VALUES, "cfn-mlflow:")
"""No key of a user's tag may begin with them, in upper or lower case."""

EVERY_STACK = "@all"
"""Means every stack in a tag that lists stacks. RDS does not allow `*` in a tag."""
