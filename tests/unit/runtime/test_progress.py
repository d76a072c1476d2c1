from __future__ import annotations

import pytest

from cfn_mlflow.runtime.progress import Progress, Wait, duration
from tests.support.cloudformation.protocol_kit import FakeTime


def progress_of(time: FakeTime, waits: dict[str, Wait] | None = None) -> tuple[Progress, list[str]]:
    told: list[str] = []

    def tell(message: str, /, **_: str) -> None:
        told.append(message)

    return Progress(tell, time.now, waits or {}, time.at), told


def test_a_change_is_told_once_with_the_time_since_it_was_first_waited_for() -> None:
    time = FakeTime()
    telling, told = progress_of(time)

    assert telling.note({"database instance": "requested"})
    time.sleep(20)
    assert not telling.note({"database instance": "requested"})
    time.sleep(20)
    assert telling.note({"database instance": "creating"})

    assert told == ["database instance: requested, 0 s", "database instance: creating, 40 s"]


def test_a_state_has_a_beginning_of_its_own_and_keeps_it_in_the_next_invocation() -> None:
    time = FakeTime()
    first, _ = progress_of(time)
    first.note({"a": "x"})
    time.sleep(20)
    first.note({"a": "y"})
    time.sleep(20)
    first.note({"a": "y"})
    second, _ = progress_of(time, dict(first.waits))
    second.note({"a": "y"})

    began = time.at - 40
    assert second.waits == first.waits == {"a": Wait("y", began, began + 20)}


def test_what_is_over_is_told_with_how_long_it_took() -> None:
    time = FakeTime()
    telling, told = progress_of(time)

    telling.note({"a": "x", "b": "y"})
    time.sleep(5)
    assert telling.note({"b": "y"})

    assert told[2:] == ["a: done, 5 s"]


def test_each_minute_shows_that_it_still_waits() -> None:
    time = FakeTime()
    telling, told = progress_of(time)

    for _ in range(20):
        telling.note({"a": "x"})
        time.sleep(10)

    assert told == ["a: x, 0 s", "a: x, 1 min", "a: x, 2 min", "a: x, 3 min"]


def test_the_next_invocation_goes_on_where_the_last_one_ended() -> None:
    time = FakeTime()
    first, _ = progress_of(time)
    first.note({"a": "x"})
    time.sleep(200)
    second, told = progress_of(time, dict(first.waits))

    assert not second.note({"a": "x"})
    assert second.note({"a": "y"})

    assert told == ["a: y, 3 min 20 s"]


def test_a_line_holds_what_is_waited_for_its_state_and_since_when_as_keys() -> None:
    time, keys = FakeTime(), list[dict[str, str]]()
    time.at = 1_767_225_600.0

    def tell(_: str, /, **told: str) -> None:
        keys.append(told)

    telling = Progress(tell, time.now, {}, time.at)
    telling.note({"database instance": "creating"})
    time.sleep(90)
    telling.note({})

    since = "2026-01-01T00:00:00+00:00"
    assert keys == [
        {"waits_for": "database instance", "state": "creating", "since": since},
        {"waits_for": "database instance", "state": "done", "since": since},
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (3600, "1 h")],
)
def test_a_span_of_time_is_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
