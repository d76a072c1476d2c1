"""What real older MLflow releases left (tests/old_databases): put into a stack, and compared.

Loading is what a user does who moves in from elsewhere: the statements of a dump as the login that
may change the schema, the artifacts copied into the bucket.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from demo import evidence
from local import environments
from local.aws import LocalAws
from local.launch import proxies
from local.launch.state_folder import NAMES_FILE

RELEASES = ("1.30.1", "2.0.1", "2.22.5", "3.1.4", "3.16.1")

_FOLDER = Path(__file__).resolve().parents[2] / "old_databases"

Json = Any


def statements(release: str) -> str:
    """Return the SQL that makes the database of `release`, owned by whoever sends it."""
    return lzma.decompress((_FOLDER / release / "database.sql.xz").read_bytes()).decode()


def expected(release: str) -> dict[str, Json]:
    """Return all that the client of `release` read back."""
    found: dict[str, Json] = json.loads((_FOLDER / release / "expected.json").read_text("utf-8"))
    return found


def load_database(aws: LocalAws, outputs: dict[str, str], release: str) -> None:
    """Send the statements as the login that migrates, over TLS: the owner role gets it all."""
    secrets = aws.session().client("secretsmanager")
    secret = secrets.get_secret_value(SecretId=outputs["MigrationSecretArn"])["SecretString"]
    login = json.loads(secret)
    places = json.loads((aws.state / NAMES_FILE).read_text())
    connection = psycopg2.connect(
        host=outputs["Endpoint"],
        hostaddr=places[outputs["Endpoint"]]["address"],
        user=login["username"],
        password=login["password"],
        dbname="mlflow",
        sslmode="require",
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statements(release))
    connection.close()


def load_artifacts(aws: LocalAws, outputs: dict[str, str], release: str) -> None:
    """Copy the artifacts to where the stack's MLflow keeps them."""
    s3 = aws.session().client("s3")
    packed = lzma.decompress((_FOLDER / release / "artifacts.tar.xz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for member in tar:
            key = f"{outputs['Path'].strip('/')}/{member.name}".lstrip("/")
            content = tar.extractfile(member)
            assert content is not None, f"{member.name} is no file"
            s3.put_object(Bucket=outputs["BucketId"], Key=key, Body=content.read())


def fill(aws: LocalAws, tracking_uri: str, release: str) -> None:
    """Let the client of `release` fill the MLflow behind a load balancer."""
    _run(aws, tracking_uri, release, "fill.py")


def log_as_a_user(aws: LocalAws, tracking_uri: str, experiment: str) -> None:
    """Let the client of the newest release log an experiment, as the demo does."""
    client = Path(evidence.__file__).with_name("client.py")
    _run(aws, tracking_uri, environments.MLFLOW_VERSION, str(client), experiment)


def read(
    aws: LocalAws, tracking_uri: str, release: str = environments.MLFLOW_VERSION
) -> dict[str, Json]:
    """Return all that the client of `release` reads of the MLflow behind a load balancer."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "found.json")
        _run(aws, tracking_uri, release, "read.py", str(target))
        found: dict[str, Json] = json.loads(target.read_text("utf-8"))
    return found


def differences(expected: Json, found: Json, place: str = "") -> Iterator[str]:
    """Name each place where what was found is not what is expected.

    What the older release had no word for must be empty: nothing was invented.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            where = f"{place} > {key}" if place else key
            if key in expected and key in found:
                yield from differences(expected[key], found[key], where)
            elif key in expected:
                yield f"{where}: gone, it was {expected[key]!r}"
            elif found[key]:
                yield f"{where}: new, {found[key]!r}"
    elif expected != found:
        yield f"{place}: {found!r}, it was {expected!r}"


def _run(aws: LocalAws, tracking_uri: str, release: str, program: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [str(environments.image(release)), str(_FOLDER / program), *arguments],
        env={
            **proxies.through(aws.proxy, os.environ),
            "GIT_PYTHON_REFRESH": "quiet",
            # Its telemetry would write to the home folder, and to the internet.
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_TRACKING_URI": tracking_uri,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
