"""The command of the migration, as ECS takes it."""

from __future__ import annotations

import ast
import json

from cfn_mlflow.upgrade.migration import command


def test_the_command_leaves_room_in_what_ecs_takes_as_overrides() -> None:
    flag, text = command()
    assert flag == "-c"
    assert len(json.dumps({"containerOverrides": [{"command": list(command())}]})) < 8192
    ast.parse(text, feature_version=(3, 8))
