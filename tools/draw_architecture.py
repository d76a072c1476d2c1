"""Draw docs/architecture.svg: from a stack to an MLflow. Run it after a change; a test compares.

All lengths are pixels of the drawing; a point is (x, y) from the upper left corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import NamedTuple

TARGET = Path(__file__).resolve().parent.parent / "docs" / "architecture.svg"
WIDTH, HEIGHT = 1280, 700

INK, MUTED, LINE, PAPER = "#1f2937", "#5b6675", "#94a3b8", "#ffffff"
SANS = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MONO = "'DejaVu Sans Mono', Menlo, Consolas, monospace"

Point = tuple[float, float]


class Rect(NamedTuple):
    """A rectangle by its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Hue(NamedTuple):
    """A colour for edges and words, and its pale one for grounds."""

    strong: str
    pale: str


BLUE = Hue("#1d4ed8", "#eff4ff")
ORANGE = Hue("#c2560c", "#fff4ea")
GREEN = Hue("#15803d", "#effaf2")
PURPLE = Hue("#6d28d9", "#f5f1ff")


@dataclass(frozen=True)
class Style:
    """How words look."""

    size: int = 14
    colour: str = INK
    weight: int = 400
    anchor: str = "middle"
    font: str = SANS


HEADING = Style(size=22, weight=600, anchor="start")
NAME = Style(size=14, weight=600)
SMALL = Style(size=12, colour=MUTED)
BESIDE = replace(SMALL, anchor="start")
CODE = Style(size=13, anchor="start", font=MONO)


def text(at: Point, words: str, style: Style) -> str:
    """Return a line of words, its base line at the point."""
    return (
        f'<text x="{at[0]:g}" y="{at[1]:g}" font-family="{style.font}" font-size="{style.size}" '
        f'fill="{style.colour}" font-weight="{style.weight}" text-anchor="{style.anchor}" '
        f'xml:space="preserve">{escape(words)}</text>'
    )


def box(rect: Rect, edge: str = LINE, fill: str = PAPER, dashes: str = "none") -> str:
    """Return a box with round corners."""
    x, y, width, height = rect
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10" fill="{fill}" '
        f'stroke="{edge}" stroke-width="1.5" stroke-dasharray="{dashes}"/>'
    )


def card(rect: Rect, hue: Hue, name: str, *lines: str) -> str:
    """Return a box with a name and muted lines below it, all in its middle."""
    x = rect.x + rect.width / 2
    y = rect.y + rect.height / 2 - len(lines) * 9 + 5
    below = [text((x, y + 19 * row), line, SMALL) for row, line in enumerate(lines, start=1)]
    return "\n".join([box(rect, edge=hue.strong), text((x, y), name, NAME), *below])


def group(rect: Rect, hue: Hue, name: str) -> str:
    """Return a tinted box with its name in the upper left corner."""
    style = Style(size=15, colour=hue.strong, weight=600, anchor="start")
    ground = box(rect, edge=hue.strong, fill=hue.pale)
    return "\n".join([ground, text((rect.x + 18, rect.y + 28), name, style)])


def arrow(hue: Hue, *points: Point, dashes: str = "none") -> str:
    """Return a line along the points, with a head at its end."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{hue.strong}" stroke-width="1.8" '
        f'stroke-dasharray="{dashes}" stroke-linejoin="round" marker-end="url(#{_head(hue)})"/>'
    )


def _head(hue: Hue) -> str:
    return f"head-{hue.strong[1:]}"


def heads(hues: Sequence[Hue] = (BLUE, ORANGE, GREEN, PURPLE)) -> str:
    """Return the arrows' heads, one for each hue."""
    return "".join(
        f'<marker id="{_head(hue)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="{hue.strong}"/>'
        "</marker>"
        for hue in hues
    )


def your_side() -> list[str]:
    """Return the left column: the stack and those who use what it makes."""
    template = (
        "MLflow:",
        "  Type: Custom::MLflow",
        "  Properties:",
        "    ServiceToken: …",
        "    VpcId: vpc-1",
        "    SubnetIds: [a, b]",
    )
    return [
        group(Rect(40, 90, 270, 214), BLUE, "Your stack"),
        box(Rect(58, 134, 234, 152)),
        *[text((72, 160 + 22 * row), line, CODE) for row, line in enumerate(template)],
        arrow(BLUE, (175, 304), (175, 350)),
        card(Rect(58, 352, 234, 70), BLUE, "CloudFormation", "create, update, roll back, delete"),
        group(Rect(40, 520, 270, 130), GREEN, "Your people and programs"),
        card(Rect(58, 564, 234, 66), GREEN, "MLflow client, browser", "runs, models, artifacts"),
    ]


