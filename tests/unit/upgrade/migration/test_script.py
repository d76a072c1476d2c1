"""How the migration's script connects and ends. tests/lifecycle runs the script itself."""

from __future__ import annotations

import pytest

from cfn_mlflow.upgrade.migration import result as results
from cfn_mlflow.upgrade.migration import script
from cfn_mlflow.upgrade.migration.script import EXIT_CODES


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("connection failed: timeout expired", 300), ("connection failed: Connection refused", 90)],
)
def test_a_database_that_gives_no_answer_is_tried_for_longer_than_one_that_says_no(
    monkeypatch: pytest.MonkeyPatch, words: str, seconds: int
) -> None:
    class Driver:
        OperationalError = OSError
        tries = 0

        def connect(self, *_: object, **__: object) -> None:
            self.tries += 1
            raise OSError(words)

    driver, clock = Driver(), iter(range(10_000))
    monkeypatch.setattr("cfn_mlflow.upgrade.migration.script.time.monotonic", lambda: next(clock))
    monkeypatch.setattr("cfn_mlflow.upgrade.migration.script.time.sleep", lambda _: None)
    with pytest.raises(script.End, match="unreachable"):
        script.connect(driver)
    assert driver.tries == seconds + 1


def test_every_exit_code_but_the_common_ones_tells_one_outcome() -> None:
    own = [code for code in EXIT_CODES.values() if code != 0]
    assert len(set(own)) == len(own)
    assert set(EXIT_CODES) < set(results._WORDS)
