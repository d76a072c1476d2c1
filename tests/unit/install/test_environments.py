"""Environments: made whole or not at all, from a lock file, by uv or by pip, once for all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.environments import ROOT
from local.install import environment, stamp
from local.install.environment import Environment
from local.install.processes import EnvironmentFailedError, Processes
from local.install.tools import TOOLS, UV_LOCK, Tools

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
    """Write a wheel of a package named tiny and return its lock line; same code, same hash."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    parts = {"tiny.py": code, f"{info}/METADATA": METADATA, f"{info}/WHEEL": WHEEL}
    record = f"{info}/RECORD"
    parts[record] = "".join(f"{name},,\n" for name in (*parts, record))
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
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


def make(wanted: Environment, place: Path = TOOLS) -> list[str]:
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


@pytest.fixture(scope="module")
def with_uv() -> None:
    """The project's own uv, from the machine's index as at any first `make`."""
    if Tools(print).uv() is None:
        pytest.skip("uv is not to be had on this machine")


@pytest.mark.usefixtures("with_uv")
def test_where_uv_is_there_it_installs_from_the_folder_that_pips_settings_name(
    wanted: Environment,
) -> None:
    told = make(wanted)
    assert word(wanted) == "first"
    assert "uv" in (next(wanted.place.rglob("INSTALLER"))).read_text()
    assert not any("pip" in line for line in told)


class Index(ThreadingHTTPServer):
    """A company's index, of the one package; it keeps who asked for what."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=str(folder))

            def log_message(self, *_: object) -> None:
                asked.append(f"{self.headers.get('User-Agent', '')} {self.path}")

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def index(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that the machine's pip.conf names, and no other source."""
    page = tmp_path / "simple" / "tiny"
    wheel(page, "WORD = 'first'\n")
    file = next(page.glob("*.whl")).name
    (page / "index.html").write_text(f'<a href="{file}">{file}</a>')
    settings = tmp_path / "pip.conf"
    with Index(tmp_path) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.write_text(f"[global]\nindex-url = http://127.0.0.1:{server.server_port}/simple\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        yield server
        server.shutdown()


@pytest.mark.usefixtures("with_uv")
def test_uv_installs_from_the_index_that_pips_settings_file_names(
    wanted: Environment, index: Index
) -> None:
    told = make(wanted)
    assert word(wanted) == "first"
    assert index.asked
    assert not [asked for asked in index.asked if not asked.startswith("uv/")]
    assert not any("pip" in line for line in told)


@pytest.mark.usefixtures("with_uv")
def test_where_uv_fails_pip_tries_the_same_and_it_is_said(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "no time at all")
    told = make(wanted)
    assert word(wanted) == "first"
    assert any("Now pip tries the same" in line for line in told)


def test_a_wheel_with_another_hash_is_refused_and_nothing_is_left(
    wanted: Environment, wheels: Path
) -> None:
    wheel(wheels, "WORD = 'another'\n")
    with pytest.raises(EnvironmentFailedError, match=r"(?i)hash"):
        make(wanted)
    assert not wanted.place.exists()


def test_a_lock_file_without_a_hash_is_refused(wanted: Environment) -> None:
    assert wanted.lock is not None
    wanted.lock.write_text("tiny==1.0\n")
    with pytest.raises(EnvironmentFailedError, match=r"(?i)hash"):
        make(wanted)


def test_an_environment_that_is_made_is_not_made_again(wanted: Environment) -> None:
    make(wanted)
    assert make(wanted) == []


def test_a_changed_lock_file_makes_it_anew(wanted: Environment, wheels: Path) -> None:
    make(wanted)
    assert wanted.lock is not None
    wanted.lock.write_text(wheel(wheels, "WORD = 'second'\n"))
    assert not wanted.is_made()
    make(wanted)
    assert word(wanted) == "second"


def test_what_an_interrupted_installation_left_is_made_anew(wanted: Environment) -> None:
    make(wanted)
    (wanted.place / stamp.FILE).unlink()
    next(wanted.place.rglob("tiny.py")).unlink()
    make(wanted)
    assert word(wanted) == "first"


def test_the_stamp_goes_before_the_rest_when_an_environment_is_removed(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(wanted)
    seen: list[bool] = []
    monkeypatch.setattr("shutil.rmtree", lambda _: seen.append(wanted.is_made()))
    stamp.remove(wanted.place)
    assert seen == [False]


def test_two_processes_at_once_make_it_once(wanted: Environment) -> None:
    make(wanted)
    stamp.remove(wanted.place)
    code = (
        "import sys; from pathlib import Path; from local.install import environment as e; "
        "from local.install.tools import Tools; "
        "one = e.Environment('tiny', Path(sys.argv[1]), Path(sys.argv[2])); "
        "e.make([one], Tools(print, Path(sys.argv[3])), print)"
    )
    argv = [sys.executable, "-c", code, str(wanted.place), str(wanted.lock), str(TOOLS)]
    both = [
        subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
        for _ in range(2)
    ]
    told = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert "".join(told).count("tiny is ready") == 1
    assert word(wanted) == "first"


def test_what_runs_is_ended_together_and_nothing_starts_after_it(tmp_path: Path) -> None:
    processes = Processes()
    begun = threading.Event()
    failed: list[Exception] = []

    def install() -> None:
        program = [sys.executable, "-uc", "print('pip'); import time; time.sleep(600)"]
        try:
            processes.run(program, env={}, held=0, heard=lambda _: begun.set())
        except EnvironmentFailedError as error:
            failed.append(error)

    running = threading.Thread(target=install, daemon=True)
    running.start()
    assert begun.wait(60)
    processes.end()
    running.join(60)
    assert not running.is_alive()
    assert len(failed) == 1
    with pytest.raises(EnvironmentFailedError, match="stopped"):
        processes.run([sys.executable, "-c", "print('pip')"], env={}, held=0)


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


def test_an_installation_ended_by_ctrl_c_leaves_no_half_environment(
    wanted: Environment, tmp_path: Path
) -> None:
    """The program that installs is ended, too: here one that would never end."""
    tools = tmp_path / "tools"
    (tools / "bin").mkdir(parents=True)
    stamp.write(tools, stamp.of_python())
    stamp.write(tools, hashlib.sha256(UV_LOCK.read_bytes()).hexdigest(), "uv-made-of")
    for name, text in {"uv": "echo Prepared 1 package; exec sleep 600", "python": "true"}.items():
        program = tools / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path; from local.install import environment as e\n"
        "from local.install.tools import Tools\n"
        "one = e.Environment('tiny', Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "say = lambda text: print(text, flush=True)\n"
        "e.make([one], Tools(say, Path(sys.argv[3])), say)\n"
    )
    argv = [sys.executable, "-c", code, str(wanted.place), str(wanted.lock), str(tools)]
    with subprocess.Popen(  # noqa: S603 - our own program
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        while "all packages are here" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert running.wait(60) != 0
    assert not wanted.place.exists()
