"""Everything that leaves the provider or is kept by AWS, as text, and every secret that is made.

It outlives what it is about: log groups, stacks, databases. The tests search the one for the other
(tests/support/local_aws/leaks.py). Two files in the state folder hold it, one JSON list a line.
"""

import json
import threading
from pathlib import Path
from typing import Any

from ministack.services import cloudwatch_logs, secretsmanager
from ministack.services.cloudformation import provisioners, stacks

from local.emulator.cloudformation.stack_events import StackEvent, Tell, on_stack_event
from local.emulator.core.patching import Function, replace

JOURNAL_FILE = "journal.jsonl"
"""Lines of [source, text]."""
SECRETS_FILE = "secrets-made.jsonl"
"""Lines of [where it was made, value]."""


class _Journal:
    """The two files; nothing is kept before `open`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None

    def open(self, folder: Path) -> None:
        self._folder = folder
        for name in (JOURNAL_FILE, SECRETS_FILE):
            (folder / name).touch(mode=0o600)

    def add(self, file: str, first: str, second: str) -> None:
        if self._folder is None or not second:
            return
        line = json.dumps([first, second]) + "\n"
        with self._lock, (self._folder / file).open("a") as opened:
            opened.write(line)


_journal = _Journal()


def note(source: str, text: str) -> None:
    """Keep `text`, which `source` has let out or left with AWS."""
    _journal.add(JOURNAL_FILE, source, text)


def secret(where: str, value: Any) -> None:
    """Keep a secret value that was made or set `where`."""
    _journal.add(SECRETS_FILE, where, value if isinstance(value, str) else "")


def install(state: Path) -> None:
    """Keep the journal in `state`, and listen where ministack takes texts and secrets."""
    _journal.open(state)
    replace(cloudwatch_logs, "_put_log_events", _logged)
    on_stack_event(_event)
    replace(stacks, "_resolve_stack_outputs", _outputs)
    replace(secretsmanager, "_store_new_secret", _stored)
    replace(secretsmanager, "_publish_new_version", _published)
    replace(secretsmanager, "_put_secret_value", _put)
    replace(secretsmanager, "_get_random_password", _random)
    replace(provisioners, "_sm_secret_string", _of_a_template)


def _logged(old: Function) -> Function:
    def put(data: dict[str, Any]) -> Any:
        source = f"log {data.get('logGroupName')} {data.get('logStreamName')}"
        note(source, "\n".join(event.get("message", "") for event in data.get("logEvents") or []))
        return old(data)

    return put


def _event(tell: Tell, event: StackEvent) -> None:
    texts = (event.reason, event.physical_id, event.detailed_status)
    told = "\n".join(filter(None, (event.resource_type, event.status, *texts)))
    note(f"stack event {event.stack_name} {event.logical_id}", told)
    tell(event)


def _outputs(old: Function) -> Function:
    def resolve(*arguments: Any, **named: Any) -> Any:
        outputs, exports = old(*arguments, **named)
        note("stack outputs", json.dumps(outputs, default=str))
        return outputs, exports

    return resolve


def _stored(old: Function) -> Function:
    def store(name: str, secret_string: str | None = None, *rest: Any, **named: Any) -> Any:
        secret(f"secret {name}", secret_string)
        return old(name, secret_string, *rest, **named)

    return store


def _published(old: Function) -> Function:
    def publish(
        record: dict[str, Any], secret_string: str | None = None, secret_binary: Any = None
    ) -> Any:
        secret(f"secret {record['Name']}", secret_string)
        return old(record, secret_string, secret_binary)

    return publish


def _put(old: Function) -> Function:
    def put(data: dict[str, Any]) -> Any:
        secret(f"secret {data.get('SecretId')}", data.get("SecretString"))
        return old(data)

    return put


def _random(old: Function) -> Function:
    def make(data: dict[str, Any]) -> Any:
        answer = old(data)
        if answer[0] == 200:
            secret("GetRandomPassword", json.loads(answer[2])["RandomPassword"])
        return answer

    return make


def _of_a_template(old: Function) -> Function:
    def make(properties: dict[str, Any]) -> Any:
        value = old(properties)
        secret("secret of a template", value)
        return value

    return make
