"""What a user types after `sam`, as README has it, in a copy of the project's tracked files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local import environments
from local.aws import LocalAws
from local.environments import ROOT, to_terminal
from local.install.tools import TOOLS, Tools

ASKED = re.compile(rb"\[[^\]\n]*\]:\s*$")
"""How a question of sam ends; its default stands in the brackets."""

NOT_TO_BE_SAVED = {"Save arguments to configuration file": "n"}
"""The one answer that README asks for; Enter is every other."""


@dataclass(frozen=True)
class Checkout:
    """A copy of the project, as `git clone` gives it."""

    folder: Path
    aws: LocalAws

    @classmethod
    def make(cls, folder: Path, aws: LocalAws) -> Checkout:
        """Copy every tracked file."""
        listed = subprocess.run(
            ["git", "ls-files", "-z"],  # noqa: S607 - git is where the machine has it
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in listed.split("\0"):
            if name and (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)
        return cls(folder, aws)

    def files(self) -> dict[str, bytes]:
        """Return every file but those in folders that git ignores."""
        ignored = {line.strip("/") for line in (self.folder / ".gitignore").read_text().split()}
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not ignored & set(path.relative_to(self.folder).parts)
        }

    def sam(self, words: str, answers: Mapping[str, str]) -> tuple[int, str]:
        """Run `sam` with these words, Enter at every question without an answer of its own."""
        home = ROOT / ".local" / "sam"
        home.mkdir(parents=True, exist_ok=True)
        running = subprocess.Popen(  # noqa: S603 - the words are the test's own
            [str(environments.sam()), "-m", "samcli", *words.split()],
            cwd=self.folder,
            env={
                **os.environ,
                **Tools(to_terminal).uv_environment(),
                **self.aws.env,
                "PATH": f"{TOOLS / 'bin'}:/usr/bin:/bin",
                "PYTHONUNBUFFERED": "1",
                "SAM_CLI_TELEMETRY": "0",
                "SAM_CLI_POLL_DELAY": "1",
                "__SAM_CLI_APP_DIR": str(home),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert running.stdin is not None
        assert running.stdout is not None
        said, answered = bytearray(), 0
        while piece := os.read(running.stdout.fileno(), 4096):
            said += piece
            question = bytes(said[answered:]).rpartition(b"\n")[2]
            if ASKED.search(question):  # once: what follows the colon may come by itself
                answered = len(said)
                words = question.decode(errors="replace")
                answer = next((a for word, a in answers.items() if word in words), "")
                running.stdin.write(f"{answer}\n".encode())
                running.stdin.flush()
        return running.wait(), said.decode(errors="replace")
