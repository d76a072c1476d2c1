"""A wheel of a package named tiny, and a folder that is all that pip and uv may install from."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

_METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(folder: Path, code: str) -> str:
    """Write a wheel of a package named tiny and return its lock line; same code, same hash.

    Its program `tiny` says what `tiny.main` does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    parts = {
        "tiny.py": f"{code}\ndef main(): print(WORD)\n",
        f"{info}/METADATA": _METADATA,
        f"{info}/WHEEL": _WHEEL,
        f"{info}/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    record = f"{info}/RECORD"
    parts[record] = "".join(f"{name},,\n" for name in (*parts, record))
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"tiny==1.0 --hash=sha256:{digest}\n"


def install_from(folder: Path, cache: Path, patched: pytest.MonkeyPatch) -> None:
    """Let pip and uv install from `folder` alone."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        patched.delenv(name)
    patched.setenv("PIP_CONFIG_FILE", os.devnull)
    patched.setenv("PIP_NO_INDEX", "1")
    patched.setenv("PIP_FIND_LINKS", str(folder))
    patched.setenv("UV_CACHE_DIR", str(cache))
