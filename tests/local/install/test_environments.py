"""Environments: made whole or not at all, from a lock file, by uv or by pip, once for all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
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
from tests.support.tools.tiny_wheel import install_from, wheel
from tests.support.waiting import until

BY_PIP = ("pip installs instead", "pip tries the same")
# A process that takes an environment's lock, starts a program that goes on, and says so.
OWNER = """
import sys, time
from pathlib import Path
from local.install import stamp
from local.install.processes import Processes, clean_environment
with stamp.alone(Path(sys.argv[1]), "tiny", print) as held:
    program = [sys.executable, "-uc", "import os; print(os.getpid()); import time; time.sleep(600)"]
    heard = lambda line: print(line, flush=True)
    Processes().run(program, env=clean_environment(), held=held, heard=heard)
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip and uv may install from."""
    install_from(tmp_path / "wheels", tmp_path / "cache", monkeypatch)
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
    assert not any(word in line for line in told for word in BY_PIP)


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
    assert not any(word in line for line in told for word in BY_PIP)


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


def test_another_interpreter_makes_it_anew(
    wanted: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(wanted)
    monkeypatch.setattr("sys.version", "3.14.0 (another)")
    assert not wanted.is_made()


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
    )
    assert owner.stdout is not None
    program = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    yield place
    os.kill(program, signal.SIGKILL)
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


INSTALLS = """
import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path; from local.install import environment as e
from local.install.tools import Tools
one = e.Environment('tiny', Path(sys.argv[1]), Path(sys.argv[2]))
say = lambda text: print(text, flush=True)
e.make([one], Tools(say, Path(sys.argv[3])), say)
"""


def fake_tools(place: Path, **programs: str) -> Path:
    """Make a folder of pip and uv in which these shell scripts stand for the programs."""
    (place / "bin").mkdir(parents=True)
    stamp.write(place, stamp.of_python())
    for name, text in programs.items():
        program = place / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return place


def installing(wanted: Environment, tools: Path) -> subprocess.Popen[str]:
    """Begin to make the environment in a process of its own, as a terminal starts it."""
    argv = [sys.executable, "-c", INSTALLS, str(wanted.place), str(wanted.lock), str(tools)]
    return subprocess.Popen(  # noqa: S603 - our own program
        argv,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def test_an_installation_ended_by_ctrl_c_leaves_no_half_environment(
    wanted: Environment, tmp_path: Path
) -> None:
    """The program that installs is ended, too: here one that would never end."""
    uv = "echo Prepared 1 package; exec sleep 600"
    tools = fake_tools(tmp_path / "tools", uv=uv, python="true")
    stamp.write(tools, hashlib.sha256(UV_LOCK.read_bytes()).hexdigest(), "uv-made-of")
    with installing(wanted, tools) as running:
        assert running.stdout is not None
        while "all packages are here" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert running.wait(60) != 0
    assert not wanted.place.exists()


def test_ctrl_c_while_uv_is_got_ends_it_and_names_no_other_way(
    wanted: Environment, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    python = f"case $* in *install*) echo $$ > {begun}.new; mv {begun}.new {begun}; sleep 600; esac"
    tools = fake_tools(tmp_path / "tools", python=python)
    with installing(wanted, tools) as running:
        until(begun.exists, what="pip to get uv")
        # The terminal's Ctrl-C is for all that it shows in front.
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(60) != 0
        assert running.stdout is not None
        told = running.stdout.read()
    assert "pip installs instead" not in told
    assert not Path(f"/proc/{begun.read_text().strip()}").exists()
    assert not wanted.place.exists()


def test_a_pip_that_cannot_read_its_settings_is_an_error_that_says_what_to_do(
    wanted: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text("[global\nindex-url = https://index.example\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    with pytest.raises(EnvironmentFailedError) as failed:
        make(wanted)
    assert "pip cannot read its own settings" in str(failed.value)
    assert str(settings) in str(failed.value)
    assert "PIP_CONFIG_FILE=/dev/null" in str(failed.value)


@pytest.mark.parametrize(
    ("program", "words", "name"),
    [
        ("python", ["-m", "venv", "of-uv"], "venv"),
        ("python", ["-m", "pip", "install", "--python", "venv"], "pip"),
        ("uv", ["pip", "install"], "uv"),
        ("node", ["npm-cli.js"], "node"),
    ],
)
def test_a_program_that_fails_is_named_whatever_its_folder_is_called(
    program: str, words: list[str], name: str, tmp_path: Path
) -> None:
    place = tmp_path / "pip-and-uv-of-venv"
    place.mkdir()
    (place / program).symlink_to("/bin/false")
    with pytest.raises(EnvironmentFailedError, match=f"^{name} failed with 1"):
        Processes().run([str(place / program), *words], env={}, held=0)


def test_an_environment_of_somebody_elses_stays_and_the_error_says_what_to_do(
    wanted: Environment,
) -> None:
    theirs = wanted.place / "bin" / "python"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    with pytest.raises(EnvironmentFailedError, match="this project did not make it") as failed:
        make(wanted)
    assert f"rm -r {wanted.place}" in str(failed.value)
    assert theirs.exists()


@pytest.mark.usefixtures("with_uv")
def test_what_a_killed_installation_has_begun_is_no_one_elses(wanted: Environment) -> None:
    stamp.begin(wanted.place)
    (wanted.place / "pyvenv.cfg").touch()
    make(wanted)
    assert word(wanted) == "first"


@pytest.mark.usefixtures("with_uv")
def test_behind_a_link_it_is_made_where_the_link_leads_and_again_after_a_change(
    wanted: Environment, wheels: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    wanted.place.symlink_to(tmp_path / "elsewhere")
    make(wanted)
    assert wanted.lock is not None
    wanted.lock.write_text(wheel(wheels, "WORD = 'second'\n"))
    make(wanted)
    assert word(wanted) == "second"
    assert wanted.place.is_symlink()
    assert (tmp_path / "elsewhere" / stamp.FILE).exists()


def test_a_link_that_leads_nowhere_is_an_error_that_says_so(
    wanted: Environment, tmp_path: Path
) -> None:
    wanted.place.symlink_to(tmp_path / "gone")
    with pytest.raises(EnvironmentFailedError, match="gone, which is not there"):
        make(wanted)


@pytest.mark.usefixtures("with_uv")
def test_one_that_was_moved_is_made_anew_with_programs_that_run(
    wanted: Environment, tmp_path: Path
) -> None:
    make(wanted)
    moved = Environment(wanted.title, tmp_path / "moved", wanted.lock)
    wanted.place.rename(moved.place)
    assert not moved.is_made()
    make(moved)
    program = [str(moved.place / "bin" / "tiny")]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "first\n"  # noqa: S603 - our own program
