"""Parse the properties of an Update, and accept faults that the resource already had.

A newer version of the provider may have stricter rules. A stack of an earlier version must still
accept updates. A failed update must be able to roll back, or else it ends in
UPDATE_ROLLBACK_FAILED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.values.base import Properties, own, parse, parsed_or_faults, set_ones
from cfn_mlflow.types.values.faults import Fault
from cfn_mlflow.types.values.standing import Key, Standing

Model = TypeVar("Model", bound=Properties)

Written = Mapping[str, object]


def parse_update(
    model: type[Model], properties: Written, former: Written | None
) -> tuple[Model, tuple[str, ...]]:
    """Return the properties of an Update, and the accepted faults in them.

    A fault is accepted if `former` has it too, and if no property that it mentions has changed. No
    fault is accepted if the former properties are not known. Raises InvalidProperties with every
    other fault.
    """
    if former is None:
        return parse(model, properties), ()
    return _parse(model, own(properties), own(former))


def parse_rollback(model: type[Model], properties: Written) -> tuple[Model, tuple[str, ...]]:
    """Return the properties of a rollback, and the accepted faults in them.

    Every fault is accepted if its value can be read. A rollback asks for what ran before, but
    CloudFormation does not show that the provider once accepted it. Raises InvalidProperties with
    the other faults.
    """
    return _parse(model, own(properties), None)


def _parse(
    model: type[Model], written: dict[str, object], former: dict[str, object] | None
) -> tuple[Model, tuple[str, ...]]:
    standing: set[Key] = set()
    told: dict[str, None] = {}
    while True:
        found = parsed_or_faults(model, written, frozenset(standing))
        if not isinstance(found, list):
            return found, tuple(told)
        stands = _that_stand(model, found, written, former, frozenset(standing))
        if not stands:
            raise InvalidProperties([fault.cause for fault in found])
        for fault in stands:
            told[str(fault)] = None
            standing |= {fault.key} if fault.key else set()
            if fault.unknown:
                written.pop(fault.root, None)


def _that_stand(
    model: type[Properties],
    found: list[Fault],
    written: Written,
    former: Written | None,
    standing: Standing,
) -> list[Fault]:
    """Return the faults that are accepted. A fault whose value cannot be read never is."""
    may = [fault for fault in found if fault.key and fault.key not in standing]
    if former is None:
        return may
    before = parsed_or_faults(model, former, standing)
    had = {str(fault) for fault in before} if isinstance(before, list) else set()
    new = {fault.key for fault in may if not (str(fault) in had and _same(fault, written, former))}
    return [fault for fault in may if fault.key not in new]


def _same(fault: Fault, written: Written, former: Written) -> bool:
    """Return whether the values that a fault is about are unchanged."""
    now, then = set_ones(written), set_ones(former)
    return all(now.get(name) == then.get(name) for name in (fault.root, *fault.named))
