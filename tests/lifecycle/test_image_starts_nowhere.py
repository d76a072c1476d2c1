"""Given an image that migrates the database and then cannot serve, when the rollback cannot either.

The old image cannot serve what was migrated, and the new one does not start whatever its settings:
nothing can answer, so one reason gives the exact commands. They are done here as they stand in it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import environments
from local.aws import LocalAws
from tests.conftest import SECONDS_TO_REASON
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import log_run, make_network, one_resource, program, runs_of

OLD, NEW = "3.16.1", environments.MLFLOW_VERSION
BROKEN = "example.com/starts-nowhere:1"
COMMAND = re.compile(r"aws cloudformation continue-update-rollback [^;]*")


@pytest.fixture(scope="module")
def asked(local_aws: LocalAws) -> dict[str, dict[str, Any]]:
    """The templates: of the old image, of the broken one, and of the new one."""
    network = make_network(local_aws)
    images = {"old": f"v{OLD}-full", "new": f"v{NEW}-full"}
    small = {"UniqueName": "nowhere", "ServiceCpu": "1024", "ServiceMemory": "2048"}
    made = {
        name: one_resource(network, ServiceImageTag=tag, **small) for name, tag in images.items()
    }
    return {**made, "broken": one_resource(network, ServiceImage=BROKEN, **small)}


@pytest.fixture(scope="module")
def stack(local_aws: LocalAws, asked: dict[str, dict[str, Any]]) -> Iterator[Stack]:
    """An MLflow of an older release, with a run in it."""
    local_aws.image(OLD)
    made = Stack.create(local_aws, "nowhere", asked["old"])
    assert made.status == "CREATE_COMPLETE", made.failures()
    log_run(local_aws, made.outputs["TrackingUri"], "before")
    yield made
    made.delete()


def test_good_image_serves_all_that_was_there_after_the_printed_commands(
    local_aws: LocalAws,
    stack: Stack,
    asked: dict[str, dict[str, Any]],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    python = environments.image(NEW)
    program(tmp_path / "image", "python", f'exec {python} "$@"')
    program(tmp_path / "image", "mlflow", "echo 'libgone.so: cannot open' >&2", "exit 127")
    local_aws.add_image(BROKEN, tmp_path / "image")
    events = len(stack.events())
    assert stack.update(asked["broken"]) == "UPDATE_ROLLBACK_FAILED", stack.failures()
    record_property(SECONDS_TO_REASON, stack.seconds_to_reason("MLflow", after=events))
    first, last = [event.reason for event in stack.events() if event.status == "UPDATE_FAILED"]
    for reason in (first, last):
        assert "[TaskFailed] " in reason
        assert "libgone.so: cannot open" in reason
    assert re.search(r"then deploy an image of MLflow 3\.17\.\d or newer that starts", last)
    [command] = COMMAND.findall(last)
    words = shlex.split(command)
    assert words[words.index("--stack-name") + 1] == stack.name
    skipped = words[words.index("--resources-to-skip") + 1 :]
    assert stack.continue_rollback(*skipped) == "UPDATE_ROLLBACK_COMPLETE", stack.failures()
    assert stack.update(asked["new"]) == "UPDATE_COMPLETE", stack.failures()
    assert runs_of(local_aws, stack.outputs["TrackingUri"]) == {"before": 0.9}
