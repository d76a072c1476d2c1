"""One line of JSON per event, the message first; never a request's URL or properties."""

from __future__ import annotations

from aws_lambda_powertools import Logger

log = Logger(log_record_order=["message", "level", "timestamp"])
"""The functions' log: POWERTOOLS_LOG_LEVEL is its level, POWERTOOLS_SERVICE_NAME the provider."""
