"""Finds the modules of an image that may be imported before the container is known.

A module may, if its import depends on nothing that differs between containers: no such environment
variable, no process id, time, folder, host name or random number, and no module that depends on
one. Nor may it say anything, which belongs into the container's log.

Run in the image's interpreter: `python -m local.emulator.warm.discovery <file>`.
"""

import builtins
import importlib
import json
import logging
import os
import platform
import socket
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

PLAN = "warm-modules"
"""How the name of a file with findings begins."""

ENTRANCES = (
    "mlflow.cli",
    "mlflow.store.db.utils",
    "mlflow.server",
    "mlflow.server.fastapi_app",
    "mlflow.server.auth",
    "mlflow.store.artifact.s3_artifact_repo",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "boto3",
    "uvicorn.main",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "gunicorn.app.wsgiapp",
)
"""What MLflow's server, its workers and a migration import."""

_DIFFERING = (
    "AWS_", "CFN_MLFLOW_", "ECS_", "HOSTNAME", "HTTP_PROXY", "NO_PROXY", "PG", "PWD", "TMPDIR",
    "http_proxy", "no_proxy", "_MLFLOW_S", "MLFLOW_ARTIFACTS_", "MLFLOW_AUTH_", "MLFLOW_BACKEND_",
    "MLFLOW_CRYPTO_", "MLFLOW_FLASK_", "MLFLOW_GUNICORN_", "MLFLOW_HOST", "MLFLOW_PORT",
    "MLFLOW_SERVE", "MLFLOW_SQLALCHEMYSTORE_", "MLFLOW_UVICORN_", "MLFLOW_WEBHOOK_SECRET_",
    "MLFLOW_WORKERS",
)  # fmt: skip
"""How variables begin that differ between containers. Only a guess that saves time: a container
with another value of any variable that was read starts cold (pool.py)."""

_HARMLESS = {
    # Names of keys, unique within a process.
    "opentelemetry",
    "fastapi",
    # The year in the comments of Fortran code that it generates.
    "numpy",
    # pool.py makes its folder and its key anew.
    "multiprocessing",
}
"""Packages whose use of ids and times at import is known, and harmless in a copied process."""

Names = dict[str, set[str]]


class _Watch:
    """Notes by module what its import does."""

    def __init__(self) -> None:
        self.needs: Names = defaultdict(set)
        self.reasons: Names = defaultdict(set)

    def install(self) -> None:
        """Begin to watch imports, environment variables and what differs between processes."""
        self._watch_imports()
        self._watch_first_imports()
        self._watch_variables()
        for module, names in (
            (os, ("getpid", "getcwd", "urandom", "uname")),
            (uuid, ("uuid1", "uuid4")),
            (time, ("time", "time_ns")),
            (socket, ("gethostname", "socket")),
            (tempfile, ("gettempdir",)),
            # What is said at an import belongs into the container's log.
            (warnings, ("_showwarnmsg",)),
            (logging.Logger, ("_log",)),
        ):
            for name in names:
                self._watch_call(module, name)
        self._watch_call(threading.Thread, "start")

    def _watch_imports(self) -> None:
        import_, import_module = builtins.__import__, importlib.import_module

        def watched(
            name: str,
            globals: Mapping[str, object] | None = None,
            locals: Mapping[str, object] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            found = import_(name, globals, locals, fromlist or (), level)
            self._need(_absolute(name, globals or {}, level), fromlist or ())
            return found

        def watched_module(name: str, package: str | None = None) -> ModuleType:
            found = import_module(name, package)
            self._need(found.__name__, ())
            return found

        builtins.__import__ = watched
        importlib.import_module = watched_module

    def _watch_first_imports(self) -> None:
        """Modules in C import past `builtins.__import__`: then the first import alone is seen."""
        bootstrap: Any = importlib._bootstrap
        load = bootstrap._load_unlocked
        under_way: list[str] = []

        def watched(spec: ModuleSpec) -> ModuleType:
            if under_way:
                self.needs[under_way[-1]].add(spec.name)
            under_way.append(spec.name)
            try:
                found: ModuleType = load(spec)
            finally:
                under_way.pop()
            if isinstance(spec.loader, ExtensionFileLoader):
                self.needs[spec.name] |= _kept_by(found)
            return found

        bootstrap._load_unlocked = watched

    def _need(self, name: str, fromlist: Sequence[str]) -> None:
        needing = _importing()
        if needing:
            self.needs[needing].add(name)
            self.needs[needing] |= {
                f"{name}.{one}" for one in fromlist if f"{name}.{one}" in sys.modules
            }

    def _watch_variables(self) -> None:
        kind: Any = type(os.environ)
        get = kind.__getitem__

        def watched(environ: Any, name: str) -> Any:
            if name.startswith(_DIFFERING):
                self._note(f"reads {name}")
            return get(environ, name)

        kind.__getitem__ = watched
        for method in ("__iter__", "__setitem__", "__delitem__", "copy"):
            self._watch_call(kind, method)

    def _watch_call(self, holder: Any, name: str) -> None:
        called = getattr(holder, name)
        if isinstance(called, type):
            # A class keeps being one: others derive from it.
            return

        def watched(*arguments: Any, **options: Any) -> Any:
            self._note(f"calls {name}")
            return called(*arguments, **options)

        setattr(holder, name, watched)

    def _note(self, what: str) -> None:
        module = _importing()
        if module and module.partition(".")[0] not in _HARMLESS | sys.stdlib_module_names:
            self.reasons[module].add(what)


def _kept_by(module: ModuleType) -> set[str]:
    """Return the modules of which `module` keeps something."""
    kept = list(vars(module).values())
    names = {one.__name__ for one in kept if isinstance(one, ModuleType)}
    names |= {str(getattr(one, "__module__", "")) for one in kept if callable(one)}
    return names - {module.__name__, ""}


def _importing() -> str | None:
    """Return the module whose import is under way, the innermost one."""
    frame = sys._getframe(2)
    found = None
    while frame is not None and found is None:
        if frame.f_code.co_name == "<module>":
            found = str(frame.f_globals.get("__name__"))
        frame = frame.f_back  # type: ignore[assignment] # None ends the loop
    return found


def _absolute(name: str, globals_: Mapping[str, object], level: int) -> str:
    if not level:
        return name
    package = str(globals_.get("__package__") or "") or str(globals_["__name__"]).rpartition(".")[0]
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name}" if name else package


