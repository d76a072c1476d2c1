"""The local AWS as processes: it starts on any port, and leaves nothing when it ends, however."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from local import __main__ as terminal
from local import ports
from local.aws import LocalAws, LocalAwsError
from local.environments import ROOT
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack
from tests.support.waiting import until

OWNER = """
import signal, sys, time
from local.aws import LocalAws
from pathlib import Path
# A shell starts what runs in its background with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
aws = LocalAws(state=Path(sys.argv[1]))
aws.start()
print(aws.endpoint, flush=True)
time.sleep(600)
"""


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """A local AWS of the test's own."""
    with LocalAws() as started:
        yield started


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder that two processes can know."""
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=ROOT / ".local"))
    yield folder
    shutil.rmtree(folder)


def processes_of(state: Path) -> list[str]:
    """The command lines of all processes that have to do with this state folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(state).encode() in told:
            found.append(told.replace(b"\0", b" ").decode(errors="replace"))
    return found


def listening(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def port_of(aws: LocalAws) -> int:
    return int(aws.endpoint.rsplit(":", 1)[1])


def wait_until_nothing_is_left(state: Path, port: int) -> None:
    until(
        lambda: (processes_of(state), listening(port)),
        lambda left: left == ([], False),
        f"no process and an open port {port} no more",
    )


def port_that_no_client_gets() -> int:
    """Return a free port below those that Linux gives to whoever connects somewhere."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    # Another run beside this one begins elsewhere.
    for port in range(lowest - 1 - os.getpid() % 10_000, 1024, -1):
        with suppress(ports.PortError):
            ports.check(port)
            return port
    raise AssertionError("no port is free")


def make_busy(aws: LocalAws, probe: Probe) -> Stack:
    """Let a function run that would run on for minutes."""
    template = probe.template({"Thing": {"OnCreate": "sleep=300"}}, Timeout=600)
    stack = Stack.create(aws, probe.name, template, wait=False)
    probe.wait_until_seen(1)
    return stack


def test_stop_leaves_no_process_no_address_and_no_file(probe: Probe) -> None:
    outside = set(Path(os.environ.get("TMPDIR", "/tmp")).iterdir())  # noqa: S108 - where temporary files are
    aws = LocalAws()
    aws.start()
    state, port = aws.state, port_of(aws)
    make_busy(aws, probe)
    assert processes_of(state)

    aws.stop()

    assert processes_of(state) == []
    assert not listening(port)
    assert not state.exists()
    new = set(Path(os.environ.get("TMPDIR", "/tmp")).iterdir()) - outside  # noqa: S108 - where temporary files are
    assert [path for path in new if "ministack" in path.name] == []


def test_killing_the_emulator_leaves_no_process(aws: LocalAws, probe: Probe) -> None:
    state, port = aws.state, port_of(aws)
    make_busy(aws, probe)

    os.kill(aws.pid, signal.SIGKILL)

    wait_until_nothing_is_left(state, port)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_end_of_its_owner_is_its_own_end(number: signal.Signals, state: Path) -> None:
    owner = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", OWNER, str(state)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    endpoint = owner.stdout.readline().strip()

    owner.send_signal(number)
    owner.wait()
    owner.stdout.close()

    wait_until_nothing_is_left(state, int(endpoint.rsplit(":", 1)[1]))
    LocalAws(state=state).stop()
    assert [entry.name for entry in state.iterdir()] == ["logs"]


def test_the_folder_of_a_killed_owner_is_removed_by_the_next_start() -> None:
    code = OWNER.replace("LocalAws(state=Path(sys.argv[1]))", "LocalAws()").replace(
        "aws.endpoint", "aws.state"
    )
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        owner.kill()
    assert left.exists()

    with LocalAws():
        assert not left.exists()


def test_one_that_nobody_owns_lives_on_until_another_process_stops_it(state: Path) -> None:
    code = OWNER.replace("aws.start()", "aws.start(owned=False)").replace("time.sleep(600)", "")
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(state)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    aws = LocalAws(state=state)
    assert aws.session().client("sts").get_caller_identity()["Account"] == "123456789012"

    LocalAws(state=state).stop()

    with pytest.raises(LocalAwsError, match="not running"):
        _ = aws.endpoint
    assert processes_of(state) == []


def test_two_run_side_by_side_and_know_nothing_of_each_other(aws: LocalAws) -> None:
    with LocalAws() as other:
        other.session().client("s3").create_bucket(Bucket="only-there")
        assert aws.session().client("s3").list_buckets()["Buckets"] == []
    assert aws.running


def test_it_takes_the_port_it_is_told_and_says_so_when_that_is_taken(aws: LocalAws) -> None:
    taken = port_of(aws)
    with pytest.raises(LocalAwsError, match=f"PORT {taken} is used by another program"):
        LocalAws(port=taken).start()
    aws.stop()
    free = port_that_no_client_gets()
    with LocalAws(port=free) as again:
        assert port_of(again) == free


def test_the_page_names_the_default_network(aws: LocalAws) -> None:
    page = (ROOT / "docs" / "local-aws.md").read_text()
    ec2 = aws.session().client("ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    assert vpc["IsDefault"]
    assert sorted(subnets) == sorted(re.findall(r"`(subnet-\d+)`", page))
    assert f"`{vpc['VpcId']}`" in page


def test_a_start_that_finds_its_port_taken_leaves_no_folder(aws: LocalAws) -> None:
    before = set((ROOT / ".local").iterdir())
    with pytest.raises(LocalAwsError, match="PORT"):
        LocalAws(port=port_of(aws)).start()
    assert set((ROOT / ".local").iterdir()) == before


def test_two_starts_in_one_folder_at_once_make_one(state: Path) -> None:
    code = (
        "import sys; from local.aws import LocalAws, LocalAwsError; from pathlib import Path\n"
        "aws = LocalAws(state=Path(sys.argv[1]))\n"
        "try: aws.start(owned=False)\n"
        "except LocalAwsError as error: print(error)\n"
        "else: print('started', aws.endpoint)"
    )
    both = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", code, str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = sorted(process.communicate()[0].strip() for process in both)
    aws = LocalAws(state=state)
    try:
        endpoint = aws.endpoint
        assert told == [f"A local AWS is running already: {endpoint}", f"started {endpoint}"]
        assert aws.session().client("sts").get_caller_identity()["Account"] == "123456789012"
    finally:
        aws.stop()


def test_a_stop_during_a_start_waits_for_it_and_leaves_nothing(state: Path) -> None:
    code = OWNER.replace("aws.start()", "aws.start(owned=False)").replace("time.sleep(600)", "")
    starting = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", code, str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    until((state / "settings.json").exists, what="the start to begin")
    told: list[str] = []

    LocalAws(state=state, say=told.append).stop()

    # It was whole when it was ended.
    assert starting.communicate()[0].startswith("http://127.0.0.1:")
    assert starting.returncode == 0
    assert told == ["Another process is starting or ending the local AWS here; waiting for it"]
    assert processes_of(state) == []
    assert [entry.name for entry in state.iterdir()] == ["logs"]


class Terminal:
    """`python -m local` in this process, with a state and an env file of the test's own."""

    def __init__(self, patched: pytest.MonkeyPatch, printed: pytest.CaptureFixture[str]) -> None:
        self._patched = patched
        self._printed = printed

    def type(self, command: str, **variables: str) -> tuple[int, str]:
        """Run a command and return its exit code and what it prints."""
        self._patched.setattr("sys.argv", ["local", *command.split()])
        for name in ("PORT", "MLFLOW"):
            self._patched.setenv(name, variables.get(name, ""))
        self._printed.readouterr()
        code = terminal.main()
        printed = self._printed.readouterr()
        return code, printed.out + printed.err


@pytest.fixture
def shell(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    """A terminal in a project where no local AWS runs yet."""
    monkeypatch.setattr("local.aws.DEFAULT_STATE", state)
    monkeypatch.setattr("local.env_file.FILE", state.with_name(f"{state.name}-env"))
    yield Terminal(monkeypatch, capsys)
    LocalAws(state=state).stop()


def test_a_person_at_a_terminal_starts_it_finds_it_and_ends_it(
    shell: Terminal, state: Path
) -> None:
    env = state.with_name(f"{state.name}-env")
    assert shell.type("status")[0] == terminal.NOT_RUNNING

    code, said = shell.type("start")
    endpoint = LocalAws(state=state).endpoint
    assert code == 0
    assert f"The local AWS is at {endpoint}, with the provider deployed." in said
    assert endpoint in env.read_text()

    env.unlink()
    code, said = shell.type("start", MLFLOW="3.16.1")
    assert code == 0
    assert f"A local AWS runs already at {endpoint}" in said
    assert "make local-stop" in said
    assert endpoint in env.read_text()
    assert shell.type("env")[1] == env.read_text()

    code, said = shell.type("start", MLFLOW="newest")
    assert code == 1
    assert "'newest' is no release of MLflow" in said

    code, said = shell.type("start", PORT="4")
    assert code == 1
    assert endpoint in said

    code, said = shell.type("status")
    assert code == 0
    assert f"The local AWS runs at {endpoint}." in said
    assert "cfn-mlflow (the provider): CREATE_COMPLETE" in said
    assert "MLflow: none" in said
    assert "3.16.1 (installed), 3.17.2 (installed)" in said
    # Those of a test beside this one go with its `sam`.
    folders = list((ROOT / ".local" / "sam").glob("tmp*"))
    until(
        lambda: [folder for folder in folders if folder.exists()],
        lambda left: not left,
        "the folders of sam to go",
    )

    code, said = shell.type("stop")
    assert code == 0
    assert f"The local AWS at {endpoint} has ended" in said
    assert not env.exists()
    assert shell.type("stop") == (
        0,
        "No local AWS runs that `make local` or `make demo KEEP=1` started.\n",
    )


def test_it_listens_on_loopback_addresses_only(aws: LocalAws) -> None:
    inodes = set()
    for file in ("tcp", "tcp6"):
        for line in Path("/proc", str(aws.pid), "net", file).read_text().splitlines()[1:]:
            local, state, inode = (line.split()[index] for index in (1, 3, 9))
            if state == "0A" and not local.split(":")[0].endswith("7F"):
                inodes.add(inode)
    own = {
        str(descriptor.readlink())
        for descriptor in Path("/proc", str(aws.pid), "fd").iterdir()
        if descriptor.is_symlink()
    }
    assert not {f"socket:[{inode}]" for inode in inodes} & own
