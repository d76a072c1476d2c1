"""The warm parent: a process of an image's interpreter, its imports done, copied for containers.

`python -m local.emulator.warm.parent <number of its socket> <plan> <room>`. Each order comes with
the container's open files and a socket of its own, on which its end is told.
"""

import contextlib
import gc
import os
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

from local.emulator.warm import command, copies, order, readiness
from local.emulator.warm.copies import Copy
from local.emulator.warm.readiness import Readiness


class Parent:
    """Copies itself for each order, and tells the end of each copy to who ordered it."""

    def __init__(self, orders: socket.socket, ready: Readiness) -> None:
        self._orders = orders
        self._ready = ready
        self._running: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._ends, self._wake = os.pipe()

    def serve(self) -> Copy:
        """Serve until the emulator is gone; return, in a copy, what it is to become."""
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._orders, selectors.EVENT_READ)
        self._selector.register(self._ends, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._orders:
                    copy = self._carry_out()
                    if copy is not None:
                        return copy
                elif key.fileobj == self._ends:
                    os.read(self._ends, 512)
                    self._tell_ends()
                else:
                    self._reap(int(key.data))

    def _carry_out(self) -> Copy | None:
        received = order.receive(self._orders)
        if received is None:
            sys.exit(0)
        wanted, (*files, own) = received
        with contextlib.ExitStack() as closing:
            for file in files:
                closing.callback(os.close, file)
            told = socket.socket(fileno=own)
            differing = self._ready.differing(wanted)
            if differing:
                order.answer(told, cold=differing)
                told.close()
                return None
            pid = os.fork()
            if pid == 0:
                closing.pop_all()
                told.close()
                self._close()
                return wanted, files
            self._running[pid] = told
            order.answer(told, pid=pid)
        return None

    def _close(self) -> None:
        """Close, in a copy, all that only the parent needs."""
        signal.set_wakeup_fd(-1)
        os.close(self._ends)
        os.close(self._wake)
        self._selector.close()
        for one in (self._orders, *self._running.values()):
            one.close()

    def _tell_ends(self) -> None:
        for pid, told in self._running.items():
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if told in self._selector.get_map() or os.waitid(os.P_PID, pid, options) is None:
                continue
            # Reaped when that is known: until then no stranger can get its id.
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            self._selector.register(told, selectors.EVENT_READ, pid)
            with contextlib.suppress(OSError):
                order.answer(told, ended=True)

    def _reap(self, pid: int) -> None:
        told = self._running.pop(pid)
        self._selector.unregister(told)
        with contextlib.suppress(OSError):
            order.read_answer(told)
        _, status = os.waitpid(pid, 0)
        with told, contextlib.suppress(OSError):
            order.answer(told, status=os.waitstatus_to_exitcode(status))


def _make_ready(plan: Path) -> Readiness:
    given = readiness.given()
    if not plan.exists():
        subprocess.run(
            [sys.executable, "-m", "local.emulator.warm.discovery", str(plan)],
            check=True,
            env=given,
        )
    return readiness.make_ready(plan, given)


def main() -> None:
    """Load, serve; in a copy, make it the program."""
    orders = socket.socket(fileno=int(sys.argv[1]))
    ready = _make_ready(Path(sys.argv[2]))
    # What is loaded stays for ever: no collection has to look at it, and copies share it.
    gc.freeze()
    copy: Copy | None = Parent(orders, ready).serve()
    while copy is not None:
        copy = copies.become(copy, ready)


if __name__ == "__main__":
    main()
    command.run(sys.orig_argv[1:])
