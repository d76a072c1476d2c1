"""The emulator's process: `python -m local.emulator.main <settings.json>`.

It takes its port, corrects ministack, serves, and ends with everything it started: on SIGTERM or
SIGINT, or when its owner dies, which it notices by the end of its standard input.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from local.emulator.core import processes
from local.emulator.core.settings import Settings

ADDRESS = "127.0.0.1"
ACCOUNT = "123456789012"


def take_port(wanted: int) -> socket.socket:
    """Return a socket bound to `wanted` on the loopback address, or to any free port for 0."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((ADDRESS, wanted))
    return listener


def set_environment(settings: Settings, port: int) -> None:
    """Set what ministack reads when it is imported, and what every child inherits."""
    temporary = settings.state / "tmp"
    temporary.mkdir(exist_ok=True)
    os.environ.update(
        {
            "BIND_HOST": ADDRESS,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": ADDRESS,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "PERSIST_STATE": "0",
            "STATE_DIR": str(settings.state / "ministack"),
            "S3_DATA_DIR": str(settings.state / "s3"),
            # Nothing may look for a Docker engine: containers are processes here.
            "DOCKER_HOST": f"unix://{temporary}/no-docker.sock",
            "TMPDIR": str(temporary),
            **processes.environment_mark(),
        }
    )


def end_with(stop: Callable[[], None], *, owned: bool) -> None:
    """Call `stop` on SIGTERM, on SIGINT, and when the owner is gone."""

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=stop, name="stop").start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    if owned:

        def watch() -> None:
            while os.read(0, 4096):
                pass
            stop()

        threading.Thread(target=watch, name="owner", daemon=True).start()


def main() -> None:
    """Run until told to stop."""
    settings = Settings.read(Path(sys.argv[1]))
    processes.start_guardian()
    listener = take_port(settings.port)
    port = listener.getsockname()[1]
    set_environment(settings, port)
    # ministack reads its environment when it is imported: not before here.
    from local.emulator import assembly  # noqa: PLC0415 - as said above

    gateway = assembly.assemble(settings, port)
    end_with(assembly.stop, owned=settings.owned)
    asyncio.run(assembly.serve(gateway, listener, ready=settings.state / "ready.json"))


if __name__ == "__main__":
    main()
