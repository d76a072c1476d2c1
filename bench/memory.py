"""What the local AWS's own process takes, however long it is used.

python -m bench.memory [MINUTES]    (60 unless told)

One local AWS with the provider; stack after stack is made, used by a real client, changed,
searched for passwords and deleted, as the tests do it. The process is looked at after each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import noted
from demo.__main__ import Demo
from demo.report import Report
from local.aws import LocalAws

BUDGET_MEGABYTES = 600
MINUTES = 60.0
HOUR = "memory of a local AWS after an hour of stacks"
STEPS = 6
"""Of one stack's life, as the demo shows it."""
EMULATOR = b"local.emulator.main"


def of_every_local_aws() -> Iterator[float]:
    """Yield the most that each local AWS of this machine has held in memory, in megabytes."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if EMULATOR in (process / "cmdline").read_bytes().split(b"\0"):
                yield _peak(process)
        except (OSError, IndexError):
            continue  # it has ended meanwhile


def main() -> int:
    """Use one local AWS for so many minutes; print and note the most that it took."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    peak = 0.0
    with LocalAws() as aws:
        aws.deploy_provider()
        began, rounds = time.monotonic(), 0
        while time.monotonic() - began < minutes * 60:
            _one_life(aws)
            rounds += 1
            peak = _peak(Path(f"/proc/{aws.pid}"))
            told = f"{rounds} stacks in {(time.monotonic() - began) / 60:.0f} minutes"
            print(f"{told}: {peak:.0f} MB at most", flush=True)
    if minutes >= MINUTES:
        noted.note(noted.NOW, {HOUR: peak})
    return 1 if peak > BUDGET_MEGABYTES else 0


def _one_life(aws: LocalAws) -> None:
    demo = Demo(aws, Report(steps=STEPS))
    demo.create()
    demo.use()
    demo.change()
    demo.search()
    demo.delete()


def _peak(process: Path) -> float:
    status = (process / "status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
