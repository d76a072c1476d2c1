"""Given the texts that the template and the source send to AWS, then AWS takes their characters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape

from tests.support.objects.aws_texts import Form, has_form
from tests.support.template.provider_template import resources, template
from tests.template.test_rights_used import operations_in, parsed, sources

TOLD = re.compile(r"(description|name|startedBy|family|identifier)$", re.IGNORECASE)
"""Parameters in which the provider writes words of its own."""
NAMES_OF_OTHERS = {
    "DBClusterParameterGroupName",
    "DBParameterGroupFamily",
    "DBSubnetGroupName",
    "DatabaseName",
    "MasterUsername",
    "SourceDBClusterIdentifier",
}
"""Made by an operation that has its form, or a constant of RDS's own."""
PRINTABLE = r"[\x20-\x7E]"
IAM_TEXT = r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]"

OF_TYPE = {
    ("AWS::IAM::Role", "Description"): Form(IAM_TEXT + "{0,1000}", "IAM API, CreateRole"),
    ("AWS::IAM::ManagedPolicy", "Description"): Form(
        PRINTABLE + "{0,1000}", "IAM API, CreatePolicy: 1,000 characters"
    ),
    ("AWS::Serverless::Function", "Description"): Form(
        PRINTABLE + "{0,256}", "Lambda API, CreateFunction: 256 characters"
    ),
    ("AWS::SSM::Parameter", "Description"): Form(
        PRINTABLE + "{0,1024}", "Systems Manager API, PutParameter: 1,024 characters"
    ),
    ("AWS::CloudWatch::Alarm", "AlarmDescription"): Form(
        PRINTABLE + "{0,1024}", "CloudWatch API, PutMetricAlarm: 1,024 characters"
    ),
}
OF_TEMPLATE = Form(PRINTABLE + "{1,1024}", "CloudFormation quotas: 1,024 bytes")
OF_PARAMETER = Form(PRINTABLE + "{1,4000}", "CloudFormation, Parameters: 4,000 characters")
OF_APPLICATION = {
    "Name": Form(r"[a-zA-Z0-9-]{1,140}", "SAM metadata section, AWS::ServerlessRepo::Application"),
    "Description": Form(PRINTABLE + "{1,256}", "as above"),
    "Author": Form(r"(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", "as above"),
    "SpdxLicenseId": Form(r"[A-Za-z0-9.+-]{1,127}", "as above"),
}


def texts(kind: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a property, by logical id, its substitutions as long as they can be."""
    for name, body in resources(kind).items():
        found: Any = body["Properties"].get(key)
        if found is not None:
            text = str(found["Fn::Sub"] if isinstance(found, dict) else found)
            yield name, re.sub(r"\$\{[^}]*\}", "x" * 32, text)


@pytest.mark.parametrize(("kind", "key"), OF_TYPE)
def test_a_resources_text_is_one_that_its_service_takes(kind: str, key: str) -> None:
    found = dict(texts(kind, key))
    form = re.compile(OF_TYPE[kind, key].pattern)
    assert found
    assert not [name for name, text in found.items() if not form.fullmatch(text)]


def test_every_description_in_the_template_has_a_form() -> None:
    described = {
        (body["Type"], key)
        for body in template()["Resources"].values()
        for key in body.get("Properties", {})
        if key.endswith("Description")
    }
    assert described == set(OF_TYPE)


def test_the_templates_own_texts_are_ones_that_cloudformation_takes() -> None:
    own = [template()["Description"]]
    own += [output["Description"] for output in template()["Outputs"].values()]
    assert not [text for text in own if not re.fullmatch(OF_TEMPLATE.pattern, text)]
    asked = [parameter["Description"] for parameter in template()["Parameters"].values()]
    assert not [text for text in asked if not re.fullmatch(OF_PARAMETER.pattern, text)]


def test_the_applications_texts_are_ones_that_its_repository_takes() -> None:
    application = template()["Metadata"]["AWS::ServerlessRepo::Application"]
    for key, form in OF_APPLICATION.items():
        assert re.fullmatch(form.pattern, application[key]), key
    labels = application["Labels"]
    assert len(labels) <= 10
    assert not [one for one in labels if not re.fullmatch(r"[a-zA-Z0-9+\-_:/@]{1,127}", one)]


def writes() -> Iterator[tuple[str, Shape]]:
    """Yield the text parameters that the source gives to what makes something."""
    session = botocore.session.get_session()
    called = {pair for path in sources() for pair in operations_in(path)}
    nodes = [node for path in sources() for node in ast.walk(parsed(path))]
    given = {node.arg for node in nodes if isinstance(node, ast.keyword)}
    given |= {str(node.value) for node in nodes if isinstance(node, ast.Constant)}
    for service, operation in sorted(called):
        model = session.get_service_model(service)
        shape = model.operation_model(operation).input_shape
        if not operation.startswith(("Create", "Put", "Register", "Restore", "Run")) or not shape:
            continue
        for name, member in shape.members.items():
            if member.type_name == "string" and name in given and TOLD.search(name):
                yield f"{model.endpoint_prefix}.{operation}.{name}", member


def test_every_text_that_the_source_can_send_has_a_form() -> None:
    found = dict(writes())
    assert {"ec2.CreateSecurityGroup.Description", "iam.CreateRole.Description"} <= set(found)
    without = {path for path, shape in found.items() if not has_form(path, shape)}
    assert not {path for path in without if path.rpartition(".")[2] not in NAMES_OF_OTHERS}
