"""What a person reads in a pipe and in a terminal, and what a program reads."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cfn_mlflow_watch.as_json import Json
from cfn_mlflow_watch.follow import Watch
from cfn_mlflow_watch.items import Ended, Item
from cfn_mlflow_watch.lines import Lines
from cfn_mlflow_watch.live import Terminal
from cfn_mlflow_watch.view import view_for
from tests.support.watch.recorded import START, Recorded
from tests.support.watch.stories import back, begun, made, nested_begins, nothing, update_rolls_back

PAGE = Path(__file__).resolve().parents[2] / "docs" / "watching.md"
PROMISED = re.compile(r"^\| `(\w+)` \| [^|]* \| (`[^|]*) \|$", re.M)
WIDTH, HEIGHT = 60, 12


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are told as of here: of one place in the tests."""
    import time  # noqa: PLC0415 - only for the zone

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def items(*steps: Callable[[Recorded], None]) -> list[Item]:
    story = Recorded(*steps)
    client: Any = story
    return list(Watch(client, client, sleep=story.pause).items("tracking"))


def in_lines(*steps: Callable[[Recorded], None]) -> str:
    out = io.StringIO()
    for item in items(*steps):
        Lines(out, "http://127.0.0.1:4566").show(item)
    return out.getvalue()


def test_in_a_pipe_each_thing_is_a_line_and_the_outputs_come_last() -> None:
    assert in_lines(begun, made, nothing) == (
        "tracking: create, in account 123456789012, eu-west-1 at http://127.0.0.1:4566, "
        "since 12:00:00\n"
        "12:00:00  CREATE_IN_PROGRESS           tracking  (AWS::CloudFormation::Stack)  "
        "User Initiated\n"
        "12:00:01  CREATE_IN_PROGRESS           MLflow  (Custom::MLflow)\n"
        "12:00:03    MLflow: database cluster: creating, 0 s\n"
        "12:00:04    MLflow: database cluster: done, 4 s\n"
        "12:00:05  CREATE_COMPLETE              MLflow  (Custom::MLflow)\n"
        "12:00:06  CREATE_COMPLETE              tracking  (AWS::CloudFormation::Stack)\n"
        "\n"
        "tracking is CREATE_COMPLETE after 6 s, 2026-03-01 12:00:06.\n"
        "  TrackingUri  http://tracking.example\n"
    )


def test_a_failure_ends_in_the_cause_its_log_and_the_next_step() -> None:
    assert in_lines(update_rolls_back, back, nothing).endswith(
        "\ntracking is UPDATE_ROLLBACK_COMPLETE after 8 s, 2026-03-01 12:00:08.\n"
        "Cause: MLflow (Custom::MLflow): [ImageNotPullable] ECS service: no such image. Name it.\n"
        "       its log: /aws/lambda/cfn-mlflow-MLflow\n"
        "Next:  The stack is as it was before the update. Mend the cause, then update it again.\n"
    )


def complete(story: Recorded) -> None:
    begun(story)
    made(story)


def test_a_stack_at_rest_is_told_with_its_account_and_region() -> None:
    at = "account 123456789012, eu-west-1 at http://127.0.0.1:4566"
    assert in_lines(complete).startswith(f"tracking: at rest, in {at}\n\ntracking is CREATE")


def test_a_program_reads_where_a_stack_at_rest_is() -> None:
    out = io.StringIO()
    for item in items(complete):
        Json(out, "http://127.0.0.1:4566").show(item)
    told = json.loads(out.getvalue())
    where = [told["account"], told["region"], told["endpoint"]]
    assert where == ["123456789012", "eu-west-1", "http://127.0.0.1:4566"]


def test_every_fault_that_the_log_names_is_a_line_of_its_own() -> None:
    def faulty(story: Recorded) -> None:
        begun(story)
        story.line("Invalid properties", level="ERROR", faults=["VpcId: missing", "Tag: too long"])

    lines = in_lines(faulty, made, nothing).splitlines()

    at = next(number for number, line in enumerate(lines) if "Invalid properties" in line)
    assert [line.strip() for line in lines[at + 1 : at + 3]] == [
        "- VpcId: missing",
        "- Tag: too long",
    ]


