"""A container that starts with its imports done is what one that starts from nothing is."""

import json
import re
import signal
import urllib.error
import urllib.request
from typing import Any

import psutil
import pytest

from local.aws import LocalAws
from local.emulator.ecs.task_container import COLD_LABEL
from tests.support.local_aws.data_plane_kit import Lab
from tests.support.waiting import until

COLD = {"dockerLabels": {COLD_LABEL: "cold"}}
WARM: dict[str, Any] = {}
ANY = "0.0.0.0"  # noqa: S104 - where a container means its own network

SHOWS_ITSELF = """
import json, multiprocessing, os, random, signal, sys, tempfile, threading
import mlflow.store.db.utils
import numpy
from mlflow.environment_variables import MLFLOW_ENV_ROOT
def modules():
    # Python's own modules are there from the start; underscores lead names of compiled helpers.
    return sorted({m for m in sys.modules if m.startswith(("mlflow", "uvicorn", "gunicorn"))}
        | {m.partition(".")[0] for m in sys.modules if not m.startswith("_")}
        - set(sys.stdlib_module_names))
seen = {
    "argv": sys.argv[:1] + [len(sys.orig_argv[2])] + sys.argv[1:],
    "command line": open("/proc/self/cmdline").read().rstrip("\\0").split("\\0"),
    "variables": dict(os.environ),
    "variables at start": sorted(filter(None, open("/proc/self/environ").read().split("\\0"))),
    "path": sys.path, "interpreter": sys.executable, "prefix": sys.prefix, "folder": os.getcwd(),
    "main": [__name__, __spec__ is None],
    "home": MLFLOW_ENV_ROOT.get(), "temporary": tempfile.gettempdir(),
    "files": sorted(os.listdir("/proc/self/fd")),
    "signals": [str(signal.getsignal(n)).split(" at ")[0] for n in range(1, 32)],
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "threads": [one.name for one in threading.enumerate()],
    "leads": [os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid()],
    "niceness": os.nice(0), "mask": os.umask(0o22),
    "streams": [(one.encoding, one.errors, one.line_buffering) for one in (sys.stdout, sys.stderr)],
    "hash": sys.flags.hash_randomization, "flags": str(sys.flags),
    "multiprocessing": multiprocessing.process.ORIGINAL_DIR,
    "modules": modules(),
}
random_numbers = [
    random.random(), float(numpy.random.random()), multiprocessing.current_process().authkey.hex()]
print(json.dumps({"seen": seen, "random": random_numbers, "parent": os.getppid()}))
"""
SETS_ITSELF = "import os\nos.environ['MLFLOW_DISABLE_TELEMETRY'] = 'true'"
PARENT = "is the parent"
ENDS = {
    "with a status": ("import sys, mlflow; sys.exit(7)", 7),
    "with an exception": ("import mlflow\ndef fails():\n    raise ValueError('why')\nfails()", 1),
    "in its imports": ("import mlflow.no_such_module", 1),
    "by a signal": (
        "import mlflow, os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
        130,
    ),
}
STOPS_IN_ORDER = (
    "import mlflow, signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    "print('ready', flush=True)\ntime.sleep(600)"
)
DEAF = (
    "import mlflow, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\ntime.sleep(600)"
)
SERVER = {
    "MLFLOW_HOST": ANY,
    "MLFLOW_PORT": "5000",
    "MLFLOW_WORKERS": "2",
    "MLFLOW_BACKEND_STORE_URI": "sqlite:///server.db",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def python(code: str, start: dict[str, Any], **environment: str) -> dict[str, Any]:
    return {"command": ["python", "-c", code], **start, **variables(environment)}


def variables(values: dict[str, str]) -> dict[str, Any]:
    all_of_them = {"MLFLOW_DISABLE_TELEMETRY": "true", **values}
    return {"environment": [{"name": name, "value": all_of_them[name]} for name in all_of_them]}


def shown(lab: Lab, start: dict[str, Any], **environment: str) -> dict[str, Any]:
    task = lab.run(lab.define("shows", python(SHOWS_ITSELF, start, **environment)))
    logged = lab.log(task, "shows")
    assert task["containers"][0]["exitCode"] == 0, logged
    # A long line is several events.
    text = "".join(logged)
    found: dict[str, Any] = json.loads(without_names(task, text[text.index('{"seen"') :]))
    return found


def without_names(task: dict[str, Any], text: str) -> str:
    """Leave out of a text what is another in each task: its id, its address, its keys."""
    address = address_of(task)
    text = text.replace(task["taskArn"].rsplit("/", 1)[-1], "<task>").replace(address, "<address>")
    text = text.replace(address.replace(".", "-"), "<address>")
    text = re.sub(r"v4/[\w-]+", "v4/<container>", text)
    return re.sub(r'(AUTHORIZATION_TOKEN(?:=|": "))[\w-]+', r"\1<token>", text)


def address_of(task: dict[str, Any]) -> str:
    details = {one["name"]: one["value"] for one in task["attachments"][0]["details"]}
    return str(details["privateIPv4Address"])


def test_a_program_sees_the_same_whether_it_starts_warm_or_cold(lab: Lab) -> None:
    cold, warm, again = (shown(lab, start) for start in (COLD, WARM, WARM))
    assert cold["parent"] == lab.aws.pid
    assert warm["parent"] == again["parent"] != lab.aws.pid
    for what, value in cold["seen"].items():
        assert warm["seen"][what] == value, what
    for one in range(3):
        assert len({run["random"][one] for run in (cold, warm, again)}) == 3


def test_a_variable_that_an_import_read_starts_a_container_cold(lab: Lab) -> None:
    for name, value in (("MLFLOW_LOGGING_LEVEL", "DEBUG"), ("PYTHONHASHSEED", "7")):
        assert shown(lab, WARM, **{name: value})["parent"] == lab.aws.pid


def test_what_a_program_sets_before_its_imports_counts_as_set(lab: Lab) -> None:
    for sets, warm in (("", False), (SETS_ITSELF, True)):
        code = f"{sets}\nimport mlflow, os\nprint(os.getppid(), {PARENT!r})"
        task = lab.run(lab.define("sets", {"command": ["python", "-c", code]}))
        [parent] = [line.split()[0] for line in lab.log(task, "sets") if PARENT in line]
        assert (parent != str(lab.aws.pid)) is warm


@pytest.mark.parametrize("how", ENDS)
def test_a_program_ends_the_same_whether_it_starts_warm_or_cold(lab: Lab, how: str) -> None:
    code, status = ENDS[how]
    ends = []
    for start in (COLD, WARM):
        task = lab.run(lab.define("ends", python(code, start)))
        ends.append((task["containers"][0]["exitCode"], lab.log(task, "ends")))
    assert ends[0][0] == status
    assert ends[0] == ends[1]


@pytest.mark.parametrize(("code", "status"), [(STOPS_IN_ORDER, 7), (DEAF, 137)])
def test_a_program_is_stopped_the_same_whether_it_starts_warm_or_cold(
    lab: Lab, code: str, status: int
) -> None:
    statuses = [stop(lab, {**python(code, start), "stopTimeout": 3}) for start in (COLD, WARM)]
    assert statuses == [status, status]


def stop(lab: Lab, container: dict[str, Any]) -> int:
    """Start a container, stop it once it is ready, and return its exit code."""
    task = lab.start(lab.define("stops", container))
    until(lambda: "ready" in logged(lab, task))
    lab.client("ecs").stop_task(cluster="lab", task=task)
    ended = until(lambda: lab.task(task), stopped)
    return int(ended["containers"][0]["exitCode"])


def logged(lab: Lab, task: str) -> list[str]:
    try:
        return lab.log(lab.task(task), "stops")
    except lab.client("logs").exceptions.ResourceNotFoundException:
        return []


def stopped(task: dict[str, Any]) -> bool:
    return bool(task["lastStatus"] == "STOPPED")


def test_a_server_serves_the_same_whether_it_starts_warm_or_cold(lab: Lab) -> None:
    served = [serve(lab, start) for start in (COLD, WARM)]
    assert served[0]["health"] == "OK"
    assert served[0]["status"] == 0
    assert served[0] == served[1]


def serve(lab: Lab, start: dict[str, Any]) -> dict[str, Any]:
    """Run a server of two workers, log a run, stop it; return what could be seen of it."""
    definition = lab.define(
        "server", {"command": ["mlflow", "server"], **start, **variables(SERVER)}
    )
    arn = lab.start(definition)
    running = until(lambda: lab.task(arn), lambda task: task["lastStatus"] == "RUNNING")
    server = f"http://{address_of(running)}:5000"
    until(lambda: ask(server, "/health"), bool)
    workers = until(lambda: tree(lab.aws, running), lambda found: len(found) == 5)
    seen = {
        "health": ask(server, "/health"),
        "run": log_run(server),
        "processes": workers,
        "host": ask(server, "/version", Host="example.com"),
    }
    lab.client("ecs").stop_task(cluster="lab", task=arn)
    ended = until(lambda: lab.task(arn), stopped)
    assert tree(lab.aws, running) == []
    # A worker that was quicker than its parent is not told of.
    lines = [line for line in lab.log(ended, "server") if "Terminated child" not in line]
    lines = [without_ids(without_names(running, line)) for line in lines]
    return {**seen, "status": ended["containers"][0]["exitCode"], "log": sorted(set(lines))}


def ask(server: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> str:
    data = json.dumps(body).encode() if body is not None else None
    own = {"Content-Type": "application/json", "Host": "localhost", **headers}
    request = urllib.request.Request(f"{server}{path}", data, own)  # noqa: S310 - of the test's own
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read().decode()}"
    except OSError:
        return ""


def log_run(server: str) -> dict[str, Any]:
    api = "/api/2.0/mlflow"
    experiment = json.loads(ask(server, f"{api}/experiments/create", {"name": "warm"}))
    run = json.loads(ask(server, f"{api}/runs/create", experiment))["run"]["info"]
    metric = {"run_id": run["run_id"], "key": "loss", "value": 0.5, "timestamp": 1, "step": 1}
    ask(server, f"{api}/runs/log-metric", metric)
    found = json.loads(ask(server, f"{api}/runs/get?run_id={run['run_id']}"))["run"]
    return {"metrics": found["data"]["metrics"], "status": found["info"]["status"]}


def tree(aws: LocalAws, task: dict[str, Any]) -> list[tuple[str, int]]:
    """Return what the container's processes run, each with how deep it lies below the first."""
    name = task["taskArn"].rsplit("/", 1)[-1]
    found = {}
    for process in psutil.process_iter(["cmdline", "environ", "pid", "ppid"]):
        words = [word for word in process.info["cmdline"] or [] if word]
        # The twins of a warm start wait for orders; they are none of the container's programs.
        if name in str(process.info["environ"]) and "local.emulator.warm.parent" not in words:
            found[process.info["pid"]] = (process.info["ppid"], words)

    def depth(pid: int) -> int:
        return 1 + depth(found[pid][0]) if pid in found else 0

    shown = [(without_ids(" ".join(found[pid][1][1:])), depth(pid)) for pid in found]
    return sorted((without_names(task, words), level) for words, level in shown)


def without_ids(text: str) -> str:
    text = re.sub(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "<time>", text)
    text = re.sub(r"run_id=\w+", "<run>", text)
    text = re.sub(r"(tracker_fd|pipe_handle)=\d+|main\(\d+\)", "<file>", text)
    return re.sub(r"\[\d+\]|127\.0\.0\.1:\d+", "<id>", text)


def test_a_server_killed_at_once_leaves_no_process(lab: Lab) -> None:
    before = marked(lab.aws)
    arn = lab.start(lab.define("killed", {"command": ["mlflow", "server"], **variables(SERVER)}))
    running = until(lambda: lab.task(arn), lambda task: task["lastStatus"] == "RUNNING")
    until(lambda: tree(lab.aws, running), lambda found: len(found) == 5)
    [first] = [
        process
        for process in psutil.process_iter(["cmdline", "environ"])
        if running["taskArn"].rsplit("/", 1)[-1] in str(process.info["environ"])
        and "server" in (process.info["cmdline"] or [])
    ]
    first.send_signal(signal.SIGKILL)
    ended = until(lambda: lab.task(arn), stopped)
    assert ended["containers"][0]["exitCode"] == 137
    until(lambda: marked(lab.aws) - before, lambda left: not left)


def marked(aws: LocalAws) -> set[int]:
    """Return the living processes of this run."""
    [(name, value)] = json.loads((aws.state / "ready.json").read_text())["mark"].items()
    return {
        process.pid
        for process in psutil.process_iter(["environ", "status"])
        if (process.info["environ"] or {}).get(name) == value
        and process.info["status"] != psutil.STATUS_ZOMBIE
    }
