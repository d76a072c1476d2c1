"""Ask each server of the service for what its users need: the script that the deep check runs.

It runs as `python -c` in the service's own image, inside the service's network. It asks every task,
by its address, for an answer from the database. It also writes, reads and deletes an artifact. The
last line of its log is the answer, one JSON object. It uses only the standard library, and prints
no secret.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

SERVERS = os.environ["CFN_MLFLOW_SERVERS"].split(",")
HOST = os.environ["CFN_MLFLOW_HOST"]
SECONDS = float(os.environ.get("CFN_MLFLOW_CHECK_SECONDS", "60"))
TIMEOUT = 20
EXPERIMENTS = "/api/2.0/mlflow/experiments/search"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
NO_SUCH_METHOD = 405
NOT_SIGNED_IN = 401

# A task has no proxy to its own network, whatever its environment says.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SignedOutError(Exception):
    """The admin's first password is not valid any more.

    The server has read its users, who are in the database. So the database has answered. Without a
    login, the check can ask no more.
    """


class Unhealthy(Exception):  # noqa: N818 - what is found, not a fault of this script
    """A server does not serve. The message names the server and what it did."""


def ask(server: str, method: str, path: str, body: bytes | None = None) -> bytes:
    """Return the body of a server's answer.

    Raises Unhealthy unless the answer is a success, and SignedOutError for a refused login.
    """
    headers = {"Host": HOST, "Content-Type": "application/json"}
    password = os.environ.get("MLFLOW_AUTH_ADMIN_PASSWORD")
    if password:
        login = f"{os.environ.get('MLFLOW_AUTH_ADMIN_USERNAME', 'admin')}:{password}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    request = urllib.request.Request(f"http://{server}{path}", body, headers, method=method)
    try:
        with OPENER.open(request, timeout=TIMEOUT) as answer:
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        if method == "DELETE" and error.code == NO_SUCH_METHOD:
            return b""  # releases before 2.2 cannot delete by their API
        if password and error.code == NOT_SIGNED_IN:
            raise SignedOutError from None
        said = error.read(200).decode(errors="replace")
        raise Unhealthy(f"{server} answers {error.code} to {method} {path}: {said}") from None
    except OSError as error:
        raise Unhealthy(f"{server} does not answer {method} {path}: {error}") from None


def database(server: str) -> None:
    """Let the server read from the database. Raises Unhealthy."""
    ask(server, "POST", EXPERIMENTS, b'{"max_results": 1}')


def artifact(server: str) -> None:
    """Let the server write an artifact, read it back and delete it. Raises Unhealthy."""
    name = f"{ARTIFACTS}/cfn-mlflow-check/{secrets.token_hex(8)}"
    content = secrets.token_bytes(512)
    ask(server, "PUT", name, content)
    if ask(server, "GET", name) != content:
        raise Unhealthy(f"{server} gave an artifact back that differs from what was written")
    ask(server, "DELETE", name)


def until(asked: Callable[[str], None], server: str) -> None:
    """Repeat a question for a minute, because a server may have just started.

    Raises Unhealthy if the server still does not serve then.
    """
    end = time.monotonic() + SECONDS
    while True:
        try:
            asked(server)
        except Unhealthy:
            if time.monotonic() > end:
                raise
            time.sleep(2)
        else:
            return


def check(server: str) -> None:
    """Check one server, as far as the login allows. Raises Unhealthy."""
    try:
        for asked in (database, artifact):
            until(asked, server)
    except SignedOutError:
        said = f"{server}: the admin's password was changed, so no artifact is written\n"
        sys.stdout.write(said)


def main() -> None:
    """Check every server; exit with 1 if one is not healthy."""
    healthy, reason = True, ""
    try:
        for server in SERVERS:
            check(server)
    except Unhealthy as found:
        healthy, reason = False, " ".join(str(found).split())[:300]
    answer = {"cfn-mlflow-check": {"healthy": healthy, "reason": reason}}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.exit(0 if healthy else 1)


if __name__ == "__main__":
    main()
