"""Which commands start warm: those that run Python without options and import MLflow."""

from pathlib import Path

import pytest

from local.emulator.warm import command
from local.emulator.warm.order import Order
from local.emulator.warm.pool import Program, WarmParents
from local.emulator.warm.readiness import Readiness
from local.install import environment
from local.install.environment import Environment
from local.install.tools import Tools
from tests.support.tools.tiny_wheel import install_from, wheel

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


BY_SHELL = "#!/bin/sh\n'''exec' {} \"$0\" \"$@\"\n' '''"


@pytest.mark.parametrize(
    ("first", "warm"),
    [
        (f"#!{PYTHON}", True),
        (BY_SHELL.format(PYTHON), True),
        (BY_SHELL.format("/another/python"), False),
        ("#!/bin/sh\nexec mlflow-itself 'a word", False),
        ("#!/bin/sh", False),
        ("plain", False),
        ("", False),
    ],
)
def test_a_program_is_warm_if_its_first_lines_name_the_interpreter(
    tmp_path: Path, first: str, warm: bool
) -> None:
    program = tmp_path / "mlflow"
    program.write_text(f"{first}\n")
    assert command.is_warm([str(program), "server"], PYTHON) is warm


@pytest.mark.parametrize(
    "folder", ["short", "with a space", "long" * 40], ids=["", "space", "long"]
)
def test_a_program_that_uv_or_pip_has_written_is_warm_wherever_it_stands(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_from(tmp_path / "wheels", tmp_path / "cache", monkeypatch)
    lock = tmp_path / "tiny.lock"
    lock.write_text(wheel(tmp_path / "wheels", "WORD = 'here'"))
    image = Environment("tiny", tmp_path / folder, lock)
    environment.make([image], Tools(print), print)
    program = (image.place / "bin" / "tiny").rename(image.place / "bin" / "mlflow")
    assert command.is_warm([str(program), "server"], str(image.python))


def test_why_a_program_starts_from_nothing_is_in_the_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "mlflow"
    program.write_text("#!/usr/bin/env python3\n")
    wanted = Program([str(program), "server"], {}, tmp_path, tmp_path / "log")

    assert WarmParents(tmp_path).start(tmp_path, wanted) is None

    said = capfd.readouterr().out
    why = f"its first lines do not name {tmp_path}/python"
    assert said == f"{program} starts from nothing, not from its warm parent: {why}\n"


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
