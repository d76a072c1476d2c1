"""Which view shows a watch: JSON, a terminal's, or plain lines."""

from __future__ import annotations

from typing import Protocol, TextIO

from rich.console import Console

from cfn_mlflow_watch.as_json import Json
from cfn_mlflow_watch.items import Item
from cfn_mlflow_watch.lines import Lines
from cfn_mlflow_watch.live import Terminal


class View(Protocol):
    """Shows the items of a watch."""

    def show(self, item: Item) -> None:
        """Show one item."""

    def close(self) -> None:
        """Leave the terminal as it was."""


def view_for(out: TextIO, *, as_json: bool = False, endpoint: str = "") -> View:
    """Return the view for where it writes to; NO_COLOR and TERM=dumb are heeded."""
    if as_json:
        return Json(out, endpoint)
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return Terminal(console, endpoint)
    return Lines(out, endpoint)
