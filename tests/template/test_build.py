"""Given nothing but sam and uv, when `sam build` is run as it stands, then one artifact comes out.

No Docker, no Python of the function's runtime, no processor of the function's architecture.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from local import environments
from local.environments import to_terminal
from local.install import locks
from local.install.tools import TOOLS, Tools
from tests.support.template.provider_template import FUNCTIONS, ROOT
from tests.template.test_template import REPOSITORY_TYPES
from tools import make_sbom

pytestmark = pytest.mark.sam

ARTIFACT_MB = 22
EXPAND = """
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse
template = yaml_parse(open(sys.argv[1]).read())
for function in template["Resources"].values():
    function.pop("Metadata", None)
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
expanded = Translator({}, Parser()).translate(template, {})
print(json.dumps(sorted({body["Type"] for body in expanded["Resources"].values()})))
"""


def run(*argv: str) -> str:
    """Run a program of sam's environment and return what it prints."""
    done = ended(*argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ended(*argv: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a program of sam's environment in a folder to its end, whatever that is."""
    return subprocess.run(  # noqa: S603 - the project's own environment
        [str(environments.sam()), *argv],
        cwd=folder,
        env={
            **os.environ,
            **Tools(to_terminal).uv_environment(),
            "PATH": f"{TOOLS / 'bin'}:/usr/bin:/bin",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "SAM_CLI_TELEMETRY": "0",
            # SAM and uv write to the home folder, which is the developer's.
            "HOME": str(ROOT / ".local" / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def build(folder: Path, parameters: Mapping[str, str]) -> Path:
    """Run `sam build` and return the one artifact that all functions share."""
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    run(
        *("-m", "samcli", "build", "--build-dir", str(folder)),
        *(["--parameter-overrides", *overrides] if overrides else []),
    )
    built = yaml.safe_load((folder / "template.yaml").read_text())["Resources"]
    (shared,) = {built[f"{function}Function"]["Properties"]["CodeUri"] for function in FUNCTIONS}
    return folder / str(shared)


def zipped_bytes(artifact: Path, target: Path) -> int:
    """Return how large the artifact is as a zip."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(artifact.rglob("*")):
            archive.write(path, path.relative_to(artifact))
    return target.stat().st_size


@pytest.mark.parametrize(
    ("parameters", "native"),
    [
        ({}, "cpython-314-aarch64"),
        ({"Runtime": "python3.13", "Architecture": "x86_64"}, "cpython-313-x86_64"),
    ],
    ids=["the defaults", "another"],
)
def test_sam_build_makes_one_artifact_for_any_runtime_and_processor(
    tmp_path: Path, parameters: dict[str, str], native: str
) -> None:
    artifact = build(tmp_path / "build", parameters)
    (library,) = (artifact / "pydantic_core").glob("_pydantic_core*.so")
    assert native in library.name
    assert (artifact / "custom_mlflow.py").is_file()
    assert (artifact / "boto3").is_dir()
    assert zipped_bytes(artifact, tmp_path / "artifact.zip") <= ARTIFACT_MB * 1_000_000


def test_the_bill_of_materials_names_each_package_of_the_artifact_with_its_hashes(
    tmp_path: Path,
) -> None:
    artifact = build(tmp_path / "build", {})
    bill = make_sbom.bill_of(artifact)
    packed = {one["name"]: one["version"] for one in bill["components"]}
    assert packed.keys() >= {"boto3", "pydantic", "crhelper"}
    assert len(packed) == len(locks.pins(ROOT / "functions" / "requirements.in"))
    assert all(one["licenses"] for one in bill["components"])
    assert all(
        any("hashes" in reference for reference in one["externalReferences"])
        for one in bill["components"]
    )
    (artifact / "boto3" / "stranger.py").write_text("")
    with pytest.raises(make_sbom.SbomError, match=r"files of no package: boto3/stranger\.py"):
        make_sbom.bill_of(artifact)


def test_sam_build_refuses_a_package_that_is_not_the_one_in_the_lock_file(tmp_path: Path) -> None:
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "functions").mkdir()
    locked = (ROOT / "functions" / "requirements.txt").read_text()
    before, six, after = re.split(r"^(six==.*\n(?: .*\n)+)", locked, flags=re.MULTILINE)
    another = re.sub(r"sha256:.{8}", "sha256:00000000", six)
    (tmp_path / "functions" / "requirements.txt").write_text(before + another + after)
    done = ended("-m", "samcli", "build", folder=tmp_path)
    assert done.returncode != 0
    assert "Hash mismatch for `six==" in done.stderr


def test_sam_finds_the_template_valid() -> None:
    assert "is a valid SAM Template" in run("-m", "samcli", "validate", "--lint")


def test_the_repository_knows_every_type_that_sam_makes_of_the_template() -> None:
    expanded = json.loads(run("-c", EXPAND, "template.yaml"))
    assert "AWS::Lambda::EventSourceMapping" in expanded
    assert set(expanded) <= set(REPOSITORY_TYPES.read_text().split())