def find() -> dict[str, Any]:
    """Import all that containers import; return what may be imported beforehand, and why not."""
    # Python keeps what the kernel is called, which is the same for every container here.
    platform.uname()
    before = set(sys.modules)
    watch = _Watch()
    watch.install()
    for name in ENTRANCES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            print(f"no {name}: {error}")
    new = [
        name
        for name in sys.modules
        if name not in {*before, "__mp_main__"}
        and name.partition(".")[0] not in sys.stdlib_module_names
    ]
    for name in new:
        spec = sys.modules[name].__spec__
        if spec is not None and spec.name != name:
            # A second name that its package has given to a module.
            watch.needs[name.rpartition(".")[0]].add(name)
            watch.needs[name].add(spec.name)
    needs = {name: sorted(_with_packages(watch.needs[name], name)) for name in new}
    unsafe = _touched(set(watch.reasons), needs)
    safe = [name for name in new if name not in unsafe and sys.modules[name].__spec__ is not None]
    return {
        "modules": safe,
        "needs": {name: [one for one in needs[name] if one in new] for name in safe},
        "reasons": {name: sorted(reasons) for name, reasons in sorted(watch.reasons.items())},
    }


def _with_packages(needs: set[str], name: str) -> set[str]:
    """Return the modules with the packages that they and `name` lie in."""
    found = set()
    for one in needs:
        parts = one.split(".")
        found |= {".".join(parts[: depth + 1]) for depth in range(len(parts))}
    package = name.rpartition(".")[0]
    return (found | {package} if package else found) - {name}


def _touched(first: set[str], needs: Mapping[str, Sequence[str]]) -> set[str]:
    """Return `first` and all that needs one of them, directly or not."""
    needed_by: Names = defaultdict(set)
    for name, needed in needs.items():
        for one in needed:
            needed_by[one].add(name)
    found: set[str] = set()
    left = list(first)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += needed_by[name]
    return found


def write(place: Path) -> None:
    """Write what is found to the file `place`, whole or not at all; older findings beside it go."""
    unfinished = place.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(find()))
    unfinished.rename(place)
    for old in place.parent.glob(f"{PLAN}-*.json"):
        if old != place:
            old.unlink(missing_ok=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
