"""A control of EventBridge's scheduled rules: the time of one has come.

ministack looks every ten seconds which rules are due, and its own look is what fires this one.
"""

import threading
from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge

from local.emulator import controls, patching
from local.emulator.controls import ControlError
from local.emulator.patching import Function

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
