"""The states of a database: which pass by themselves, and what is to be done in each."""

from __future__ import annotations

from cfn_mlflow.schema_check.check import State


def test_each_state_but_current_says_what_to_do_in_few_bytes() -> None:
    for state in State:
        assert (state is State.CURRENT) != bool(state.advice)
        assert len(state.advice.encode()) <= 240


def test_states_that_pass_by_themselves_are_those_of_a_busy_or_sleeping_database() -> None:
    passing = {str(state) for state in State if state.retryable}
    assert passing == {"locked", "paused", "unreachable", "waking"}


def test_schema_is_spoken_of_only_in_states_in_which_it_was_read() -> None:
    unread = {str(state) for state in State if not state.read}
    assert unread == {"paused", "refused", "stopped", "unreachable", "waking"}
