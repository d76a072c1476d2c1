"""GitHub's workflows run the project's own make targets, with no more rights than they need."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.template.provider_template import ROOT
from tests.support.tools.workflow_linter import faults

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
EACH = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
RUNNERS = {"ubuntu-24.04"}
"""A runner by its release: `latest` moves."""


def read(path: Path) -> dict[str, Any]:
    """Return a workflow; YAML 1.1 takes its key `on` for a boolean."""
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in found.items()}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow by their names."""
    found: dict[str, dict[str, Any]] = read(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each step of each job."""
    for job in jobs(path).values():
        yield from job.get("steps", [])


def targets(path: Path) -> set[str]:
    """Return the make targets that a workflow runs."""
    return set(
        re.findall(r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for step in steps(path)))
    )


@EACH
def test_actionlint_finds_nothing_in_a_workflow(path: Path) -> None:
    assert faults([path]) == []


def test_actionlint_would_find_a_misspelt_expression(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOWS[-1].read_text().replace("matrix.python", "matrix.pyton"))
    assert any("pyton" in fault for fault in faults([wrong]))


@EACH
def test_each_make_target_of_a_workflow_is_in_the_makefile(path: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets(path)
    assert targets(path) <= known


@EACH
def test_each_action_is_pinned_by_its_commit_with_its_release_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())
    others = [(name, beside) for name, beside in used if not name.startswith("./")]
    assert others
    for name, beside in others:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", beside)


def test_an_action_has_one_commit_in_all_workflows() -> None:
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (\S+@.*)", path.read_text())}
    assert len({use.partition("@")[0] for use in used}) == len(used)


@EACH
def test_a_workflow_may_only_read_unless_a_job_says_why(path: Path) -> None:
    assert read(path)["permissions"] == {"contents": "read"}
    wider = re.findall(r"^ +[\w-]+: write(.*)$", path.read_text(), re.MULTILINE)
    assert all(re.match(r" # to ", reason) for reason in wider)
    assert bool(wider) == (path.stem == "release")


@EACH
def test_each_job_runs_on_a_known_runner_and_ends(path: Path) -> None:
    for name, job in jobs(path).items():
        if "uses" not in job:  # a workflow that is called has its own
            assert job["runs-on"] in RUNNERS, name
            assert job["timeout-minutes"] <= 150, name


@EACH
def test_no_checkout_leaves_its_token_in_the_clone(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


def test_the_tests_run_on_each_change_with_the_oldest_python_that_is_promised() -> None:
    workflow = GITHUB / "workflows" / "test.yml"
    assert {"push", "pull_request"} <= set(read(workflow)["on"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pythons = jobs(workflow)["test"]["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert project["requires-python"] == f">={pythons[0]}"


def test_a_release_is_tested_audited_and_published_with_its_bill_of_materials() -> None:
    release = GITHUB / "workflows" / "release.yml"
    assert read(release)["on"] == {"push": {"tags": ["v*"]}}
    assert targets(release) == {"version", "audit", "test-long", "sbom", "publish"}
    assert jobs(release)["publish"]["needs"] == ["test", "test-long"]
    assert "*.cdx.json" in jobs(release)["publish"]["steps"][-1]["run"]


def test_the_audit_runs_every_week_and_fails_without_an_answer() -> None:
    audit = GITHUB / "workflows" / "audit.yml"
    (schedule,) = read(audit)["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])
    assert "make audit MUST_ANSWER=1" in [step.get("run") for step in steps(audit)]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_each_issue_form_has_what_github_asks_for(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    if path.stem == "config":
        assert all(set(link) == {"name", "url", "about"} for link in form["contact_links"])
        return
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(set(ids)) == len(ids) > 0
    assert all(field["attributes"]["label"] for field in fields)


def test_the_hooks_before_a_commit_are_the_projects_own_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == ["make lint"]
