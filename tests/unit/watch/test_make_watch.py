"""`make watch` looks at the account of the environment; without one, at the local AWS."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
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


@pytest.fixture
def local_env(tmp_path: Path) -> str:
    """What `make local` writes, of a local AWS at an address where nobody answers."""
    exports = {
        "AWS_ENDPOINT_URL": NOWHERE,
        "AWS_ACCESS_KEY_ID": "AKIALOCALAWSXXXXXXXX",
        "AWS_SECRET_ACCESS_KEY": "local-aws-checks-no-signature",
        "AWS_REGION": "us-east-1",
    }
    (tmp_path / "env").write_text("".join(f"export {k}='{v}'\n" for k, v in exports.items()))
    return f"LOCAL_ENV={tmp_path / 'env'}"


def test_without_an_account_in_the_environment_it_looks_at_the_local_aws(local_env: str) -> None:
    assert NOWHERE in make_watch("STACK=tracking", local_env).stderr


def test_an_account_in_the_environment_comes_before_the_local_aws(local_env: str) -> None:
    said = make_watch("STACK=tracking", local_env, AWS_PROFILE="mine").stderr
    assert NOWHERE not in said
    assert "mine" in said


def test_without_a_stack_it_says_how_to_name_one(local_env: str) -> None:
    done = make_watch(local_env)
    assert "make watch STACK=name" in done.stderr
    assert done.returncode != 0
