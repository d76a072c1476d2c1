"""Puts ministack and its corrections together, serves them, and ends them."""

import asyncio
import json
import os
import socket
import threading
from pathlib import Path

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from local.emulator import data_plane, journal_sources
from local.emulator.cloudformation import (
    added_resources,
    custom_resources,
    deletion,
    live_resources,
    nested_stacks,
    resource_events,
    resource_types,
    rollback,
    unchanged_resources,
)
from local.emulator.cloudformation.response_url import ResponseUrls
from local.emulator.core import journal, processes
from local.emulator.core.settings import Settings
from local.emulator.events import rules as scheduled_rules
from local.emulator.gateway.application import Gateway
from local.emulator.gateway.calls import Calls
from local.emulator.lambda_ import asynchronous_invocation, execution_environments
from local.emulator.lambda_ import logs as function_logs
from local.emulator.logs import storage as log_storage
from local.emulator.tagging import get_resources

STOP_SECONDS = 15

_stopping = threading.Lock()


def assemble(settings: Settings, port: int) -> Gateway:
    """Apply every correction and return the application to serve."""
    journal.open_in(settings.state)
    journal_sources.install()
    urls = ResponseUrls(settings.state / "tls", _receive)
    # Inherited by the functions: they must trust the ResponseURL.
    os.environ["SSL_CERT_FILE"] = str(urls.trusted)
    log_storage.install()
    function_logs.install()
    execution_environments.install(settings.runtimes, urls.port)
    asynchronous_invocation.install(asynchronous_invocation.Waits(settings.retry_seconds))
    custom_resources.install(urls)
    added_resources.install()
    deletion.install()
    rollback.install()
    live_resources.install()
    resource_events.install()
    nested_stacks.install()
    unchanged_resources.install()
    scheduled_rules.install()
    resource_types.install()
    get_resources.install()
    data_plane.install(settings.state, port)
    return Gateway(app.app, Calls())


def _receive(token: str, body: bytes) -> None:
    journal.note("answer to a ResponseURL", body.decode(errors="replace"))
    custom_resources.requests.receive(token, body)


async def serve(gateway: Gateway, listener: socket.socket, ready: Path) -> None:
    """Serve on `listener` for ever; write `ready` once requests are answered."""
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    port = listener.getsockname()[1]
    announcement = asyncio.create_task(_announce(port, ready))
    # A trigger of our own keeps hypercorn from taking the signals.
    await hypercorn_serve(gateway, config, shutdown_trigger=asyncio.Event().wait)
    await announcement


async def _announce(port: int, ready: Path) -> None:
    while True:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            break
    mark = processes.environment_mark()
    written = ready.with_suffix(".new")
    written.write_text(json.dumps({"pid": os.getpid(), "port": port, "mark": mark}))
    written.rename(ready)


def stop() -> None:
    """End everything this process started, then the process; the first caller does it."""
    if not _stopping.acquire(blocking=False):
        return
    # Whatever hangs: the guardian ends what is left when this process is gone.
    threading.Timer(STOP_SECONDS, os._exit, [1]).start()
    data_plane.stop_all()
    lambda_runtime.reset()
    os._exit(0)
