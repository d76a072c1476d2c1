"""Whatever the local AWS has started ends with it, also when it is killed; two do not meet."""

import json
import os
import signal
from pathlib import Path

from local.aws import LocalAws
from local.launch import guardian
from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.waiting import until

# It leaves its process group and forgets its environment: the hardest to find again.
STRAYS = (
    "import os, subprocess, time\n"
    "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    "time.sleep(600)"
)


def furnished(aws: LocalAws) -> Lab:
    """Return a lab with a PostgreSQL and a task that has a child of its own."""
    lab = Lab(aws).furnish()
    Database.create(lab, "ends", "ends-1")
    task = lab.start(lab.define("strays", {"command": ["python", "-c", STRAYS]}))
    until(lambda: lab.task(task)["lastStatus"], lambda status: status == "RUNNING")
    return lab


def processes(mark: bytes, state: Path) -> set[int]:
    """Return what carries the run's mark or has its state folder on its command line."""
    found = set(guardian.marked(mark))
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(state).encode() in (process / "cmdline").read_bytes():
                found.add(int(process.name))
        except OSError:
            continue
    return found - {os.getpid()}


def mark_of(aws: LocalAws) -> bytes:
    [(name, value)] = json.loads((aws.state / "ready.json").read_text())["mark"].items()
    return f"{name}={value}".encode()


def test_given_it_is_killed_then_nothing_of_it_is_left() -> None:
    with LocalAws() as aws:
        furnished(aws)
        mark, state = mark_of(aws), aws.state
        until(lambda: processes(mark, state), lambda found: len(found) > 3, "the task's own child")
        os.kill(aws.pid, signal.SIGKILL)
        until(lambda: processes(mark, state), lambda found: not found)


def test_given_it_is_stopped_then_nothing_of_it_is_left_not_even_its_folder() -> None:
    with LocalAws() as aws:
        furnished(aws)
        mark, state = mark_of(aws), aws.state
        until(lambda: processes(mark, state), lambda found: len(found) > 3, "the task's own child")
    assert not processes(mark, state)
    assert not state.exists()


def test_two_local_aws_run_side_by_side_on_addresses_of_their_own() -> None:
    with LocalAws() as one, LocalAws() as other:
        addresses = []
        for aws in (one, other):
            database = Database.create(Lab(aws), "same", "same-1")
            database.ask(f"CREATE TABLE of_{aws.pid} (a int)")
            tables = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            assert tables == [[f"of_{aws.pid}"]]
            names = json.loads((aws.state / "names.json").read_text())
            addresses.append({place["address"] for place in names.values()})
        assert not addresses[0] & addresses[1]
