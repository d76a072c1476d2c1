"""`make watch` looks at the account of the environment; without one, at the local AWS."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "http://127.0.0.1:9"


def make_watch(*variables: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the target with nothing in the environment that leads to an account but `environment`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MAKE"))}
    return subprocess.run(  # noqa: S603 - the project's own target
        ["make", "--silent", "--old-file=.venv/.ready", "watch", *variables],  # noqa: S607
        cwd=ROOT,
        env={
            **kept,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_MAX_ATTEMPTS": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


EXPORTS = {
    "AWS_ENDPOINT_URL": NOWHERE,
    "AWS_ACCESS_KEY_ID": "AKIALOCALAWSXXXXXXXX",
    "AWS_SECRET_ACCESS_KEY": "local-aws-checks-no-signature",
    "AWS_REGION": "us-east-1",
}


def local(folder: Path, text: str) -> str:
    """Let a script stand for the commands of the local AWS."""
    program = folder / "local"
    program.write_text(f'#!/bin/sh\n[ "$1" = env ] || exit 2\n{text}\n')
    program.chmod(0o755)
    return f"LOCAL={program}"


@pytest.fixture
def runs(tmp_path: Path) -> str:
    """A local AWS that runs, at an address where nobody answers."""
    return local(tmp_path, "\n".join(f"echo \"export {k}='{v}'\"" for k, v in EXPORTS.items()))


@pytest.fixture
def runs_not(tmp_path: Path) -> str:
    """A local AWS that has ended, whatever it has left behind."""
    return local(tmp_path, "echo 'The local AWS is not running' >&2; exit 1")


def test_without_an_account_in_the_environment_it_looks_at_the_local_aws(runs: str) -> None:
    assert NOWHERE in make_watch("STACK=tracking", runs).stderr


def test_where_no_local_aws_runs_it_looks_at_the_users_own_account(runs_not: str) -> None:
    done = make_watch("STACK=tracking", runs_not)
    assert "cfn-mlflow-watch: No Region is set" in done.stderr
    assert "not running" not in done.stderr


def test_an_account_in_the_environment_comes_before_the_local_aws(runs: str) -> None:
    said = make_watch("STACK=tracking", runs, AWS_PROFILE="mine").stderr
    assert NOWHERE not in said
    assert "mine" in said


def test_without_a_stack_it_says_how_to_name_one(runs: str) -> None:
    done = make_watch(runs)
    assert "make watch STACK=name" in done.stderr
    assert done.returncode != 0
