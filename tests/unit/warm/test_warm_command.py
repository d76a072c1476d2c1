"""Which commands start warm: those that run Python without options and import MLflow."""

from pathlib import Path

import pytest

from local.emulator.warm import command
from local.emulator.warm.order import Order
from local.emulator.warm.readiness import Readiness

PYTHON = "/image/bin/python"


@pytest.mark.parametrize(
    ("argv", "warm"),
    [
        ([PYTHON, "-c", "import mlflow"], True),
        ([PYTHON, "-m", "uvicorn", "--workers", "2"], True),
        ([PYTHON, "-c", "from multiprocessing.spawn import spawn_main", "--fork"], True),
        ([PYTHON, "-c", "import json"], False),
        ([PYTHON, "-u", "-c", "import mlflow"], False),
        ([PYTHON, "-c"], False),
        ([PYTHON], False),
        (["/usr/bin/python3", "-c", "import mlflow"], False),
        (["sh", "-c", "exec mlflow server"], False),
        (["/image/bin/mlflow", "server"], False),
        ([], False),
    ],
)
def test_a_command_is_warm_if_it_is_python_on_mlflow(argv: list[str], warm: bool) -> None:
    assert command.is_warm(argv, PYTHON) is warm


@pytest.mark.parametrize(
    ("first", "warm"), [(f"#!{PYTHON}", True), ("#!/bin/sh", False), ("plain", False)]
)
def test_a_program_is_warm_if_its_first_line_names_the_interpreter(
    tmp_path: Path, first: str, warm: bool
) -> None:
    program = tmp_path / "mlflow"
    program.write_text(f"{first}\n")
    assert command.is_warm([str(program), "server"], PYTHON) is warm


READY = Readiness(
    modules=[],
    needs={},
    read={"PATH": "/bin", "MLFLOW_LOGGING_LEVEL": None, "QUIET": "true", "HOME": "/placeholder"},
    added={"LC_CTYPE": "C.UTF-8"},
    homes=[],
    path=[],
)


@pytest.mark.parametrize(
    ("env", "code", "differing"),
    [
        ({"PATH": "/bin", "QUIET": "true", "HOME": "/root", "PGHOST": "db"}, "", []),
        ({"PATH": "/bin", "QUIET": "true", "LC_CTYPE": "C.UTF-8"}, "", []),
        ({"PATH": "/sbin", "QUIET": "true"}, "", ["PATH"]),
        ({"PATH": "/bin"}, "", ["QUIET"]),
        ({"PATH": "/bin"}, "import os\nos.environ['QUIET'] = 'true'", []),
        ({"PATH": "/bin"}, 'import os\nos.environ["QUIET"] = "no"', ["QUIET"]),
        (
            {"PATH": "/bin", "QUIET": "true", "MLFLOW_LOGGING_LEVEL": "DEBUG"},
            "",
            ["MLFLOW_LOGGING_LEVEL"],
        ),
        ({"PATH": "/bin", "QUIET": "true", "PYTHONHASHSEED": "1"}, "", ["PYTHONHASHSEED"]),
    ],
)
def test_a_container_differs_by_what_an_import_or_the_interpreter_reads(
    env: dict[str, str], code: str, differing: list[str]
) -> None:
    wanted = Order(argv=[PYTHON, "-c", code], env=env, cwd="/", files=[0, 1, 2])
    assert READY.differing(wanted) == differing
