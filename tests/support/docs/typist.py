"""Whoever follows the docs at a terminal: types a command as it stands, with either AWS CLI."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import environments
from local.aws import LocalAws
from local.env_file import exports
from tests.support.docs.doc_commands import ROOT, Step, filled
from tests.support.tools.environments import aws_cli_1

SECONDS_TO_FOLLOW = 120

_DATE = re.compile(r"\d{4}-\d\d-\d\dT[^\"]+")
_HAS_SKELETON = re.compile(r"aws (?!cloudformation deploy|lambda invoke|\w+ wait)")
"""Only a command of an API can be asked for its answer's shape, and not each of them."""


def aws_cli_2() -> Path | None:
    """Return version 2 of the AWS CLI, if this machine has it, wherever in the PATH."""
    for folder in os.environ["PATH"].split(os.pathsep):
        program = Path(folder) / "aws"
        if os.access(program, os.X_OK) and "aws-cli/2" in _version(program):
            return program
    return None


def _version(program: Path) -> str:
    asked = subprocess.run(  # noqa: S603 - the user's own AWS CLI
        [program, "--version"], capture_output=True, text=True, check=False
    )
    return asked.stdout + asked.stderr


class Typist:
    """A shell in a folder of its own, in which `.local/env` was sourced as the docs say."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        found = aws_cli_2()
        self.programs = {1: aws_cli_1(), **({2: found} if found else {})}
        self.folder = folder
        self.values: dict[str, str] = {}
        """What the words in capitals stand for."""
        (folder / "env").write_text(exports(aws))
        shutil.copytree(ROOT / "examples", folder / "examples")
        (folder / ".local").mkdir()
        (folder / ".local" / "environments").symlink_to(environments.ENVIRONMENTS)
        for version, program in self.programs.items():
            (folder / f"bin{version}").mkdir()
            (folder / f"bin{version}" / "aws").symlink_to(program)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions of the AWS CLI that are here."""
        return tuple(self.programs)

    def type(self, step: Step, version: int = 1, *, answers: str = "") -> str:
        """Type a command to its end, and give what it printed. It must succeed."""
        ended = subprocess.run(  # noqa: S603 - what the docs show
            self._shell(filled(step.command().text, self.values)),
            cwd=self.folder,
            env=self._env(version),
            input=answers,
            capture_output=True,
            text=True,
            check=False,
        )
        said = ended.stdout + ended.stderr
        assert ended.returncode == 0, f"version {version} of the AWS CLI: {step}\n{said}"
        return ended.stdout

    def type_by_all(self, step: Step) -> str:
        """Type a command that changes nothing with each version; all must say the same.

        They write dates in ways of their own.
        """
        said = [self.type(step, version) for version in self.versions]
        assert len({_DATE.sub("a date", text) for text in said}) == 1, said
        return said[-1]

    def type_by_each(self, step: Step) -> None:
        """Type a command that may be repeated, once with each version."""
        for version in self.versions:
            self.type(step, version)

    def type_by_one(self, step: Step) -> str:
        """Type a command that changes something with the newest version.

        The others are held to its options and their values, and send nothing.
        """
        *others, newest = self.versions
        for version in others:
            self._check_options(step, version)
        return self.type(step, newest)

    def follow(self, step: Step, version: int, words: str) -> None:
        """Type a command that does not end by itself, and end it when it has said the words."""
        command = self._shell(filled(step.command().text, self.values))
        with self._running(command, version) as process:
            said = ""
            for line in process.stdout or ():
                said += line
                if words in line:
                    return
            raise AssertionError(f"{step} ended, or said nothing of {words!r}:\n{said}")

    @contextmanager
    def _running(self, command: list[str], version: int) -> Iterator[subprocess.Popen[str]]:
        timed = ["timeout", str(SECONDS_TO_FOLLOW), *command]
        with subprocess.Popen(  # noqa: S603 - what the docs show
            timed,
            cwd=self.folder,
            env=self._env(version),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                os.killpg(process.pid, signal.SIGKILL)

    def _check_options(self, step: Step, version: int) -> None:
        text = filled(step.command().text, self.values)
        if not _HAS_SKELETON.match(text):
            return
        asked = subprocess.run(  # noqa: S603 - what the docs show
            self._shell(f"{text.split(' > ')[0]} --generate-cli-skeleton output"),
            cwd=self.folder,
            env=self._env(version),
            capture_output=True,
            text=True,
            check=False,
        )
        assert asked.returncode == 0, f"version {version} of the AWS CLI: {asked.stderr}"

    def _shell(self, text: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", f"source ./env\n{text}"]

    def _env(self, version: int) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        sam = environments.sam().parent
        path = os.pathsep.join([str(self.folder / f"bin{version}"), own["PATH"], str(sam)])
        settings = {"HOME": str(self.folder), "SAM_CLI_TELEMETRY": "0", "AWS_PAGER": ""}
        return {**own, **settings, "PATH": path}
