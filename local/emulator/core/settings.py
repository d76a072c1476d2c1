"""What the launcher tells the emulator's process."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What local/aws.py writes for this process."""

    state: Path
    runtimes: Path
    port: int
    owned: bool
    """Whether the other end of standard input belongs to an owner to die with."""
    retry_seconds: tuple[float, ...]

    @classmethod
    def read(cls, file: Path) -> "Settings":
        """Read the settings from `file`."""
        raw = json.loads(file.read_text())
        return cls(
            Path(raw["state"]),
            Path(raw["runtimes"]),
            raw["port"],
            raw["owned"],
            tuple(raw["retry_seconds"]),
        )
