"""Which commands of a container are a Python program, and how one runs in a process that is there.

`python -c code`, `python -m module`, and a program of the image whose first lines name the image's
interpreter, such as `mlflow`.
"""

import linecache
import os
import runpy
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

_HEAVY = ("mlflow", "uvicorn", "gunicorn", "multiprocessing.spawn")
"""Words of commands that import MLflow; others start from nothing as fast."""

_SHELL = "#!/bin/sh"

TEXT = "<string>"
"""The name of the file that the text of `python -c` counts as."""


def is_warm(argv: Sequence[str], python: str) -> bool:
    """Tell whether the command runs on `python`, without options, and imports MLflow."""
    if len(argv) < 2:
        return False
    if argv[0] == python:
        told = argv[1] in ("-c", "-m") and len(argv) > 2
        return told and any(word in argv[2] for word in _HEAVY)
    return Path(argv[0]).name in _HEAVY and _interpreter(argv[0]) == python


def is_program(argv: Sequence[str]) -> bool:
    """Tell whether the command is a program that imports MLflow, whatever its interpreter."""
    return bool(argv) and Path(argv[0]).name in _HEAVY


def _interpreter(program: str) -> str:
    """Return what a program's first lines say that it runs on; empty if they do not say it."""
    try:
        with Path(program).open("rb") as opened:
            first, second = (os.fsdecode(opened.readline(4096)).strip() for _ in range(2))
    except OSError:
        return ""
    if first == _SHELL:
        return _by_the_shell(second)
    return first.removeprefix("#!").strip() if first.startswith("#!") else ""


def _by_the_shell(line: str) -> str:
    """Return the interpreter of `'''exec' INTERPRETER "$0" "$@"`.

    So uv and pip write it where the kernel would not take it: its path has a space, or is long.
    """
    try:
        words = shlex.split(line)
    except ValueError:
        return ""
    return words[1] if len(words) == 4 and [words[0], *words[2:]] == ["exec", "$0", "$@"] else ""


def shown(argv: Sequence[str], python: str) -> list[str]:
    """Return the command line as the kernel shows it: a script's has its interpreter first."""
    return list(argv) if argv[0] == python else [python, *argv]


def prepare(argv: Sequence[str], python: str) -> None:
    """Set `sys.argv`, `sys.path[0]` and `__main__` as the interpreter does at its start."""
    sys.orig_argv = shown(argv, python)
    words = sys.orig_argv[1:]
    if words[0] in ("-c", "-m"):
        # Of a module it becomes the file's name when the module is found.
        sys.argv = [words[0], *words[2:]]
        first = "" if words[0] == "-c" else str(Path.cwd())
    else:
        sys.argv = list(words)
        first = str(Path(words[0]).resolve().parent)
    sys.path[:0] = [first]
    main = ModuleType("__main__")
    vars(main)["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    if "multiprocessing" in sys.modules:
        # Its own name for it, given when it is imported.
        sys.modules["__mp_main__"] = main


def run(words: Sequence[str]) -> None:
    """Run a prepared command: what follows the interpreter on its command line."""
    if words[0] == "-m":
        run_module = runpy._run_module_as_main  # type: ignore[attr-defined] # what -m calls
        run_module(words[1])
        return
    main = vars(sys.modules["__main__"])
    exec(_code(words, main), main)  # noqa: S102 - to run a program is the task


def _keep_lines(text: str) -> None:
    """Let a traceback show the lines of the text, as it does since Python 3.13."""
    if sys.version_info >= (3, 13):
        lines = [f"{line}\n" for line in text.splitlines()]
        linecache.cache[TEXT] = (len(text), None, lines, TEXT)


def _code(words: Sequence[str], main: dict[str, object]) -> CodeType:
    if words[0] == "-c":
        _keep_lines(words[1])
        return compile(words[1], TEXT, "exec")
    main.update(__file__=words[0], __cached__=None)
    return compile(Path(words[0]).read_bytes(), words[0], "exec")
