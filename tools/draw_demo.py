"""Draws docs/demo.svg: a terminal in which `make demo` runs, at the moment of a wait.

What is drawn is what the run wrote, in the colours that it chose. From the project's folder:

    uv run --no-project --with pyte==0.8.2 --with rich==15.0.0 python -m tools.draw_demo
"""

from __future__ import annotations

import io
import itertools
import os
import pty
import re
import select
import signal
import struct
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.style import Style
from rich.text import Text

TARGET = Path(__file__).resolve().parent.parent / "docs" / "demo.svg"
COLUMNS, ROWS = 104, 36
MOMENT = re.compile(r"ECS service +\d\d s .*starting")
"""What stands in the terminal at the moment that is drawn."""
FOREIGN_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def main() -> None:
    """Run the demo, draw it, and end it."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.pop("NO_COLOR", None)
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS), LINES=str(ROWS))
        os.execvp("make", ["make", "demo"])  # noqa: S606, S607 - the project's own target
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    try:
        for written in _until_quiet(terminal):
            stream.feed(written)
            if any(MOMENT.search(line) for line in screen.display):
                TARGET.write_text(_drawing(screen))
                return
    finally:
        os.kill(pid, signal.SIGINT)
        for _ in _until_quiet(terminal):
            pass
        os.waitpid(pid, 0)
    shown = "\n".join(screen.display)
    raise SystemExit(f"The demo ended before the moment that is drawn:\n{shown}")


def _until_quiet(terminal: int) -> Iterator[bytes]:
    """Give what is written, cut where nothing more comes at once: between two frames."""
    written = b""
    while True:
        if written and not select.select([terminal], [], [], 0.1)[0]:
            yield written
            written = b""
        try:
            written += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            return


def _drawing(screen: pyte.Screen) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    lines = [_line(screen, row) for row in range(ROWS)]
    while lines and not lines[-1].plain.strip():
        lines.pop()
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop")
    # A picture asks for no font from elsewhere.
    form = FOREIGN_FONTS.sub("", CONSOLE_SVG_FORMAT).replace("Fira Code", "DejaVu Sans Mono")
    return console.export_svg(title="make demo", code_format=form, unique_id="demo")


def _line(screen: pyte.Screen, row: int) -> Text:
    line = Text()
    cells = [screen.buffer[row][column] for column in range(COLUMNS)]
    for (colour, bold), alike in itertools.groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
        # What ANSI calls yellow, pyte calls brown.
        seen = None if colour == "default" else colour.replace("brown", "yellow")
        line.append("".join(cell.data for cell in alike), Style(color=seen, bold=bold))
    line.rstrip()
    return line


if __name__ == "__main__":
    main()
