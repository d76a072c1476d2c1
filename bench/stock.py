"""Puts the stock crhelper resource on the local AWS, beside ours."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from bench.artifact import files_of
from local import environments, provider
from local.aws import LocalAws

FUNCTION = "stock-crhelper"
RESOURCE = "Stock"

_SOURCE = Path(__file__).with_name("stock_crhelper.py")


def deploy(aws: LocalAws, artifact: Path) -> dict[str, Any]:
    """Make the function, of the artifact's own crhelper and boto3; return a stack's template."""
    client: Any = aws.session().client("lambda")
    made = client.create_function(
        FunctionName=FUNCTION,
        Runtime=environments.host_runtime(),
        Architectures=[provider.architecture()],
        Handler=f"{_SOURCE.stem}.handler",
        Role="arn:aws:iam::000000000000:role/stock-crhelper",
        Timeout=60,
        MemorySize=1024,
        Code={"ZipFile": _zip(artifact)},
    )
    properties = {"ServiceToken": made["FunctionArn"]}
    return {"Resources": {RESOURCE: {"Type": "Custom::Stock", "Properties": properties}}}


def _zip(artifact: Path) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in {*files_of(artifact, "crhelper"), *files_of(artifact, "boto3")}:
            archive.write(file, file.relative_to(artifact))
        archive.write(_SOURCE, _SOURCE.name)
    return target.getvalue()
