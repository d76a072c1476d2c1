"""Given the environment of a server, then each release's own code keeps its AI gateway to it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from cfn_mlflow.types.common.connections import Budget
from cfn_mlflow.types.service.tasks.environment import NO_PROVIDER, Server, server_environment
from local import environments

ASK = """
import json
from mlflow import environment_variables
from mlflow.gateway.config import Provider
from mlflow.store.tracking.dbmodels.models import SqlGatewayModelDefinition
from mlflow.utils.provider_filter import is_provider_allowed

switch = getattr(environment_variables, "MLFLOW_ENABLE_AI_GATEWAY", None)
names = [*Provider.values(), "litellm", "made-up"]
print(json.dumps({
    "on": switch.get() if switch else None,
    "allowed": sorted(name for name in names if is_provider_allowed(name)),
    "longest": SqlGatewayModelDefinition.__table__.c.provider.type.length,
}))
"""
HAS_A_SWITCH = {"3.16.1": False, "3.17.2": True}


@pytest.mark.parametrize("release", sorted(HAS_A_SWITCH))
@pytest.mark.parametrize("providers", [(), ("openai", "bedrock")])
def test_a_release_calls_the_named_providers_and_without_any_none(
    release: str, providers: tuple[str, ...]
) -> None:
    budget = Budget(2, 2, 189)
    server = Server("a.example", "eu-west-1", "bucket", "/", budget, gateway_providers=providers)
    told = {name: text for name, text in server_environment(server).items() if "GATEWAY" in name}
    done = subprocess.run(  # noqa: S603 - our own program
        [str(environments.image(release)), "-c", ASK],
        env={"PATH": os.defpath, "MLFLOW_DISABLE_TELEMETRY": "true", **told},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["on"] == (bool(providers) if HAS_A_SWITCH[release] else None)
    assert set(found["allowed"]) - {"amazon-bedrock"} == {*providers}
    assert len(NO_PROVIDER) > found["longest"], "no model can have that name"
