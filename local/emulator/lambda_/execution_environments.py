"""Lambda's execution environments: which interpreter, which environment, who is running.

ministack runs a function on its own interpreter, with its own packages and its whole environment.
Here it runs on the interpreter of its Runtime by bootstrap.py, with nothing but its artifact.
"""

import hashlib
import io
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services.cloudformation import provisioners

from local.emulator.core.patching import require
from local.emulator.lambda_ import runtimes as known_runtimes
from local.emulator.lambda_.bootstrap import TOLD
from local.emulator.lambda_.logs import FunctionLog

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


def install(runtimes: Path, answers_port: int) -> None:
    """Make functions run on the interpreters in `runtimes` (`runtimes/python3.13/bin/python`).

    At `answers_port` they find the bucket that takes their answers to CloudFormation.
    """
    _run_on_the_runtimes_interpreter(runtimes)
    _make_environments(Path(os.environ["TMPDIR"]) / "functions", answers_port)
    _keep_all_properties_of_a_function()
    known_runtimes.install(runtimes)


def running() -> dict[str, list[int]]:
    """Return the process ids of the environments that run an invocation now, by function name."""
    require(lambda_runtime, "_lock", "_workers")
    found: dict[str, list[int]] = {}
    with lambda_runtime._lock:
        for workers in lambda_runtime._workers.values():
            for worker in workers:
                if worker.in_use and worker._proc is not None:
                    found.setdefault(worker.func_name, []).append(worker._proc.pid)
    return found


def _run_on_the_runtimes_interpreter(runtimes: Path) -> None:
    require(lambda_runtime, "_detect_runtime_binary")
    script = _BOOTSTRAP.read_text()

    def detect(runtime: str) -> tuple[str, str]:
        python = runtimes / runtime / "bin" / "python"
        if not python.exists():
            raise RuntimeError(known_runtimes.fault_of({"Runtime": runtime}, runtimes))
        return str(python), script

    lambda_runtime._detect_runtime_binary = detect


def _make_environments(folder: Path, answers_port: int) -> None:
    """Environments that log while they run, and share one copy of their artifact in `folder`.

    Unpacking and compiling 20 MB anew for each would cost seconds that Lambda does not take.
    """
    require(lambda_runtime, "Worker", "_worker_class_for")
    folder.mkdir(exist_ok=True)

    class Environment(lambda_runtime.Worker):  # type: ignore[misc]
        """An execution environment whose own archive holds only what bootstrap.py must know."""

        def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
            self._log = FunctionLog(config)
            told = {
                "answers_port": answers_port,
                "code_dir": str(_unpacked(folder, code_zip)),
                "log_group": self._log.group,
                "log_stream": self._log.stream,
            }
            super().__init__(func_name, config, _archive_of(told))

        def _read_stderr(self) -> None:
            process = self._proc
            for line in process.stderr:
                self._log.write(line.rstrip("\n"))
                self._stderr_queue.put(line.rstrip("\n"))

        def invoke(self, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
            return self._log.around(
                request_id, lambda: super(Environment, self).invoke(event, request_id, **options)
            )

    lambda_runtime.Worker = Environment


def _unpacked(folder: Path, code_zip: bytes) -> Path:
    place = folder / hashlib.sha256(code_zip).hexdigest()
    if not place.exists():
        unfinished = folder / f"{place.name}.{os.urandom(4).hex()}"
        with zipfile.ZipFile(io.BytesIO(code_zip)) as archive:
            archive.extractall(unfinished)
        try:
            unfinished.rename(place)
        except OSError:
            # Another environment of the same artifact was first.
            shutil.rmtree(unfinished)
    return place


def _archive_of(told: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(TOLD, json.dumps(told))
    return buffer.getvalue()


def _keep_all_properties_of_a_function() -> None:
    """CloudFormation's properties that ministack's AWS::Lambda::Function drops."""
    require(provisioners, "_RESOURCE_HANDLERS", "_lambda_svc")
    handler = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    create, update = handler["create"], handler["update"]

    def keep(name: str, props: dict[str, Any]) -> None:
        function = provisioners._lambda_svc._functions[name]
        for prop in ("DeadLetterConfig", "KmsKeyArn", "VpcConfig"):
            key = "KMSKeyArn" if prop == "KmsKeyArn" else prop
            function["config"].pop(key, None)
            if props.get(prop):
                function["config"][key] = props[prop]
        function["recursive_loop"] = props.get("RecursiveLoop", "Terminate")
        reserved = props.get("ReservedConcurrentExecutions")
        function["concurrency"] = None if reserved is None else int(reserved)

    def create_all(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        result = create(logical_id, props, stack_name)
        keep(result[0], props)
        return result

    def update_all(pid: str, old: Any, new: dict[str, Any], stack: str, logical_id: str) -> Any:
        result = update(pid, old, new, stack, logical_id)
        keep(result[0], new)
        return result

    handler["create"], handler["update"] = create_all, update_all
