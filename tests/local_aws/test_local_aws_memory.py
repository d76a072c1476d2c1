"""What CloudWatch Logs keeps in the local AWS's own process stays small, however much is logged."""

import json
import subprocess
from typing import Any

from local import environments
from local.environments import ROOT

LOGS_FOR_LONG = """
import json, os, time
from pathlib import Path
os.environ["PERSIST_STATE"] = "0"
from ministack.services import cloudwatch_logs
from local.emulator.logs import storage

def megabytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024

def put(stream, count, **more):
    for number in range(count // 20):
        now = int(time.time() * 1000)
        messages = [f"{stream} {number * 20 + one:08} ".ljust(200, "x") for one in range(20)]
        cloudwatch_logs._put_log_events({
            "logGroupName": "group", "logStreamName": stream,
            "logEvents": [{"timestamp": now, "message": message} for message in messages]})

storage.install()
cloudwatch_logs._create_log_group({"logGroupName": "group"})
for stream in ("first", "second"):
    cloudwatch_logs._create_log_stream({"logGroupName": "group", "logStreamName": stream})
put("first", 1000)
before = megabytes()
put("second", 400_000)
put("first", 1000)
streams = cloudwatch_logs._log_groups["group"]["streams"]
print(json.dumps({
    "grown": megabytes() - before,
    "records": len(cloudwatch_logs._log_records),
    **{name: [len(one["events"]), one["events"][-1]["message"].strip("x")]
       for name, one in streams.items()}}))
"""
SLACK_MEGABYTES = 200
"""400,000 events take 400 MB where all are kept, 100 MB where the newest 100,000 are."""


def test_the_oldest_log_events_of_all_groups_are_forgotten_before_they_fill_memory() -> None:
    done = subprocess.run(  # noqa: S603 - the emulator's own interpreter
        [str(environments.emulator()), "-c", LOGS_FOR_LONG],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    kept: dict[str, Any] = json.loads(done.stdout)
    assert kept["grown"] < SLACK_MEGABYTES
    # The first thousand are gone; the last thousand and nearly all of the bound are there.
    assert kept["first"] == [1000, "first 00000999 "]
    assert 89_000 <= kept["second"][0] <= 99_000
    assert kept["second"][1] == "second 00399999 "
    assert kept["records"] == kept["first"][0] + kept["second"][0]
