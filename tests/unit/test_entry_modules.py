from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import last_word

FUNCTIONS = Path(last_word.__file__).parent
PARTS = ["", "_bucket", "_database", "_service", "_schema"]
ENTRIES = [*(f"custom_mlflow{part}" for part in PARTS), "rotation"]


def run(program: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=FUNCTIONS, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_protocol_is_imported_without_boto3_crhelper_or_pydantic() -> None:
    heavy = run(
        "import sys, cfn_mlflow.cloudformation.serve, cfn_mlflow.aws.cloudformation.stack\n"
        "import cfn_mlflow.aws.lambda_.invoke\n"
        "print([name for name in ('boto3', 'crhelper', 'pydantic') if name in sys.modules])"
    )

    assert heavy == "[]"


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_module_makes_no_client_no_call_and_no_thread_when_it_is_imported(
    entry: str,
) -> None:
    found = run(
        "import socket, sys, threading\n"
        "def forbidden(*_, **__): raise AssertionError('a call')\n"
        "socket.socket.connect = forbidden\n"
        f"import {entry}\n"
        "from cfn_mlflow.aws.core.session import own_client\n"
        "made = own_client.cache_info().currsize\n"
        "print('boto3' in sys.modules, made, threading.active_count())\n"
        f"assert callable({entry}.handler)"
    )

    assert found == "False 0 1"
