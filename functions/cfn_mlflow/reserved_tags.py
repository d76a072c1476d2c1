"""Words in tags that mean something to AWS or to the provider, and so are no user's to choose."""

from __future__ import annotations

RESERVED_VALUES = ("aws:", "rds:")
RESERVED_KEYS = (*RESERVED_VALUES, "cfn-mlflow:")
"""No tag of a user's begins with them, in whatever case."""

EVERY_STACK = "@all"
"""Stands for every stack where a tag lists stacks: `*` is no character that RDS takes in a tag."""