def terminal(steps: list[Item], width: int = WIDTH) -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=width, height=HEIGHT, color_system=None)
    shown = Terminal(console, now=lambda: START + timedelta(seconds=65))
    for item in steps:
        shown.show(item)
    return shown, out


def test_in_a_terminal_the_block_shows_what_is_waited_for_and_how_long_so_far() -> None:
    shown, _ = terminal(items(begun, made, nothing)[:4])
    shown.close()

    assert shown.block().plain.splitlines() == [
        "",
        "tracking  CREATE_IN_PROGRESS  1 min 5 s",
        "  MLflow (Custom::MLflow)  1 min 4 s",
        "    database cluster  1 min 3 s  creating",
    ]


def test_the_block_keeps_within_the_terminal() -> None:
    def many(story: Recorded) -> None:
        nested_begins(story)
        for number in range(30):
            story.event(
                f"ResourceOfALongNameWithANumberBehindItAtItsEnd{number}", "CREATE_IN_PROGRESS"
            )

    story = items(many, lambda story: story.stack("CREATE_COMPLETE"), nothing)
    shown, _ = terminal([item for item in story if not isinstance(item, Ended)])
    shown.close()

    rows = shown.block().plain.splitlines()
    assert len(rows) <= HEIGHT - 2
    assert max(map(len, rows)) <= WIDTH
    assert rows[-1] == "  and 27 more"


def test_at_the_end_of_a_terminal_the_block_is_gone_and_the_rest_stays() -> None:
    _, out = terminal(items(begun, made, nothing), width=200)

    written = out.getvalue()
    assert "\x1b[2K" in written
    end = written[written.rindex("\x1b[2K") :]
    assert "TrackingUri  http://tracking.example" in end
    assert "creating" not in end


@pytest.mark.parametrize("variable", ["NO_COLOR", "nothing"])
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv(variable, "1")
    out = Tty()
    view = view_for(out)
    for item in items(begun, made, nothing):
        view.show(item)

    assert isinstance(view, Terminal)
    assert bool(re.search(r"\x1b\[[0-9;]*3\dm", out.getvalue())) is (variable == "nothing")


def test_no_terminal_gets_no_escape_sequences() -> None:
    out = io.StringIO()
    view = view_for(out)
    for item in items(begun, made, nothing):
        view.show(item)

    assert "\x1b" not in out.getvalue()


def test_the_objects_for_programs_have_the_keys_that_the_page_promises() -> None:
    def of_every_kind(story: Recorded) -> None:
        update_rolls_back(story)
        story.line("Invalid properties", level="ERROR", faults=["VpcId: missing"])
        story.line("database cluster: x, 0 s", waits_for="a", state="x", since="2026-03-01T12:00Z")

    out = io.StringIO()
    story = Recorded(of_every_kind, back, nothing)
    client: Any = story
    view = Json(out, "http://127.0.0.1:4566")
    for item in Watch(client, client, sleep=story.pause, wait_for_start=True).items("tracking"):
        view.show(item)
    objects = [json.loads(line) for line in out.getvalue().splitlines()]

    promised = {
        kind: re.findall(r"`(\w+)`", keys) for kind, keys in PROMISED.findall(PAGE.read_text())
    }
    assert set(promised) - {"notice"} == {one["kind"] for one in objects}
    for one in objects:
        assert list(one) == ["kind", *promised[one["kind"]]]
    assert objects[-1]["succeeded"] is False
    assert set(objects[-1]["causes"][0]) == {
        "path",
        "type",
        "reason",
        "code",
        "log_group",
        "faults",
    }
    assert objects[-1]["causes"][0]["code"] == "ImageNotPullable"
    failed = next(one for one in objects if one["kind"] == "event" and one["code"])
    assert (failed["path"], failed["code"]) == ("MLflow", "ImageNotPullable")
