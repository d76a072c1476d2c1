"""A client that logs metrics all the time, by plain HTTP: no request of it is tried again."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

from local.aws import LocalAws
from tests.support.waiting import PATIENCE_SECONDS

METRICS_A_REQUEST = 10
REQUESTS_A_SECOND = 5
"""Together 50 metrics a second."""
AT_ONCE = 20
API = "/api/2.0/mlflow/"


class MetricsClient:
    """Logs for as long as its block lasts; `failures` has every request that was not answered 200.

    What it is given beside is sent with every request: `headers` such as a login.
    """

    def __init__(self, aws: LocalAws, tracking_uri: str, **headers: str) -> None:
        self._uri = tracking_uri
        self._headers = {"Content-Type": "application/json", **headers}
        proxy = urllib.request.ProxyHandler({"http": aws.proxy})
        self._opener = urllib.request.build_opener(proxy)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._log, name="metrics")
        self._run_id = ""
        self.sent = 0
        self.failures: list[str] = []

    def __enter__(self) -> MetricsClient:
        self._run_id = self.post("runs/create", experiment_id="0")["run"]["info"]["run_id"]
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def post(self, path: str, **body: Any) -> Any:
        """Send one request, once, and return its answer. Raises OSError if it is not answered."""
        request = urllib.request.Request(  # noqa: S310 - of the test's own
            self._uri + API + path, json.dumps(body).encode(), self._headers
        )
        with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    def logged(self) -> int:
        """Return how many metrics of the run the server has."""
        query = f"metrics/get-history?run_id={self._run_id}&metric_key=m&max_results=100000"
        request = urllib.request.Request(self._uri + API + query, headers=self._headers)  # noqa: S310 - an address of the local AWS
        with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
            return len(json.load(answer).get("metrics", []))

    def _log(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            due = time.monotonic()
            while not self._ended.is_set():
                pool.submit(self._send, self.sent)
                self.sent += METRICS_A_REQUEST
                due += 1 / REQUESTS_A_SECOND
                self._ended.wait(max(due - time.monotonic(), 0))

    def _send(self, first: int) -> None:
        now = int(time.time() * 1000)
        metrics = [
            {"key": "m", "value": step, "timestamp": now, "step": step}
            for step in range(first, first + METRICS_A_REQUEST)
        ]
        try:
            self.post("runs/log-batch", run_id=self._run_id, metrics=metrics)
        except urllib.error.HTTPError as error:
            self.failures.append(f"{error.code} {error.read()[:200]!r}")
        except OSError as error:
            self.failures.append(repr(error))
