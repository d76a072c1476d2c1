"""The user's own settings of AWS's tools and of proxies do not keep us from the local AWS."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from demo.__main__ import Demo
from demo.report import Report
from local import env_file, environments, provider
from local.aws import LocalAws
from local.launch import proxies
from tests.support.local_aws.fake_local_aws import running

ANSWER = b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>\
</GetCallerIdentityResult></GetCallerIdentityResponse>"
# Where a program finds nobody: the company's proxy knows no local AWS either.
COMPANY = "http://127.0.0.1:9"
BALANCER = "http://tracking.us-east-1.elb.amazonaws.com"
ASKS = """
import sys, urllib.request
for url in sys.argv[1:]:
    host = url.partition("://")[2]
    past = urllib.request.proxy_bypass(host)
    print("itself" if past else urllib.request.getproxies().get("http"))
"""


class Server(ThreadingHTTPServer):
    """Answers everything alike, and keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(f"{self.command} {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def do_PUT(self) -> None:
                self.do_POST()

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def server() -> Iterator[Server]:
    """What answers in the place of a local AWS."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def local_aws(tmp_path: Path, server: Server) -> Iterator[LocalAws]:
    """A local AWS at the server's port."""
    with running(tmp_path / "run", server.server_port) as aws:
        yield aws


@pytest.fixture(params=["HTTP_PROXY", "http_proxy"])
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which HTTP goes through the company's proxy, but to its own hosts."""
    for name in ("HTTP_PROXY", "http_proxy", *proxies.PAST):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(request.param, COMPANY)
    monkeypatch.setenv("NO_PROXY", "intra.example,.amazonaws.com")


@pytest.fixture(params=["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE"])
def misled(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a profile that is not there, or a settings file that cannot be read."""
    broken = tmp_path / "config"
    broken.write_text("[default\nregion = nowhere\n")
    monkeypatch.setenv(request.param, "gone" if "PROFILE" in request.param else str(broken))


@pytest.mark.usefixtures("proxied")
def test_behind_a_proxy_the_session_asks_the_local_aws_itself(
    local_aws: LocalAws, server: Server
) -> None:
    assert local_aws.session().client("sts").get_caller_identity()["Account"] == "1"
    assert server.asked == ["POST /"]


@pytest.mark.usefixtures("proxied")
def test_behind_a_proxy_the_bucket_for_sam_is_made_by_the_local_aws_itself(
    local_aws: LocalAws, server: Server
) -> None:
    assert provider._bucket(local_aws.env) == provider.ARTIFACTS
    assert server.asked == [f"PUT /{provider.ARTIFACTS}"]


@pytest.mark.usefixtures("misled")
def test_a_profile_that_is_not_there_keeps_nobody_from_the_local_aws(
    local_aws: LocalAws, server: Server
) -> None:
    local_aws.session().client("sts").get_caller_identity()
    assert provider._bucket(local_aws.env)
    assert server.asked == ["POST /", f"PUT /{provider.ARTIFACTS}"]


@pytest.mark.usefixtures("proxied")
@pytest.mark.parametrize("times", [1, 2])
def test_a_shell_with_the_env_file_asks_the_local_aws_itself_and_the_rest_as_before(
    local_aws: LocalAws, tmp_path: Path, times: int
) -> None:
    file = tmp_path / "env"
    file.write_text(env_file.exports(local_aws))
    urls = (local_aws.endpoint, "http://intra.example", "http://mlflow.org")
    typed = f"{f'. {file}; ' * times} exec {sys.executable} -c '{ASKS}' {' '.join(urls)}"
    argv = ["/bin/sh", "-euc", typed]
    said = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert said.stdout.split() == ["itself", "itself", COMPANY]


@pytest.mark.usefixtures("proxied")
def test_a_program_with_the_variables_of_a_local_aws_asks_it_itself(local_aws: LocalAws) -> None:
    argv = [sys.executable, "-c", ASKS, local_aws.endpoint]
    env = {**os.environ, **local_aws.env}
    said = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert said.stdout == "itself\n"


@pytest.mark.usefixtures("proxied")
def test_the_demos_client_asks_for_a_load_balancer_by_the_local_proxy(
    local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{ASKS}' {BALANCER}\n")
    program.chmod(0o755)
    monkeypatch.setattr(environments, "image", lambda: program)
    shown = Demo(local_aws, Report(steps=1))
    shown.outputs = {"TrackingUri": BALANCER}
    assert shown.client() == local_aws.proxy


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, "127.0.0.1,localhost,127.0.0.0/8"),
        ({"NO_PROXY": "a.b, localhost"}, "a.b,localhost,127.0.0.1,127.0.0.0/8"),
        ({"NO_PROXY": "a.b", "no_proxy": "c.d"}, "c.d,127.0.0.1,localhost,127.0.0.0/8"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_what_goes_past_the_proxy_stays_and_this_machine_comes_to_it(
    said: dict[str, str], wanted: str
) -> None:
    assert proxies.past_for_loopback(said) == {"NO_PROXY": wanted, "no_proxy": wanted}
