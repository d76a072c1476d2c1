"""EventBridge's scheduled rules: the time of one has come, and its target may be an alias.

ministack looks every ten seconds which rules are due, and its own look is what fires this one.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge, lambda_svc

from local.emulator.core import controls, patching
from local.emulator.core.controls import ControlError
from local.emulator.core.patching import Function

_LONG_AGO = 0.0


def install() -> None:
    """Add the control; a rule that two look at together fires once."""
    looking = threading.Lock()

    def one_at_a_time(old: Function) -> Function:
        def look() -> None:
            with looking:
                old()

        return look

    patching.replace(eventbridge, "_tick_scheduled_rules", one_at_a_time)
    controls.add("fire-rule", _fire)
    patching.require(lambda_svc, "_get_func_record_for_ref", "_execution_record_for_config")
    patching.replace(eventbridge, "_dispatch_to_lambda", _by_the_targets_arn)


def _by_the_targets_arn(dispatch: Function) -> Function:
    """Tell a function by which ARN the rule invoked it; ministack forgets the alias."""

    def invoke(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not function or arn.endswith(f":{name}"):
            dispatch(arn, payload)
            return
        record = lambda_svc._execution_record_for_config(function, {**config, "FunctionArn": arn})
        run = lambda_svc._execute_function_with_config_scope
        threading.Thread(target=run, args=(record, json.loads(payload)), daemon=True).start()

    return invoke


def _fire(asked: Mapping[str, Any]) -> None:
    name = asked["name"]
    rules = {key: rule for key, rule in eventbridge._rules._data.items() if rule["Name"] == name}
    if not rules:
        raise ControlError(f"There is no rule {name}.")
    for key, rule in rules.items():
        if rule["State"] != "ENABLED" or not rule["ScheduleExpression"]:
            raise ControlError(f"The rule {name} has no schedule that is on.")
        eventbridge._rule_last_fired[key] = _LONG_AGO
    threading.Thread(target=eventbridge._tick_scheduled_rules, name="rules", daemon=True).start()
