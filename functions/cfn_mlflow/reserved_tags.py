"""What no tag of a user's begins with: AWS keeps it for itself, or the provider does."""

from __future__ import annotations

RESERVED_VALUES = ("aws:", "rds:")
RESERVED_KEYS = (*RESERVED_VALUES, "cfn-mlflow:")
"""In whatever case."""
