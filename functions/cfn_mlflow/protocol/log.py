"""One line of JSON per event, the message first; never a request's URL or properties."""

from __future__ import annotations

from aws_lambda_powertools import Logger

log = Logger(service="cfn-mlflow", log_record_order=["message", "level", "timestamp"])
"""The functions' log; its level comes from POWERTOOLS_LOG_LEVEL, INFO unless set."""
