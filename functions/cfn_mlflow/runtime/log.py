"""The log: one line of JSON per event, the message first.

No line contains the URL or the properties of a request.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger

log = Logger(log_record_order=["message", "level", "timestamp"])
"""The functions' log. POWERTOOLS_LOG_LEVEL sets its level.

POWERTOOLS_SERVICE_NAME sets the name of the provider in each line.
"""
