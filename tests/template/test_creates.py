"""Given an object that is made, then its creation is one call: what else it needs follows a look.

A service that has just made something may not find it yet. Between two calls of one `create` nobody
looks, and a second call that does not find the object would end the whole deploy.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.template.test_rights_used import operations, parsed, services, sources

READS = ("describe_", "get_", "list_")
ON_WHAT_IS_THERE = {
    "ssm.name_reservation.NameReservation": "one whose holder is gone is there, and is followed",
}
"""What these change has been looked at: it is there."""


def changes(path: Path, method: ast.FunctionDef, of: ast.ClassDef) -> Iterator[str]:
    """Yield the calls of a method that change something, those of its class's methods too."""
    known = {name for service in services(parsed(path)) for name in operations(service)}
    own = {one.name: one for one in of.body if isinstance(one, ast.FunctionDef)}
    for node in ast.walk(method):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "self":
            if name in own:
                yield from changes(path, own[name], of)
        elif name in known and not name.startswith(READS):
            yield name


def creations() -> dict[str, list[str]]:
    """Return what each class calls to make its object, by folder, module and class."""
    return {
        f"{path.parent.name}.{path.stem}.{found.name}": list(changes(path, method, found))
        for path in sources()
        for found in parsed(path).body
        if isinstance(found, ast.ClassDef)
        for method in found.body
        if isinstance(method, ast.FunctionDef) and method.name == "create"
    }


def test_a_creation_is_one_call() -> None:
    found = creations()
    assert found["ecs.cluster.Cluster"] == ["create_cluster"]
    assert found["cloudwatch.alarm.Alarm"] == ["put_metric_alarm"], (
        "calls of its own methods count too"
    )
    several = {name: calls for name, calls in found.items() if len(calls) > 1}
    assert set(several) - set(ON_WHAT_IS_THERE) == set()
