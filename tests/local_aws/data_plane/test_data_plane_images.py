"""Images in the local AWS: the tag chooses what really runs, and a test can bring its own."""

import sys
from pathlib import Path

import pytest

from local.environments import EnvironmentFailedError
from tests.support.local_aws.data_plane_kit import IMAGE, Lab
from tests.support.mlflow.mlflow_stacks import program


def test_the_tag_of_the_image_chooses_the_mlflow_release_that_runs(lab: Lab) -> None:
    task = lab.run(lab.define("newest", {"image": IMAGE, "command": ["mlflow", "--version"]}))
    assert lab.log(task, "newest") == ["mlflow, version 3.17.2"]


def test_given_a_release_that_nobody_pinned_then_the_launcher_says_how_to_add_it(
    lab: Lab,
) -> None:
    with pytest.raises(EnvironmentFailedError, match=r"`python -m local image 0\.0\.1` adds it"):
        lab.aws.image("0.0.1")


def test_given_an_image_of_a_tests_own_when_a_task_runs_it_then_its_programs_run(
    lab: Lab, tmp_path: Path
) -> None:
    base = Path(sys.base_prefix) / "bin" / "python3"
    program(tmp_path / "bare", "python", f'exec {base} -I "$@"')
    lab.aws.add_image("example.com/not-mlflow:1", tmp_path / "bare")
    words = {"image": "example.com/not-mlflow:1", "command": ["python", "-c", "import mlflow"]}
    task = lab.run(lab.define("bare", words))
    assert task["containers"][0]["exitCode"] == 1
    assert "No module named 'mlflow'" in lab.log(task, "bare")[-1]
    words["command"] = ["mlflow", "--version"]
    task = lab.run(lab.define("bare", words))
    assert 'exec: "mlflow": executable file not found' in task["stoppedReason"]


def test_an_image_of_a_tests_own_can_take_the_place_of_a_release(lab: Lab, tmp_path: Path) -> None:
    program(tmp_path / "crashing", "mlflow", "echo it crashes", "exit 1")
    lab.aws.add_image("ghcr.io/mlflow/mlflow:v9.9.9-full", tmp_path / "crashing")
    words = {"image": "ghcr.io/mlflow/mlflow:v9.9.9-full", "command": ["mlflow", "server"]}
    task = lab.run(lab.define("crashing", words))
    assert task["containers"][0]["exitCode"] == 1
    assert lab.log(task, "crashing") == ["it crashes"]
