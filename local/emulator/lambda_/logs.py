"""What functions print, in CloudWatch Logs while they run; ministack writes it at their end.

One stream for each execution environment, START, END and REPORT around each invocation, a late
line after a timeout: as "Sending Lambda function logs to CloudWatch Logs" has it.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from local.emulator.core.patching import replace, require

Json = dict[str, Any]


def install() -> None:
    """Leave the writing to this module."""
    require(
        cloudwatch_logs,
        "_log_groups",
        "_create_log_group",
        "_create_log_stream",
        "_put_log_events",
    )
    require(lambda_svc, "_run_with_function_config_scope")
    replace(lambda_svc, "_emit_lambda_logs", lambda _: lambda *arguments, **options: None)


class FunctionLog:
    """The log stream of one execution environment."""

    def __init__(self, config: Json) -> None:
        """Choose the names; nothing is made before something is written."""
        name = config["FunctionName"]
        self._config = config
        self.group: str = (config.get("LoggingConfig") or {}).get(
            "LogGroup"
        ) or f"/aws/lambda/{name}"
        day = time.strftime("%Y/%m/%d", time.gmtime())
        self.stream = f"{day}/[{config.get('Version', '$LATEST')}]{uuid.uuid4().hex}"
        self._made = False

    def write(self, *lines: str) -> None:
        """Add one event for each line, now."""
        # ministack keeps its records by account and Region, those of the function here.
        lambda_svc._run_with_function_config_scope(self._config, self._write, lines)

    def around(self, request_id: str, run: Callable[[], Json]) -> Json:
        """Run one invocation between its START and its END and REPORT; return its result."""
        version = self._config.get("Version", "$LATEST")
        self.write(f"START RequestId: {request_id} Version: {version}")
        started = time.monotonic()
        result = run()
        milliseconds = (time.monotonic() - started) * 1000
        late = []
        if "timed out" in str(result.get("error")):
            now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
            late.append(f"{now} {request_id} {result['error']}")
        self.write(
            *late,
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Billed Duration: {int(milliseconds) + 1} ms\t"
            f"Memory Size: {self._config.get('MemorySize', 128)} MB",
        )
        return result

    def _write(self, lines: tuple[str, ...]) -> None:
        if not self._made:
            self._make()
        now = int(time.time() * 1000)
        cloudwatch_logs._put_log_events(
            {
                "logGroupName": self.group,
                "logStreamName": self.stream,
                "logEvents": [{"timestamp": now, "message": line} for line in lines],
            }
        )

    def _make(self) -> None:
        if self.group not in cloudwatch_logs._log_groups:
            cloudwatch_logs._create_log_group({"logGroupName": self.group})
        cloudwatch_logs._create_log_stream(
            {"logGroupName": self.group, "logStreamName": self.stream}
        )
        self._made = True
