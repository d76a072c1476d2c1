"""Given what the pages say, then it is so: commands, links, the example, the picture."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from cfn_mlflow_watch.items import Event
from cfn_mlflow_watch.resource_types import log_group
from tests.support.template.provider_template import ROOT, properties, template
from tools import draw_architecture, draw_rooms

README = (ROOT / "README.md").read_text()
INSTALLING = (ROOT / "docs" / "installing.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HEADING = 'AWSTemplateFormatVersion: "2010-09-09"\n'


def linted(template_file: Path) -> subprocess.CompletedProcess[str]:
    """Run cfn-lint as a user of the project would, with its .cfnlintrc."""
    return subprocess.run(  # noqa: S603 - the project's own environment
        [
            str(Path(sys.executable).with_name("cfn-lint")),
            "--regions",
            "eu-west-1",
            "--",
            str(template_file),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_readmes_example_passes_the_linter_with_our_rules(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example.yaml").write_text(HEADING + example)
    found = linted(tmp_path / "example.yaml")
    assert found.returncode == 0, found.stdout


def test_the_linter_would_have_told_of_a_fault_in_it(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example.yaml").write_text(HEADING + example.replace("VpcId", "VpcID"))
    assert "VpcID" in linted(tmp_path / "example.yaml").stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_command_of_a_page_is_a_target(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", page.read_text(), re.MULTILINE))
    assert named <= targets


def test_make_help_tells_of_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    told = set(re.findall(r"printf 'make ([a-z-]+) ", makefile))
    assert told == set(phony.split()) - {"help", "FORCE"}  # FORCE only lets others run each time


def test_the_command_that_watches_is_the_one_that_is_installed() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for page in (README, *(path.read_text() for path in PAGES if "--from" in path.read_text())):
        assert set(re.findall(r"(?:--from|--spec) \S+ (cfn[\w-]+)", page)) == set(scripts)


@pytest.mark.parametrize("kind", ["", "Bucket", "Database", "Service", "Schema"])
def test_the_command_that_watches_reads_the_log_of_each_types_function(kind: str) -> None:
    name = properties(f"MLflow{kind}Logs")["LogGroupName"]["Fn::Sub"]
    provider = template()["Parameters"]["ProviderName"]["Default"]
    now = datetime.now(UTC)
    event = Event("1", now, "s", "M", "M", "", f"Custom::MLflow{kind}", "CREATE_IN_PROGRESS", "")
    assert log_group(event) == name.replace("${ProviderName}", provider)


def test_sam_is_told_of_parameters_that_the_template_has() -> None:
    told = re.findall(r"\b([A-Z]\w+)=([\w.]+)", INSTALLING)
    assert {name for name, _ in told} == {"Runtime", "Architecture"}
    for name, value in told:
        assert value in template()["Parameters"][name]["AllowedValues"]


NAMES = ("RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName")
RESOURCE_POLICIES = {
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::IAM::Policy",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}


def test_the_docs_name_the_capabilities_that_the_application_repository_asks_for() -> None:
    """Serverless Application Repository developer guide, Acknowledging application capabilities."""
    found = template()["Resources"].values()
    kinds = {body["Type"] for body in found}
    named = any(name in body.get("Properties", {}) for body in found for name in NAMES)
    asked = {"CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"}
    asked |= {"CAPABILITY_RESOURCE_POLICY"} if RESOURCE_POLICIES & kinds else set()
    assert set(re.findall(r"CAPABILITY_[A-Z_]+", INSTALLING)) == asked


@pytest.mark.parametrize("program", [draw_architecture, draw_rooms])
def test_a_picture_is_what_its_program_draws(program: ModuleType) -> None:
    assert program.TARGET.read_text() == program.drawing()


def test_every_decision_can_be_found_by_its_number() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:5] for page in pages]
    # Decisions that are made side by side do not come in the order of their numbers.
    assert all(re.fullmatch(r"\d{4}-", number) for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert not [page.name for page in pages if "Decision" not in page.read_text()]
    titles = [page.read_text().splitlines()[0] for page in pages]
    assert [title.split(". ")[0] for title in titles] == [f"# {int(n[:4])}" for n in numbers]


LONGEST_LINE = 112


def prose(page: Path) -> list[tuple[int, str]]:
    """Return the lines of a page that are neither a table's nor shown as they are typed."""
    fenced, found = False, []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith(("|", "    ")):
            found.append((number, line))
    return found


def test_no_line_of_prose_is_longer_than_an_editor_shows() -> None:
    pages = [page for page in PAGES if page.parent.name != "decisions"]
    long = [
        f"{page.name}:{number}"
        for page in pages
        for number, line in prose(page)
        if len(line) > LONGEST_LINE and "](" not in line and "http" not in line
    ]
    assert not long


def test_what_pip_installs_goes_into_an_environment() -> None:
    """Debian's own Python refuses `pip install` outside of one (PEP 668)."""
    places = [
        (page.name, place)
        for page in PAGES
        if page.parent.name != "decisions"
        for place in page.read_text().split("\n\n")
        if re.search(r"(?:^ +|`)pip install ", place, re.MULTILINE)
    ]
    assert {name for name, _ in places} == {"installing.md", "other-tools.md", "tutorial.md"}
    for name, place in places:
        assert "virtual environment" in place or "-m venv" in place, name
