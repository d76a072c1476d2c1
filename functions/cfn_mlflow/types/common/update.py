"""What an Update asks, whose properties may have faults that what runs already has.

Rules become stricter from version to version. A stack that an earlier version made must still be
updated, and a failed update must find its way back: else it ends in UPDATE_ROLLBACK_FAILED.
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
    """Return what is asked, and the faults in it that stand: those that `former` has as well.

    A fault stands if the property, and all that it speaks of, have the values that they had. None
    stands where nobody knows the former ones. Raises InvalidProperties with every other fault.
    """
    if former is None:
        return parse(model, properties), ()
    return _parse(model, own(properties), own(former))


def parse_rollback(model: type[Model], properties: Written) -> tuple[Model, tuple[str, ...]]:
    """Return what a rollback asks, and its faults: all stand whose values can be read.

    It asks for what ran before; CloudFormation does not tell that those properties once passed.
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
            raise InvalidProperties([str(fault) for fault in found])
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
    """Return the faults that are let stand; one whose value cannot be read is none of them."""
    may = [fault for fault in found if fault.key and fault.key not in standing]
    if former is None:
        return may
    before = parsed_or_faults(model, former, standing)
    had = {str(fault) for fault in before} if isinstance(before, list) else set()
    new = {fault.key for fault in may if not (str(fault) in had and _same(fault, written, former))}
    return [fault for fault in may if fault.key not in new]


def _same(fault: Fault, written: Written, former: Written) -> bool:
    """Tell whether a fault is about values that are as they were."""
    now, then = set_ones(written), set_ones(former)
    return all(now.get(name) == then.get(name) for name in (fault.root, *fault.named))
