"""What the operations came to, beside their budgets."""

from __future__ import annotations

from collections import Counter

from bench import stock
from bench.operations import FUNCTION, Calls, Operations
from bench.table import Row, Section

MEGABYTE = 1024 * 1024
PEAK_BUDGET_MB = 256
LAG_BUDGET_SECONDS = 10

PROTOCOL = "cloudformation"
"""The request guard asks it; it is no object of the stack's."""

_READS = ("Describe", "Get", "List", "Head", "Lookup", "Select")
_CRHELPERS_OWN = ("events", "lambda", "logs")


def sections(found: Operations) -> list[Section]:
    """Return a section for each subject."""
    return [_calls(found), _lag(found), _memory(found)]


def _calls(found: Operations) -> Section:
    no_op, reads = _split(found.calls["no-op update"])
    invalid = found.calls["invalid property"].total()
    own = Counter({key: n for key, n in found.stock_calls.items() if key[0] in _CRHELPERS_OWN})
    rows = [
        _row(found, "create", instead=f"{own.total()}, crhelper's own polling alone"),
        Row(
            "AWS calls of a no-op update",
            f"1 read per object, of {found.objects}",
            f"{reads.total()} reads, {no_op.total()} others, {_seconds(found, 'no-op update')}",
            "",
            reads.total() <= found.objects,
        ),
        _row(found, "update of the tasks"),
        Row(
            "AWS calls for an invalid property",
            "0",
            f"{invalid}, {_seconds(found, 'invalid property')}",
            "",
            invalid == 0,
        ),
        _row(found, "delete"),
    ]
    notes = [f"{name}: {_by_service(calls)}." for name, calls in found.calls.items() if calls]
    tags = sum(count for (_, action), count in reads.items() if "Tag" in action)
    notes.append(
        f"Reads of the no-op update, {tags} of them for tags that AWS tells by a call of their "
        f"own: {_by_action(reads)}."
    )
    if no_op:
        notes.append(f"Its other calls: {_by_action(no_op)}.")
    notes.append(f"crhelper's own: {_by_action(own)}.")
    return Section("AWS calls", rows, notes)


def _lag(found: Operations) -> Section:
    worst = max(found.lags.values())
    each = ", ".join(f"{name} {lag:.1f} s" for name, lag in found.lags.items())
    return Section(
        "From ready to answered",
        [
            Row(
                "from the last AWS object ready to the stack complete",
                f"{LAG_BUDGET_SECONDS} s",
                each,
                f"{found.stock_lag:.1f} s (crhelper polling each minute)",
                worst <= LAG_BUDGET_SECONDS,
            )
        ],
        [
            "Ready: the service's only deployment is COMPLETED and its targets are healthy, as ECS "
            "and Elastic Load Balancing tell it to somebody who looks ten times a second.",
            "Behind it comes the deep check, a task that starts, asks every server and ends: most "
            "of our time. The stock resource has nothing like it.",
            "The stock resource waited for the same objects at the same time. Its answer is up to "
            "its interval late: 60 s at the least that EventBridge takes, 120 s by crhelper's "
            "default; half of that on average.",
        ],
    )


def _memory(found: Operations) -> Section:
    ours = found.peak_bytes[FUNCTION] / MEGABYTE
    instead = found.peak_bytes[stock.FUNCTION] / MEGABYTE
    return Section(
        "Memory",
        [
            Row(
                "peak memory of the function's process",
                f"{PEAK_BUDGET_MB} MB",
                f"{ours:.0f} MB",
                f"{instead:.0f} MB (crhelper with one client more)",
                ours <= PEAK_BUDGET_MB,
            )
        ],
        ["VmHWM of the function's processes over a create, two updates, a refusal and a delete."],
    )


def _row(found: Operations, operation: str, instead: str = "") -> Row:
    calls = found.calls[operation]
    ours = f"{calls.total()}, {_seconds(found, operation)}"
    return Row(f"AWS calls of a{'n' * (operation[0] in 'aeiou')} {operation}", "", ours, instead)


def _split(calls: Calls) -> tuple[Calls, Calls]:
    """Return the calls that change something, and those that read an object of the stack's."""
    reads = Counter(
        {
            key: count
            for key, count in calls.items()
            if key[0] != PROTOCOL and key[1].startswith(_READS)
        }
    )
    protocol = Counter({key: count for key, count in calls.items() if key[0] == PROTOCOL})
    return calls - reads - protocol, reads


def _seconds(found: Operations, operation: str) -> str:
    return f"{found.seconds[operation]:.1f} s"


def _by_service(calls: Calls) -> str:
    services: Counter[str] = Counter()
    for (service, _), count in calls.items():
        services[service] += count
    return ", ".join(f"{service} {count}" for service, count in services.most_common())


def _by_action(calls: Calls) -> str:
    return ", ".join(f"{service}:{action} {n}" for (service, action), n in sorted(calls.items()))