def provider() -> list[str]:
    """Return the middle column: the functions behind the types."""
    return [
        group(Rect(390, 90, 332, 560), ORANGE, "The provider, once per Region"),
        card(
            Rect(410, 134, 292, 76), ORANGE, "Custom::MLflow", "the parts joined; each a type too"
        ),
        arrow(ORANGE, (480, 210), (480, 244)),
        arrow(ORANGE, (632, 210), (632, 244)),
        card(Rect(410, 246, 140, 60), ORANGE, "MLflowBucket", "artifacts"),
        card(Rect(562, 246, 140, 60), ORANGE, "MLflowDatabase", "Aurora, logins"),
        card(Rect(410, 322, 140, 60), ORANGE, "MLflowService", "Fargate, listener"),
        card(Rect(562, 322, 140, 60), ORANGE, "MLflowSchema", "only reads"),
        arrow(ORANGE, (480, 382), (480, 416)),
        arrow(ORANGE, (632, 382), (632, 416)),
        card(
            Rect(410, 418, 292, 78),
            ORANGE,
            "converge",
            "read; then make, change or wait",
            "names and tags are the only state",
        ),
        arrow(ORANGE, (474, 496), (474, 558), dashes="5 4"),
        text((484, 532), "died for good", BESIDE),
        card(Rect(410, 560, 128, 70), ORANGE, "dead letters", "encrypted queue"),
        arrow(ORANGE, (538, 604), (572, 604)),
        card(Rect(574, 578, 128, 52), ORANGE, "LastWord", "answers FAILED"),
        card(Rect(574, 512, 128, 52), ORANGE, "Rotation", "new passwords"),
    ]


def made() -> list[str]:
    """Return the right column: what stands in the user's account in the end."""
    return [
        group(Rect(810, 90, 430, 396), GREEN, "Your VPC"),
        card(
            Rect(830, 134, 390, 66),
            GREEN,
            "Application Load Balancer",
            "internal by default; its name is the TrackingUri",
        ),
        box(Rect(830, 220, 190, 248), edge=GREEN.strong, fill="none", dashes="6 5"),
        box(Rect(1030, 220, 190, 248), edge=GREEN.strong, fill="none", dashes="6 5"),
        text((842, 241), "zone a", BESIDE),
        text((1042, 241), "zone b", BESIDE),
        arrow(GREEN, (925, 200), (925, 252)),
        arrow(GREEN, (1125, 200), (1125, 252)),
        card(Rect(846, 254, 158, 66), GREEN, "MLflow task", "Fargate"),
        card(Rect(1046, 254, 158, 66), GREEN, "MLflow task", "Fargate"),
        arrow(GREEN, (925, 320), (925, 382)),
        arrow(GREEN, (1125, 320), (1125, 352), (942, 352), (942, 382)),
        card(Rect(846, 384, 158, 66), GREEN, "Aurora writer", "Serverless v2, TLS"),
        card(Rect(1046, 384, 158, 66), GREEN, "Aurora reader", "Serverless v2, TLS"),
        *beside_vpc(),
    ]


def beside_vpc() -> list[str]:
    """Return what MLflow uses outside of the VPC."""
    return [
        arrow(PURPLE, (876, 486), (876, 558)),
        arrow(PURPLE, (1025, 486), (1025, 558)),
        arrow(PURPLE, (1174, 486), (1174, 558)),
        text((886, 528), "artifacts", BESIDE),
        text((1035, 528), "logins", BESIDE),
        text((1184, 528), "output", BESIDE),
        card(Rect(810, 560, 132, 66), PURPLE, "Bucket", "versioned, private"),
        card(Rect(959, 560, 132, 66), PURPLE, "Secrets", "made, never shown"),
        card(Rect(1108, 560, 132, 66), PURPLE, "Log group", "kept 90 days"),
    ]


def between() -> list[str]:
    """Return what joins the columns."""
    return [
        arrow(BLUE, (292, 376), (336, 376), (336, 160), (408, 160)),
        text((330, 340), "request", replace(SMALL, anchor="end", colour=BLUE.strong)),
        arrow(ORANGE, (410, 184), (364, 184), (364, 402), (294, 402)),
        text((330, 424), "answer", replace(SMALL, colour=ORANGE.strong)),
        arrow(ORANGE, (702, 457), (766, 457), (766, 300), (808, 300)),
        text((766, 290), "makes", replace(SMALL, colour=ORANGE.strong)),
        arrow(GREEN, (292, 597), (350, 597), (350, 672), (1260, 672), (1260, 167), (1222, 167)),
        text((806, 664), "HTTP to the TrackingUri", SMALL),
    ]


def drawing() -> str:
    """Return the whole picture as SVG, on a ground of its own for light and dark pages."""
    label = "From a CloudFormation stack, by the provider's functions, to an MLflow"
    shapes = [
        box(Rect(4, 4, WIDTH - 8, HEIGHT - 8), edge="#e2e8f0"),
        text((40, 54), "One resource in a stack becomes an MLflow", HEADING),
        *your_side(),
        *provider(),
        *made(),
        *between(),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(label)}">',
            f"<defs>{heads()}</defs>",
            *shapes,
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    TARGET.write_text(drawing())
