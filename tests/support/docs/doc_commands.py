"""The commands of README and docs, as they stand there: what a reader would type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGES = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))

_TOOLS = ("aws", "sam")
_TYPED = re.compile(r"^(?:for |echo |rm |cd |(?:aws|sam) |[A-Z_]+=\S+ )")
_ASSIGNED = re.compile(r"\b[A-Z_]+(?==)")


@dataclass(frozen=True)
class Command:
    """One command of a page, with the lines that it goes on in."""

    page: str
    text: str

    @property
    def asks_aws(self) -> bool:
        """Whether it runs one of the tools that ask AWS."""
        return bool(re.search(rf"(?:^|\$\(|\| )(?:{'|'.join(_TOOLS)}) ", self.text, re.MULTILINE))


@dataclass(frozen=True)
class Step:
    """A command by its page and by how it begins; `nth` of those that begin so."""

    page: str
    start: str
    nth: int = 1

    def command(self) -> Command:
        """Return the command, which must be on its page."""
        found = [one for one in commands(self.page) if one.text.startswith(self.start)]
        assert len(found) >= self.nth, f"{self.page} shows no {self.start!r} number {self.nth}"
        return found[self.nth - 1]


def commands(page: str) -> list[Command]:
    """Return the commands that a page shows in its blocks, in their order."""
    return [Command(page, text) for text in _commands(_blocks((ROOT / page).read_text()))]


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a command with its words in capitals filled in; none may be left."""
    for name, value in values.items():
        text = re.sub(rf"\b{name}\b", lambda _, value=value: value, text)  # type: ignore[misc] # a default binds the value
    bare = _ASSIGNED.sub("", re.sub(r"'[^']*'|\"[^\"]*\"", "", text))
    left = re.findall(r"\b[A-Z][A-Z_]{2,}\b", bare)
    assert not left, f"nobody says what {left} stands for in: {text}"
    return text


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines of each indented block, outside of fenced ones."""
    block: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        fenced ^= line.startswith("```")
        if line.startswith("    ") and not fenced:
            block.append(line[4:])
        elif block:
            yield block
            block = []


def _commands(blocks: Iterator[list[str]]) -> Iterator[str]:
    for block in blocks:
        lines = iter(block)
        for line in lines:
            if not _TYPED.match(line):
                continue
            command = [line]
            while command[-1].endswith("\\"):
                command.append(next(lines))
            while command[0].startswith("for ") and command[-1] != "done":
                command.append(next(lines))
            yield "\n".join(command)
