"""Draw docs/rooms.svg: the rooms of the code, and a request's walk. Run it after a change.

    python -m tools.draw_rooms

A test compares the picture with what this draws.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

from tools.draw_architecture import (
    BLUE,
    GREEN,
    NAME,
    ORANGE,
    PURPLE,
    SMALL,
    Hue,
    Point,
    Rect,
    Style,
    arrow,
    box,
    heads,
    text,
)

TARGET = Path(__file__).resolve().parent.parent / "docs" / "rooms.svg"
WIDTH, HEIGHT = 1120, 884
LEFT, RIGHT, TOP = 40, 1080, 148
FLOOR, GAP = 62, 10

GREY = Hue("#475569", "#f8fafc")
ROOM = Style(size=15, weight=600, anchor="start", font="'DejaVu Sans Mono', Menlo, monospace")
BESIDE = replace(SMALL, size=13, anchor="start")
LABEL = replace(NAME, size=13)

WALK = (
    ("event", BLUE),
    ("properties", ORANGE),
    ("graph", ORANGE),
    ("converge", PURPLE),
    ("AWS objects", GREEN),
    ("attributes", ORANGE),
    ("answer", BLUE),
)
"""What a request comes to, in its order; the colour is that of the room."""

FLOORS: tuple[tuple[tuple[str, str, Hue, tuple[int, ...]], ...], ...] = (
    (("functions/*.py", "which function is this?", GREY, ()),),
    (("types/", "what is this resource type made of?", ORANGE, (2, 3, 6)),),
    (
        ("deep_check/", "does each task serve?", GREY, ()),
        ("rotation/", "how does a login change?", GREY, ()),
        ("schema_check/", "is the schema right?", GREY, ()),
    ),
    (("upgrade/", "how does an upgrade go?", GREY, ()),),
    (
        ("postgres/", "what is inside the database?", GREY, ()),
        ("direct_invocation/", "who may ask without CloudFormation?", GREY, ()),
    ),
    (("aws/<service>/", "what does this AWS service hold?", GREEN, (5,)),),
    (
        ("engine/", "how does a graph become real?", PURPLE, (4,)),
        ("cloudformation/", "how does a request come in, its answer go out?", BLUE, (1, 7)),
    ),
    (("runtime/", "what does an invocation have?", GREY, ()),),
    (
        ("releases/", "what does a release declare?", GREY, ()),
        ("outcome.py", "what can one look come to?", GREY, ()),
        ("reserved_tags.py", "which tags are not the user's?", GREY, ()),
    ),
    (("reason.py", "why did something fail?", GREY, ()),),
)
"""The rooms, floor by floor from the top: path, question, colour, stations of the walk."""


def station(at: Point, number: int, hue: Hue) -> str:
    """Return a station of the walk: its number in a disc."""
    x, y = at
    disc = f'<circle cx="{x:g}" cy="{y:g}" r="12" fill="{hue.strong}"/>'
    return disc + text((x, y + 5), str(number), replace(LABEL, colour="#ffffff"))


def walk() -> list[str]:
    """Return the strip at the top: the stations one after the other."""
    step = (RIGHT - LEFT) / len(WALK)
    shapes = []
    for index, (name, hue) in enumerate(WALK):
        x = LEFT + index * step
        shapes.append(box(Rect(x, 74, step - 26, 46), edge=hue.strong, fill=hue.pale))
        shapes.append(station((x + 20, 97), index + 1, hue))
        shapes.append(text((x + 38, 102), name, replace(LABEL, anchor="start")))
        if index:
            shapes.append(arrow(GREY, (x - 24, 97), (x - 2, 97)))
    return shapes


def rooms() -> list[str]:
    """Return the floors, the topmost first."""
    shapes = []
    for row, floor in enumerate(FLOORS):
        width = (RIGHT - LEFT + GAP) / len(floor)
        y = TOP + row * (FLOOR + GAP)
        for column, (path, question, hue, stations) in enumerate(floor):
            x = LEFT + column * width
            shapes.append(box(Rect(x, y, width - GAP, FLOOR), edge=hue.strong, fill=hue.pale))
            shapes.append(text((x + 18, y + 27), path, ROOM))
            shapes.append(text((x + 18, y + 48), question, BESIDE))
            for place, number in enumerate(reversed(stations)):
                shapes.append(station((x + width - GAP - 28 - 32 * place, y + 31), number, hue))
    return shapes


def drawing() -> str:
    """Return the whole picture as SVG, on a ground of its own for light and dark pages."""
    label = "The rooms of the code, and the walk of a request through them"
    heading = "A request walks through the rooms; a room imports only from floors below it"
    shapes = [
        box(Rect(4, 4, WIDTH - 8, HEIGHT - 8), edge="#e2e8f0"),
        text((LEFT, 48), heading, Style(size=20, weight=600, anchor="start")),
        *walk(),
        *rooms(),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(label)}">',
            f"<defs>{heads((BLUE, ORANGE, GREEN, PURPLE, GREY))}</defs>",
            *shapes,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(drawing())
