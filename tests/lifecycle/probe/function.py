"""The function of the probe: notes the event, then does what the properties tell it to.

`Do` (for any request) or `On<Create|Update|Delete>` is a list of words separated by blanks:
  id=X         answers with this physical id (`id=` with an empty one)
  sleep=S      sleeps so many seconds
  raise        raises an exception
  die          kills its own process
  silent       ends without an answer
  fail         answers FAILED
  data=N       answers with so many bytes of data
  until=N      does the other words only up to the Nth invocation for this request, then none
"""

import json
import os
import signal
import time
import urllib.error
import urllib.request


def words(event):
    properties = event["ResourceProperties"]
    text = properties.get("On" + event["RequestType"], properties.get("Do", ""))
    return dict((word.partition("=")[::2]) for word in text.split())


def note(event, context):
    line = {
        "event": event,
        "aws_request_id": context.aws_request_id,
        "pid": os.getpid(),
        "remaining": context.get_remaining_time_in_millis(),
        "env": dict(os.environ),
        "executable": __import__("sys").executable,
    }
    with open(os.environ["SEEN"], "a") as seen:
        seen.write(json.dumps(line) + "\n")
    with open(os.environ["SEEN"]) as seen:
        lines = [json.loads(line) for line in seen]
    return sum(1 for line in lines if line["event"]["RequestId"] == event["RequestId"])


def put(event, answer):
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status


def handler(event, context):
    times = note(event, context)
    todo = words(event)
    if "until" in todo and times > int(todo["until"]):
        todo = {}
    time.sleep(float(todo.get("sleep", 0)))
    if "raise" in todo:
        raise ValueError("told to raise")
    if "die" in todo:
        os.kill(os.getpid(), signal.SIGKILL)
    if "silent" in todo:
        return
    default = event.get("PhysicalResourceId", "probe-" + event["LogicalResourceId"])
    put(
        event,
        {
            "Status": "FAILED" if "fail" in todo else "SUCCESS",
            "Reason": "told to fail",
            "PhysicalResourceId": todo.get("id", default),
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "Data": {"Filler": "x" * int(todo.get("data", 0)), "Flag": True},
        },
    )
