"""Environments: made whole or not at all, from a lock file, by uv or by pip, once for all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.environments import ROOT
from local.install import environment, stamp
from local.install.environment import Environment
from local.install.processes import EnvironmentFailedError
from local.install.tools import Tools

METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# A process that takes an environment's lock, starts a program that goes on, and says so.
OWNER = """
import sys, time
from pathlib import Path
from local.install import stamp
from local.install.processes import Processes, clean_environment
with stamp.alone(Path(sys.argv[1]), "tiny", print) as held:
    program = [sys.executable, "-uc", "print('pip'); import time; time.sleep(600)"]
    Processes().run(program, env=clean_environment(), held=held, heard=print)
"""


def wheel(folder: Path, code: str) -> str:
    """Write a wheel of a package named tiny and return its lock line."""
    folder.mkdir(exist_ok=True)
    file = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny.py", code)
        archive.writestr("tiny-1.0.dist-info/METADATA", METADATA)
        archive.writestr("tiny-1.0.dist-info/WHEEL", WHEEL)
        names = ("tiny.py", "tiny-1.0.dist-info/METADATA", "tiny-1.0.dist-info/WHEEL")
        record = "".join(f"{name},,\n" for name in (*names, "tiny-1.0.dist-info/RECORD"))
        archive.writestr("tiny-1.0.dist-info/RECORD", record)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"tiny==1.0 --hash=sha256:{digest}\n"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip and uv may install from."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "wheels"


@pytest.fixture
def wanted(tmp_path: Path, wheels: Path) -> Environment:
    """An environment that is to hold the package tiny."""
    lock = tmp_path / "tiny.lock"
    lock.write_text(wheel(wheels, "WORD = 'first'\n"))
    return Environment("tiny", tmp_path / "made", lock)


@pytest.fixture(scope="module")
def without_uv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of pip and uv of a machine that cannot get uv."""
    return tmp_path_factory.mktemp("tools") / "tools"


def word(made: Environment) -> str:
    """What the package says that is installed."""
    argv = [str(made.python), "-c", "import tiny; print(tiny.WORD)"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own program


def make(wanted: Environment, place: Path) -> list[str]:
    """Make the environment and return what is told."""
    told: list[str] = []
    environment.make([wanted], Tools(told.append, place), told.append)
    return told


def test_where_pip_cannot_get_uv_it_installs_from_the_same_lock_file_and_says_so(
    wanted: Environment, without_uv: Path
) -> None:
    told = make(wanted, without_uv)
    assert word(wanted) == "first"
    assert any("uv is not to be had here" in line and "pip installs" in line for line in told)
    assert told[-1].startswith("tiny is ready: 1 package")


def test_where_uv_is_there_it_installs_from_the_folder_that_pips_settings_name(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Tools(print)
    with monkeypatch.context() as outside:
        # uv itself comes from the machine's index, as at any first `make`.
        outside.delenv("PIP_NO_INDEX")
        outside.delenv("PIP_CONFIG_FILE")
        uv = tools.uv()
    if uv is None:
        pytest.skip("uv is not to be had on this machine")
    told = make(wanted, ROOT / ".local" / "tools")
    assert word(wanted) == "first"
    assert "uv" in (next(wanted.place.rglob("INSTALLER"))).read_text()
    assert not any("pip" in line for line in told)


def test_a_wheel_with_another_hash_is_refused_and_nothing_is_left(
    wanted: Environment, without_uv: Path, wheels: Path
) -> None:
    wheel(wheels, "WORD = 'another'\n")
    with pytest.raises(EnvironmentFailedError, match=r"(?i)hash"):
        make(wanted, without_uv)
    assert not wanted.place.exists()


def test_an_environment_that_is_made_is_not_made_again(
    wanted: Environment, without_uv: Path
) -> None:
    make(wanted, without_uv)
    assert make(wanted, without_uv) == []


def test_a_changed_lock_file_makes_it_anew(
    wanted: Environment, without_uv: Path, wheels: Path
) -> None:
    make(wanted, without_uv)
    assert wanted.lock is not None
    wanted.lock.write_text(wheel(wheels, "WORD = 'second'\n"))
    assert not wanted.is_made()
    make(wanted, without_uv)
    assert word(wanted) == "second"


def test_what_an_interrupted_installation_left_is_made_anew(
    wanted: Environment, without_uv: Path
) -> None:
    make(wanted, without_uv)
    (wanted.place / stamp.FILE).unlink()
    next(wanted.place.rglob("tiny.py")).unlink()
    make(wanted, without_uv)
    assert word(wanted) == "first"


def test_the_stamp_goes_before_the_rest_when_an_environment_is_removed(
    wanted: Environment, without_uv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(wanted, without_uv)
    seen: list[bool] = []
    monkeypatch.setattr("shutil.rmtree", lambda _: seen.append(wanted.is_made()))
    stamp.remove(wanted.place)
    assert seen == [False]


def test_two_processes_at_once_make_it_once(wanted: Environment, without_uv: Path) -> None:
    make(wanted, without_uv)  # pip is there.
    stamp.remove(wanted.place)
    code = (
        "import sys; from pathlib import Path; from local.install import environment as e; "
        "from local.install.tools import Tools; "
        "one = e.Environment('tiny', Path(sys.argv[1]), Path(sys.argv[2])); "
        "e.make([one], Tools(print, Path(sys.argv[3])), print)"
    )
    argv = [sys.executable, "-c", code, str(wanted.place), str(wanted.lock), str(without_uv)]
    both = [
        subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(told).count("tiny is ready") == 1
    assert word(wanted) == "first"


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[Path]:
    """A place whose installing process was killed, while the program that it started goes on."""
    place = tmp_path / "made"
    owner = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-uc", OWNER, str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert owner.stdout is not None
    owner.stdout.readline()
    owner.kill()
    owner.wait()
    yield place
    os.killpg(owner.pid, signal.SIGKILL)
    owner.stdout.close()


def test_a_killed_installation_is_waited_for_until_its_program_has_ended(orphan: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from local.install import stamp\n"
        "with stamp.alone(Path(sys.argv[1]), 'tiny', lambda text: print(text, flush=True)): pass"
    )
    waiting = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(orphan)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert waiting.stdout is not None
    assert "Another process is installing tiny" in waiting.stdout.readline()
    time.sleep(0.2)
    assert waiting.poll() is None
    waiting.kill()
    waiting.wait()
    waiting.stdout.close()
