"""What the demo says at its steps and at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo import next_steps
from demo.report import Report


def test_a_kept_mlflow_is_named_by_its_run_its_address_and_the_next_commands() -> None:
    said = next_steps.running("http://127.0.0.2:80", {"experiment_id": "1", "run_id": "a0"}, "mine")

    assert "http://127.0.0.2:80/#/experiments/1/runs/a0\n" in said
    assert "export MLFLOW_TRACKING_URI=http://127.0.0.2:80\n" in said
    assert "make watch STACK=mine\n" in said
    assert "source .local/env\n" in said
    assert said.endswith("make local-stop")


def test_only_the_functions_calls_are_counted_as_theirs() -> None:
    made = [
        {"service": "rds", "action": "CreateDBCluster", "caller": "cfn-mlflow-MLflow", "count": 2},
        {"service": "rds", "action": "DescribeDBClusters", "caller": "x-MLflow", "count": 40},
        {"service": "s3", "action": "ListBuckets", "caller": "", "count": 7},
    ]

    assert "The functions made 42 AWS calls, of 2 kinds: calls.json" in next_steps.calls(
        made, Path("calls.json")
    )


@pytest.mark.parametrize(
    ("runs", "words"), [(True, "`make local-stop` ends it"), (False, "`make demo KEEP=1`")]
)
def test_a_demo_that_fails_says_why_where_the_logs_are_and_what_to_do(
    runs: bool, words: str
) -> None:
    said = next_steps.failed(ValueError("the run is not there"), Path("logs"), runs=runs)

    assert said.startswith("Not shown: the run is not there\nLogs of all that ran: logs\n")
    assert words in said


def test_each_step_has_its_number_what_it_showed_and_its_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = Report(steps=2)
    with report.step("it starts", doing="starting") as shown:
        shown.append("it answers")
    with report.step("it ends"):
        pass

    said = capsys.readouterr().out
    assert said == "\n== 1 of 2: it starts\n   it answers\n\n== 2 of 2: it ends\n"
    lines = report.table().splitlines()
    assert [line.split("  ")[1] for line in lines[1:]] == ["it starts", "it ends", "all of it"]
