"""Which modules an image's warm parent may import: those whose import is the same everywhere."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT

FIND = """
import json, sys
from local.emulator.warm import discovery
discovery.ENTRANCES = ("shop.door",)
print(json.dumps(discovery.find()))
"""
MODULES = {
    "__init__": "",
    "door": "import shop.plain, shop.counter, shop.odd\n",
    "plain": "import shop.shelf\n",
    "shelf": "",
    "counter": "from shop.till import count\n",
    "till": "count = 1\n",
    "odd": "",
}


def found(folder: Path, **changed: str) -> dict[str, Any]:
    package = folder / "shop"
    package.mkdir()
    for name, text in {**MODULES, **changed}.items():
        (package / f"{name}.py").write_text(text)
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", FIND],
        env={"PYTHONPATH": f"{ROOT}:{folder}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    plan: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return plan


def test_modules_that_depend_on_nothing_may_all_be_imported_beforehand(tmp_path: Path) -> None:
    plan = found(tmp_path)
    assert {f"shop.{name}" for name in MODULES if name != "__init__"} <= set(plan["modules"])
    assert plan["needs"]["shop.plain"] == ["shop", "shop.shelf"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import os\nhost = os.environ.get('PGHOST')\n", "reads PGHOST"),
        ("import os\nhost = 'AWS_REGION' in os.environ\n", "reads AWS_REGION"),
        ("import os\nall_of_them = dict(os.environ)\n", "calls __iter__"),
        ("import os\nos.environ['MINE'] = 'set'\n", "calls __setitem__"),
        ("import os\nme = os.getpid()\n", "calls getpid"),
        ("import time\nnow = time.time()\n", "calls time"),
        ("import uuid\nname = uuid.uuid4()\n", "calls uuid4"),
        ("import tempfile\nfolder = tempfile.gettempdir()\n", "calls gettempdir"),
        ("import threading\nthreading.Thread(target=int).start()\n", "calls start"),
        ("import warnings\nwarnings.warn('old')\n", "calls _showwarnmsg"),
        ("import logging\nlogging.getLogger('shop').warning('open')\n", "calls _log"),
    ],
)
def test_a_module_that_depends_on_its_process_is_left_out_with_all_that_need_it(
    tmp_path: Path, text: str, reason: str
) -> None:
    plan = found(tmp_path, till=f"{text}count = 1\n")
    assert reason in plan["reasons"]["shop.till"]
    left_out = {"shop.till", "shop.counter", "shop.door"}
    assert left_out & set(plan["modules"]) == set()
    assert {"shop.plain", "shop.shelf"} <= set(plan["modules"])


def test_a_module_that_is_imported_while_another_one_runs_is_needed_by_it(tmp_path: Path) -> None:
    odd = "def late():\n    import shop.shelf\nlate()\n"
    assert "shop.shelf" in found(tmp_path, odd=odd)["needs"]["shop.odd"]


def test_new_findings_take_the_place_of_older_ones(tmp_path: Path) -> None:
    old, new = (tmp_path / f"warm-modules-{name}.json" for name in ("old", "new"))
    old.touch()
    (tmp_path / "made-of").touch()
    program = "\n".join(
        [
            "import pathlib",
            "from local.emulator.warm import discovery",
            "discovery.ENTRANCES = ()",
            f"discovery.write(pathlib.Path({str(new)!r}))",
        ]
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT)}, check=True)  # noqa: S603 - as above
    assert json.loads(new.read_text())["modules"] == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["made-of", new.name]
