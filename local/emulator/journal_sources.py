"""Where the journal's texts and secrets come from: each place at which ministack takes one."""

import json
from typing import Any

from ministack.services import cloudwatch_logs, secretsmanager
from ministack.services.cloudformation import provisioners, stacks

from local.emulator.cloudformation.stack_events import StackEvent, Tell, on_stack_event
from local.emulator.core.journal import note, secret
from local.emulator.core.patching import Function, replace


def install() -> None:
    """Listen where ministack takes texts and secrets."""
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
