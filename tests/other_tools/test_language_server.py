"""The schema of whole templates in a real language server, set up as docs/linting.md says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools.environments import language_server as command
from tests.support.tools.language_server import LanguageServer, language_server

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "linting.md").read_text()
SCHEMA = ROOT / "schemas" / "template.json"
FIXTURES = ROOT / "tests" / "template" / "fixtures"
SHOWN = sorted([*FIXTURES.glob("good/*.yaml"), *(ROOT / "examples").rglob("*.yaml")])
BAD = sorted(FIXTURES.glob("bad/*.yaml"))

WRITING = """\
Resources:
  MLflow:
    Type: Custom::MLflow
    Properties:
      VpcId: vpc-1
      ServiceCpu: 0
      Servic
  Bucket:
    Type: Cust
"""

SECTIONS = """\
Resources:
  Queue: {Type: AWS::SQS::Queue, DeletionPolicy: Snapshot, Propertys: {QueueNam: mlflow}}
  MLflow:
    Type: Custom::MLflow
    DeletionPolicy: Snapshot
    Propertys: {}
  Bucket:
    Type: Custom::MLflowBucket
    DependsOn: [Queue]
    Condition: Wanted
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Retain
    Metadata: {any: thing}
    Properties: {ServiceToken: !ImportValue cfn-mlflow-MLflowBucket}
"""


def _documented_settings() -> dict[str, Any]:
    """Return the page's settings of VS Code, with what tests need: our folder, and no network."""
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    flat = json.loads(block.replace("path/to/cfn-mlflow", str(ROOT)))
    yaml = {name.removeprefix("yaml."): value for name, value in flat.items()}
    return {"yaml": yaml | {"schemaStore": {"enable": False}, "validate": True, "hover": True}}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with language_server(command(), _documented_settings()) as running:
        yield running


def _found(server: LanguageServer, name: str, text: str) -> list[str]:
    """Return each fault behind the line of the file that the server marks."""
    lines = [*text.splitlines(), ""]
    return sorted(
        f"{lines[found['range']['start']['line']].strip()} | {found['message']}"
        for found in server.open(f"file:///stacks/{name}.template.yaml", text)
    )


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_right_template_in_an_editor_has_no_fault(server: LanguageServer, path: Path) -> None:
    assert _found(server, path.stem, path.read_text()) == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_wrong_template_in_an_editor_has_its_faults_marked(
    server: LanguageServer, path: Path
) -> None:
    text = path.read_text()
    expected = re.findall(r"^# editor: (.+)$", text, re.MULTILINE)
    assert expected, "say what an editor finds, or that it finds nothing"
    assert _found(server, path.stem, text) == sorted(set(expected) - {"nothing"})


def test_a_template_with_the_documented_first_line_is_checked_without_a_setting() -> None:
    (line,) = re.findall(r"^# yaml-language-server: .*$", PAGE, re.MULTILINE)
    told = line.replace("path/to/cfn-mlflow", str(ROOT))
    settings = _documented_settings()
    del settings["yaml"]["schemas"]
    wrong = (FIXTURES / "bad" / "misspelt-property.yaml").read_text()
    with language_server(command(), settings) as server:
        assert _found(server, "without", wrong) == []
        assert _found(server, "with", f"{told}\n{wrong}") != []


def test_an_editor_shows_what_a_property_and_a_type_are(server: LanguageServer) -> None:
    name = "file:///stacks/shown.template.yaml"
    server.open(name, WRITING)
    assert "VPC of all that is made.\n\nOn update: refused." in server.hover(name, 4, 8)
    assert "The bucket, the database and the service" in server.hover(name, 2, 14)


def test_an_editor_offers_properties_values_and_types(server: LanguageServer) -> None:
    name = "file:///stacks/offered.template.yaml"
    server.open(name, WRITING.replace("ServiceCpu: 0", "ServiceCpu: "))
    types = {"Custom::MLflow", "Custom::MLflowBucket", "Custom::MLflowSchema"}
    assert types <= set(server.completion(name, 8, 14))
    assert {"256", "1024", "!Ref"} <= set(server.completion(name, 5, 18))
    properties = set(server.completion(name, 6, 12))
    assert {"ServiceMemory", "DatabaseMinCapacity"} <= properties
    assert not properties & {"VpcId", "ImageTag"}, "given already, or of another type"


def test_the_sections_of_a_resource_are_checked_for_our_types_alone(
    server: LanguageServer,
) -> None:
    assert _found(server, "sections", SECTIONS) == [
        'DeletionPolicy: Snapshot | Value is not accepted. Valid values: "Delete", "Retain",'
        ' "RetainExceptOnCreate".',
        'MLflow: | Missing property "Properties".',
        "Propertys: {} | Property Propertys is not allowed.",
    ]
