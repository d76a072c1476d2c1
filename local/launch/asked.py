"""What a local AWS that runs can be asked, and what it can be told to let happen."""

import contextlib
import http.client
import json
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local import ports
from local.launch import process
from local.launch.errors import LocalAwsError
from local.launch.state_folder import JOURNAL_FILE, SECRETS_FILE

# Logs of databases, there and gone, and what containers have printed.
_LOGS = ("databases/*/postgresql.log", "postgresql/*.log", "tasks/*/*/output.log")
_ANSWER_SECONDS = 300


class Asked(ABC):
    """The part of `LocalAws` that looks into it, and makes happen what on AWS only time does."""

    @property
    @abstractmethod
    def state(self) -> Path:
        """The folder of its state."""

    @property
    @abstractmethod
    def port(self) -> int:
        """The port of the endpoint."""

    def calls(self) -> list[dict[str, Any]]:
        """Return every kind of AWS call so far: service, action, caller (a function), count."""
        found: list[dict[str, Any]] = self._ask("calls")
        return found

    def journal(self) -> Iterator[tuple[str, str]]:
        """Give all that left the provider or was kept by AWS so far, each with its source.

        That is log events, stack events, outputs, answers, requests that changed something, the
        logs of all PostgreSQL servers and what containers printed; also of what is gone by now.
        """
        yield from _lines(self.state / JOURNAL_FILE)
        for pattern in _LOGS:
            for file in sorted(self.state.glob(pattern)):
                yield str(file.relative_to(self.state)), file.read_text(errors="replace")

    def secrets_made(self) -> Iterator[tuple[str, str]]:
        """Give every secret value so far, whole as it was set, each with where it was made."""
        yield from _lines(self.state / SECRETS_FILE)

    def pids_of(self, function_name: str) -> list[int]:
        """Return the processes that run an invocation of the function now."""
        running: dict[str, list[int]] = self._ask("functions")
        return running.get(function_name, [])

    def kill_function(self, function_name: str, seconds: float = 600) -> list[int]:
        """SIGKILL the running invocations of the function, waiting up to `seconds` for one."""
        for _ in process.every(0.02, seconds):
            pids = self.pids_of(function_name)
            if pids:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                return pids
        raise LocalAwsError(f"No invocation of {function_name} ran within {seconds} s.")

    def pause_cluster(self, identifier: str) -> None:
        """Pause an Aurora cluster with MinCapacity 0 at once, as if nobody had used it for long.

        Connections that are open are lost. Raises LocalAwsError for one that cannot pause.
        """
        self._control("pause-cluster", identifier=identifier)

    def run_scheduled_action(self, resource: str, name: str) -> None:
        """Let the scheduled action `name` of the target `service/<cluster>/<service>` fire.

        It has no effect while the target's scheduled scaling is suspended, as on AWS.
        """
        self._control("run-scheduled-action", resource=resource, name=name)

    def fire_rule(self, name: str) -> None:
        """Let the time of EventBridge's scheduled rule `name` come, as its schedule would have it.

        Raises LocalAwsError for one that is not there or is off.
        """
        self._control("fire-rule", name=name)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(ports.ADDRESS, self.port, timeout=_ANSWER_SECONDS)

    def _ask(self, what: str) -> Any:
        connection = self._connection()
        with contextlib.closing(connection):
            connection.request("GET", f"/_local/{what}")
            return json.load(connection.getresponse())

    def _control(self, control: str, /, **asked: Any) -> Any:
        connection = self._connection()
        with contextlib.closing(connection):
            connection.request("POST", f"/_local/{control}", json.dumps(asked))
            response = connection.getresponse()
            answer = json.load(response)
        if response.status != http.client.OK:
            raise LocalAwsError(answer["message"])
        return answer


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    with file.open() as lines:
        for line in lines:
            if not line.endswith("\n"):
                return  # it is being written
            first, second = json.loads(line)
            yield first, second
