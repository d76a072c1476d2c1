"""Runs in the environment of parliament: lints the policy documents that stand on standard input.

Standard input is JSON: name -> document. Standard output is a list of findings, as JSON.

parliament wants all resources of an action in one statement. A policy that asks for another tag of
each kind of resource has several statements for one action, and those count together here.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import parliament
from parliament import is_glob_match
from parliament.statement import Statement as _Statement

Document = Mapping[str, Any]

assert _Statement  # noqa: S101 - its import reads the definitions


def main() -> None:
    """Lint every document."""
    _know_every_type()
    documents: Mapping[str, Document] = json.load(sys.stdin)
    found = [finding for name, one in documents.items() for finding in _lint(name, one)]
    json.dump(found, sys.stdout)


def _know_every_type() -> None:
    """Name a list's type as parliament knows it: its definitions have more names than it has."""
    for service in parliament.iam_definition:
        for condition in service["conditions"]:
            if condition["type"] == "ArrayOfARN":
                condition["type"] = "ARN"


def _lint(name: str, document: Document) -> Iterator[dict[str, str]]:
    statements = [_with_resource(one) for one in document["Statement"]]
    seen = set()
    for statement in statements:
        for finding in _findings([statement]):
            detail = _uncovered(finding, statements, statement)
            if detail is not None:
                seen.add(finding.issue)
                yield _told(name, statement.get("Sid", ""), finding, detail)
    for finding in _findings(statements):
        # What only the whole shows, such as rights that together are more than each.
        if finding.issue not in seen and finding.issue not in _OF_A_STATEMENT:
            yield _told(name, "", finding, str(finding.detail))


_OF_A_STATEMENT = {"RESOURCE_MISMATCH"}
_ANY_ROLE = "arn:aws:iam::123456789012:role/any"


_VARIABLE = re.compile(r"\$\{[^}]+\}")
"""A tag of the session in the name of a resource, which parliament takes to the letter."""


def _with_resource(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statement with resources that parliament reads; a trust policy has none."""
    if "NotResource" in statement:
        return statement
    resources = [
        _VARIABLE.sub("digest", one) for one in _list(statement.get("Resource", _ANY_ROLE))
    ]
    return {**statement, "Resource": resources}


def _findings(statements: list[Mapping[str, Any]]) -> list[Any]:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    found: list[Any] = parliament.analyze_policy_string(text).findings
    return found


def _uncovered(
    finding: Any, statements: list[Mapping[str, Any]], of: Mapping[str, Any]
) -> str | None:
    """Return what is wrong; None if another statement allows the action for that resource."""
    if finding.issue != "RESOURCE_MISMATCH":
        return str(finding.detail)
    lacking = [
        f"{one['action']} {one['required_format']}"
        for one in finding.detail
        if not any(_covers(other, one) for other in statements if other is not of)
    ]
    return ", ".join(lacking) or None


def _covers(statement: Mapping[str, Any], lacking: Mapping[str, str]) -> bool:
    actions, resources = _list(statement["Action"]), _list(statement.get("Resource", []))
    return lacking["action"] in actions and any(
        is_glob_match(lacking["required_format"], resource) for resource in resources
    )


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _told(name: str, sid: str, finding: Any, detail: str) -> dict[str, str]:
    return {"policy": name, "sid": sid, "id": finding.issue, "detail": detail}


if __name__ == "__main__":
    main()
