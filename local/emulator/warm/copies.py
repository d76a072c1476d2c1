"""How a copy of a warm process becomes the program that was ordered, and starts others itself.

A program starts others on its own interpreter, as MLflow does with uvicorn, and uvicorn with its
workers. So each program has a twin: a copy from before its start, a child of its own. The twin
copies itself once more, and leaves that copy to the program as a child.
"""

import _posixsubprocess
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from local.emulator.warm import anew, command, order, titles
from local.emulator.warm.order import Order
from local.emulator.warm.readiness import Readiness
from local.emulator.warm.shelf import Shelf

_PR_SET_CHILD_SUBREAPER = 36
_HIGH = 700
"""The first number for open files that the program must not meet."""

Copy = tuple[Order, list[int]]


def become(copy: Copy, ready: Readiness) -> Copy | None:
    """Make this process the program that was ordered; what is left is to run it.

    Returns None then. In a copy that its twin makes later, returns what that one is to become.
    """
    wanted, files = copy
    if wanted.new_session:
        os.setsid()
    elif wanted.group >= 0:
        os.setpgid(0, wanted.group)
    _place(files, wanted.files)
    os.chdir(wanted.cwd)
    twin: socket.socket | None = None
    if wanted.argv[1:2] != ["-c"]:
        # Children of the twin's making are the program's, as if it had made them.
        _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        twin, here = order.pair()
        if os.fork() == 0:
            twin.close()
            return _be_twin(here, ready)
        here.close()
    _dress(wanted, ready)
    if twin is not None:
        _start_others_by(_moved(twin))
    return None


def _dress(wanted: Order, ready: Readiness) -> None:
    python = sys.executable
    env = {**ready.added, **wanted.env}
    os.environ.clear()
    os.environ.update(env)
    titles.set_titles(command.shown(wanted.argv, python), wanted.env)
    anew.make_anew(env.get("HOME", ""), ready.homes, wanted.ignored)
    sys.path[:] = ready.path
    sys.excepthook = _without_frames_of_ours
    for name in [one for one in sys.modules if one == "local" or one.startswith("local.")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Shelf(ready.modules, ready.needs, ready.check))
    command.prepare(wanted.argv, python)


def _without_frames_of_ours(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    left = trace
    while left is not None and left.tb_frame.f_code.co_filename != command.__file__:
        left = left.tb_next
    sys.__excepthook__(kind, error.with_traceback(left.tb_next if left else trace), trace)


def _be_twin(orders: socket.socket, ready: Readiness) -> Copy | None:
    """Wait for orders; return one in the copy that is to carry it out."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        # It ends with the program, which closes the socket by its end.
        signal.signal(number, signal.SIG_IGN)
    while True:
        received = order.receive(orders)
        if received is None:
            os._exit(0)
        wanted, files = received
        differing = ready.differing(wanted)
        if differing:
            order.answer(orders, cold=differing)
        else:
            reading, writing = os.pipe()
            between = os.fork()
            if between == 0:
                copy = os.fork()
                if copy:
                    os.write(writing, str(copy).encode())
                    os._exit(0)
                os.close(reading)
                os.close(writing)
                orders.close()
                return wanted, files
            os.close(writing)
            # Its parent has ended by then: the copy is the program's child.
            os.waitpid(between, 0)
            order.answer(orders, pid=int(os.read(reading, 32)))
            os.close(reading)
        for file in files:
            os.close(file)


def _start_others_by(twin: socket.socket) -> None:
    """Let what this program starts on its interpreter be started by its twin."""
    start_new = _posixsubprocess.fork_exec
    lock = threading.Lock()
    owner = os.getpid()

    def start(*given: Any) -> int:
        wanted = _order(given) if os.getpid() == owner else None
        if wanted is not None:
            with lock, contextlib.suppress(OSError, order.TooLongError):
                order.send(twin, *wanted)
                said = order.read_answer(twin) or {}
                if "pid" in said:
                    return int(said["pid"])
        return int(start_new(*given))

    _posixsubprocess.fork_exec = start
    # Python 3.13 and later go past it for the simplest starts; the library's page names the switch.
    subprocess._USE_POSIX_SPAWN = False  # type: ignore[misc] # typeshed has it as a constant
    subprocess._fork_exec = start  # type: ignore[attr-defined] # its own name for it


def _order(given: Sequence[Any]) -> tuple[Order, list[int]] | None:
    """Return the order for a start, as `_posixsubprocess.fork_exec` is told; None for others."""
    args, programs, close_others, passed, cwd, env = given[:6]
    stdin, stdout, stderr, error_pipe = given[6], given[9], given[11], given[13]
    _restore, new_session, group, gid, gids, uid, umask, before = given[14:22]
    argv = [os.fsdecode(word) for word in args]
    program = os.fsdecode(programs[0])
    special = (gid, gids, uid, before) != (None, None, None, None) or umask != -1
    if special or not close_others or not command.is_warm([program, *argv[1:]], sys.executable):
        return None
    inherited = [number for number in passed if number != error_pipe]
    own = [fd if fd != -1 else number for number, fd in enumerate((stdin, stdout, stderr))]
    variables = dict(os.environ) if env is None else _variables(env)
    ignored = [
        int(number)
        for number in signal.valid_signals()
        if signal.getsignal(number) is signal.SIG_IGN and number not in anew.PYTHON_IGNORES
    ]
    wanted = Order(
        argv=[program, *argv[1:]],
        env=variables,
        cwd=str(Path.cwd() / os.fsdecode(cwd or ".")),
        files=[0, 1, 2, *inherited],
        new_session=bool(new_session),
        group=group,
        ignored=ignored,
    )
    return wanted, [*own, *inherited]


def _variables(env: Sequence[bytes]) -> dict[str, str]:
    pairs = (os.fsdecode(one).partition("=") for one in env)
    return {name: value for name, _, value in pairs}


def _place(files: Sequence[int], numbers: Sequence[int]) -> None:
    """Give the open files their numbers."""
    high = [fcntl.fcntl(file, fcntl.F_DUPFD, max([_HIGH, *numbers]) + 1) for file in files]
    for file in files:
        os.close(file)
    for file, number in zip(high, numbers, strict=True):
        os.dup2(file, number)
        os.close(file)


def _moved(twin: socket.socket) -> socket.socket:
    high = fcntl.fcntl(twin.fileno(), fcntl.F_DUPFD_CLOEXEC, _HIGH)
    twin.close()
    return socket.socket(fileno=high)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
