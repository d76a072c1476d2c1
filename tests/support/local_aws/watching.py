"""The command that watches, run beside what a test does with a stack, its output in a pipe."""

from __future__ import annotations

import os
import subprocess
import sys

from local.aws import LocalAws
from local.environments import ROOT

SECONDS = 300


class Watching:
    """One run of the command, from the next operation of the stack to its end."""

    def __init__(self, aws: LocalAws, stack: str, *options: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "cfn_mlflow_watch", stack, "--wait-for-start", *options],
            cwd=ROOT,
            env={**os.environ, **aws.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # It says that it waits: what begins from now on is seen.
        assert self._process.stdout is not None
        self._first = self._process.stdout.readline()

    def end(self) -> tuple[int, list[str]]:
        """Return the exit status and the lines, once it has ended by itself."""
        try:
            said, _ = self._process.communicate(timeout=SECONDS)
        finally:
            self._process.kill()
        return self._process.returncode, [self._first.rstrip("\n"), *said.splitlines()]
