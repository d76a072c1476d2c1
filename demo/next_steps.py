"""What the demo says at its end: where MLflow is, and what to type next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def running(url: str, logged: Mapping[str, Any], stack: str) -> str:
    """Return where a kept MLflow is found; `url` is for programs without the proxy."""
    run = f"{url}/#/experiments/{logged['experiment_id']}/runs/{logged['run_id']}"
    return f"""It runs on:
  the run in a browser     {run}
  for an MLflow client     export MLFLOW_TRACKING_URI={url}
  its stack, once more     make watch STACK={stack}
  for the AWS CLI          source .local/env
  end it                   make local-stop"""


def gone(stack: str) -> str:
    """Return what to do after a demo that has removed everything."""
    return f"""Nothing runs any more. Next:
  make demo KEEP=1         leaves the MLflow of {stack} running, with a link to the run
  make local               a local AWS for stacks of your own
  README.md                the same in an account of yours"""


def calls(made: list[dict[str, Any]], place: Path) -> str:
    """Return how many calls the functions made, and what the list of them is for."""
    ours = [call for call in made if call["caller"]]
    count = sum(call["count"] for call in ours)
    return (
        f"The functions made {count} AWS calls, of {len(ours)} kinds: {place} lists them,\n"
        "for whoever checks which rights the functions need."
    )


def failed(error: Exception, logs: Path, *, runs: bool) -> str:
    """Return what could not be shown, why, and where to look."""
    look = (
        "It still runs, to be looked into: `make status`, `make watch STACK=NAME`; "
        "`make local-stop` ends it."
        if runs
        else "Nothing runs any more; `make demo KEEP=1` leaves it to be looked into."
    )
    return f"Not shown: {error}\nLogs of all that ran: {logs}\n{look}"
