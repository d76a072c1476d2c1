"""What the log line of a failure has beside its words: the code, and a metric that counts by it.

Standard library only: the last word, which must always start, tells of failures too.
"""

from __future__ import annotations

import time
from typing import Any, Final

from cfn_mlflow.reason import Reason

NAMESPACE: Final = "cfn-mlflow"
"""The namespace of the provider's metrics, and the only one that its roles may write to."""
FAILURES: Final = "Failures"
SERVICE: Final = "service"
"""The key under which each line has the provider's name."""


def failure(reason: Reason) -> dict[str, Any]:
    """Return the keys of the line.

    CloudWatch Logs makes the metric of them (the embedded metric format): no call, and no right
    for one. It counts by the provider's name, and by that and the code.
    """
    metric = {
        "Namespace": NAMESPACE,
        "Dimensions": [[SERVICE], [SERVICE, "code"]],
        "Metrics": [{"Name": FAILURES, "Unit": "Count"}],
    }
    document = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [metric]}
    return {"code": reason.name, FAILURES: 1, "_aws": document}
